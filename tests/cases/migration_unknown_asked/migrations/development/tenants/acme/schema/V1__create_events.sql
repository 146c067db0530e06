CREATE TABLE events (id UInt64, at DateTime) ENGINE = MergeTree ORDER BY id;
INSERT INTO events (id) VALUES (1), (2);
