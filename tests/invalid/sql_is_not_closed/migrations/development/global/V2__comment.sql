SELECT 1;
/* to be removed
CREATE TABLE ops.other (id UInt64) ENGINE = MergeTree ORDER BY id;
