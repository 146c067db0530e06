CREATE TABLE ${databse}.events (id UInt64) ENGINE = MergeTree ORDER BY id;
