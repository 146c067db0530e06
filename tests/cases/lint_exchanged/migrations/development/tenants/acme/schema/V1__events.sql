CREATE TABLE events_new (id UInt64, kind String) ENGINE = MergeTree ORDER BY (kind, id);
EXCHANGE TABLES events AND events_new;
DROP TABLE events_new SYNC;
