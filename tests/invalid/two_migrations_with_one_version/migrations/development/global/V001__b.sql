CREATE TABLE ops.t_V001__b (id UInt64) ENGINE = MergeTree ORDER BY id;
