CREATE TABLE events (id UInt64, at DateTime) ENGINE = MergeTree ORDER BY id;
ALTER TABLE events ADD COLUMN kind String;
