CREATE TABLE events (id UInt64, at DateTime) ENGINE = MergeTree ORDER BY id;
INSERT INTO events (id) SELECT number FROM numbers(1000000);
