-- Unqualified names are the tenant's own: its migrations run in its database, logged in as its user.
CREATE TABLE events
(
    id UInt64,
    at DateTime DEFAULT now(),
    kind LowCardinality(String),
    payload String
)
ENGINE = MergeTree
ORDER BY (kind, id);

INSERT INTO events (id, kind, payload) VALUES (1, 'signup', 'first; row'), (2, 'login', 'second -- row');
