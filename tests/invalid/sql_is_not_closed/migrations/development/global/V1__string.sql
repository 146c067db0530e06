CREATE TABLE ops.events (id UInt64, note String DEFAULT 'it''s) ENGINE = MergeTree ORDER BY id;
