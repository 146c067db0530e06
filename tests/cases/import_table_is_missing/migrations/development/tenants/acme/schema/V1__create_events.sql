CREATE TABLE events (id UInt64, at DateTime, kind String) ENGINE = MergeTree ORDER BY id;
