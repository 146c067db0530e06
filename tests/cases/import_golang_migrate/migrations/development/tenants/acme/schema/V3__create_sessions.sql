CREATE TABLE sessions (id UInt64) ENGINE = MergeTree ORDER BY id;
