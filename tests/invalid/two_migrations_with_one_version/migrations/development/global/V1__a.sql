CREATE TABLE ops.t_V1__a (id UInt64) ENGINE = MergeTree ORDER BY id;
