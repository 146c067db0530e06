CREATE TABLE events (id UInt64, region LowCardinality(String)) ENGINE = MergeTree ORDER BY id;
