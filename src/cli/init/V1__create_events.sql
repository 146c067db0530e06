CREATE TABLE events
(
    id   UInt64,
    at   DateTime DEFAULT now(),
    kind LowCardinality(String)
)
ENGINE = MergeTree
ORDER BY (at, id);
