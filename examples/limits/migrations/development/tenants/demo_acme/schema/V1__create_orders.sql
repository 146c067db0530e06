CREATE TABLE orders (id UInt64) ENGINE = MergeTree ORDER BY id;
