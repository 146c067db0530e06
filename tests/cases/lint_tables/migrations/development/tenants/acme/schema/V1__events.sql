CREATE TABLE a (id UInt64) ENGINE = MergeTree ORDER BY tuple();
CREATE TABLE b (k Nullable(String), at DateTime) ENGINE = MergeTree PARTITION BY toStartOfHour(at) ORDER BY k;
CREATE TABLE c (id LowCardinality(UUID)) ENGINE = Memory SETTINGS allow_suspicious_low_cardinality_types = 1;
ALTER TABLE events ADD INDEX i id TYPE minmax, ADD COLUMN n String DEFAULT dictGet('d', 'n', id);
