CREATE TABLE ops.more (id UInt64 ENGINE = MergeTree ORDER BY id;
