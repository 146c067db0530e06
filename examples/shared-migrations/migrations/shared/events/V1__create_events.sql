CREATE TABLE events
(
    id UInt64,
    at DateTime DEFAULT now(),
    kind LowCardinality(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'events of ${charter.tenant}';

INSERT INTO events (id, kind) VALUES (1, 'first'), (2, 'second');
