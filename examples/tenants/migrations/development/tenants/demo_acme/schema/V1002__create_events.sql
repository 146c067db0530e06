-- Unqualified names are the tenant's own: its files run in its database, logged in as its user.
CREATE TABLE events
(
    id UInt64,
    at DateTime DEFAULT now(),
    kind LowCardinality(String)
)
ENGINE = MergeTree
ORDER BY (kind, id);
