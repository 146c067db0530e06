CREATE TABLE more (id UInt64) ENGINE = MergeTree ORDER BY id;
