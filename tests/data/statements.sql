-- Statements of every kind that charter tells apart. The line `is:` before each says what
-- it is taken for; see `src/migrate/analyze/tests.rs`. All of them are made up.

-- Tables ---------------------------------------------------------------------------------------

-- is: Create Loud, +events Table
CREATE TABLE events
(
    id UInt64,
    ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)), -- when; not where
    tags Map(LowCardinality(String), String),
    note String DEFAULT 'it''s; "fine"' COMMENT 'a;b -- c # d',
    day Date MATERIALIZED toDate(ts),
    INDEX by_note note TYPE tokenbf_v1(1024, 3, 0) GRANULARITY 4,
    PROJECTION by_day (SELECT day, count() GROUP BY day),
    CONSTRAINT positive CHECK id > 0
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (id, ts)
TTL toDateTime(ts) + INTERVAL 1 YEAR
SETTINGS index_granularity = 8192;

-- is: Create Idempotent, +d.events Table, if-not-exists
CREATE TABLE IF NOT EXISTS d.events (id UInt64) ENGINE = ReplacingMergeTree(id) ORDER BY id;

-- is: Create Loud, +d.a;b`c Table, on-cluster
CREATE TABLE d.`a;b\`c` ON CLUSTER '{cluster}' (x Int8) ENGINE = Log;

-- is: Create Silent, +t Table, or-replace
CREATE OR REPLACE TABLE t (x Int8) ENGINE = Memory;

-- is: Create Silent, +d.t Table, or-replace
REPLACE TABLE d.t (x Int8) ENGINE = Memory;

-- is: Create Loud, +copy Table, < d.original Table
CREATE TABLE copy AS d.original;

-- is: Create Loud, +copy Table, < original Table
CREATE TABLE copy AS original ENGINE = MergeTree ORDER BY x;

-- since: 25.8
-- is: Create Loud, +copy Table, < original Table, fills
CREATE TABLE copy CLONE AS original;

-- is: Create Loud, +numbers Table
CREATE TABLE numbers AS numbers(10);

-- is: Create Loud, +daily Table, < d.events Table, < other Table, fills
CREATE TABLE daily ENGINE = MergeTree ORDER BY day AS SELECT day, count() AS n FROM d.events AS e LEFT JOIN other USING (id) GROUP BY day;

-- is: Create Silent, +daily Table, < events Table, if-not-exists, fills
CREATE TABLE IF NOT EXISTS daily ENGINE = MergeTree ORDER BY day AS (SELECT day FROM events);

-- is: Create Loud, +daily Table, < events Table
CREATE TABLE daily ENGINE = MergeTree ORDER BY day EMPTY AS SELECT day FROM events;

-- is: Create Loud, +d.dist Table
CREATE TABLE d.dist (x Int8) ENGINE = Distributed('{cluster}', 'd', 'local', rand());

-- is: Create Silent, +scratch Table, temporary
CREATE TEMPORARY TABLE scratch (x Int8);

-- is: Create Loud, +replicated Table
CREATE TABLE replicated UUID '61f0c404-5cb3-11e7-907b-a6006ad3dba0' (x Int8) ENGINE = ReplicatedMergeTree('/clickhouse/{uuid}/{shard}', '{replica}') ORDER BY x;

-- Views ----------------------------------------------------------------------------------------

-- is: Create Loud, +recent View, < events Table
CREATE VIEW recent AS SELECT * FROM events WHERE ts > now() - INTERVAL 1 DAY;

-- is: Create Idempotent, +d.recent View, < a Table, < d.b Table, or-replace
CREATE OR REPLACE VIEW d.recent AS WITH x AS (SELECT 1 FROM a), y AS (SELECT 2 FROM x) SELECT * FROM x, d.b AS z JOIN y ON 1 = 1;

-- is: Create Loud, +by_tenant View, < events Table
CREATE VIEW by_tenant DEFINER = CURRENT_USER SQL SECURITY DEFINER AS SELECT * FROM events WHERE tenant = {tenant:String};

-- is: Create Loud, +odd View, < a Table, < b Table
CREATE VIEW odd AS SELECT extract(year FROM day), x IS NOT DISTINCT FROM y, trim(BOTH ' ' FROM z) FROM a FINAL ARRAY JOIN arr WHERE x IN (SELECT x FROM b);

-- is: Create Loud, +union_all View, < a Table, < b Table
CREATE VIEW union_all AS (SELECT * FROM a) UNION ALL (SELECT * FROM b);

-- is: Create Loud, +remote_view View
CREATE VIEW remote_view AS SELECT * FROM s3('https://example.com/x.csv', 'CSV') FORMAT Null;

-- is: Create Loud, +d.mv MaterializedView, > d.daily Table, < d.events Table
CREATE MATERIALIZED VIEW d.mv TO d.daily AS SELECT day, count() AS n FROM d.events GROUP BY day;

-- is: Create Idempotent, +mv MaterializedView, > target Table, < events Table, if-not-exists, on-cluster
CREATE MATERIALIZED VIEW IF NOT EXISTS mv ON CLUSTER main TO target (day Date, n UInt64) AS SELECT day, count() AS n FROM events GROUP BY day;

-- is: Create Loud, +mv MaterializedView, < events Table, fills
CREATE MATERIALIZED VIEW mv ENGINE = SummingMergeTree ORDER BY day POPULATE AS SELECT day, count() AS n FROM events GROUP BY day;

-- is: Create Loud, +mv MaterializedView, < events Table
CREATE MATERIALIZED VIEW mv (day Date) ENGINE = MergeTree ORDER BY day AS SELECT day FROM events;

-- is: Create Loud, +hourly MaterializedView, > target Table, < events Table
CREATE MATERIALIZED VIEW hourly REFRESH EVERY 1 HOUR DEPENDS ON other TO target AS SELECT * FROM events;

-- Newer servers have no window views.
-- until: 25.8
-- is: Create Loud, +wv View, > target Table, < events Table
CREATE WINDOW VIEW wv TO target AS SELECT count(id), tumbleStart(w) AS s FROM events GROUP BY tumble(ts, INTERVAL '5' SECOND) AS w;

-- Dictionaries, databases, functions and the like ----------------------------------------------

-- is: Create Loud, +d.names Dictionary, < d.source Table
CREATE DICTIONARY d.names (id UInt64, name String DEFAULT '') PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'source' DB 'd')) LAYOUT(HASHED()) LIFETIME(MIN 0 MAX 300);

-- is: Create Idempotent, +names Dictionary, < d.s Table, or-replace
CREATE OR REPLACE DICTIONARY names (id UInt64, name String) PRIMARY KEY id SOURCE(CLICKHOUSE(QUERY 'SELECT id, name FROM d.s')) LAYOUT(FLAT()) LIFETIME(60);

-- is: Create Idempotent, +names Dictionary, if-not-exists
CREATE DICTIONARY IF NOT EXISTS names (id UInt64) PRIMARY KEY id SOURCE(NULL()) LAYOUT(FLAT()) LIFETIME(0);

-- is: Create Loud, +tenant_acme Database
CREATE DATABASE tenant_acme ENGINE = Atomic COMMENT 'made; by hand';

-- is: Create Idempotent, +tenant_acme Database, if-not-exists, on-cluster
CREATE DATABASE IF NOT EXISTS tenant_acme ON CLUSTER main;

-- is: Create Loud, +linear Function
CREATE FUNCTION linear AS (x, k, b) -> k * x + b;

-- is: Create Idempotent, +linear Function, or-replace
CREATE OR REPLACE FUNCTION linear AS x -> x;

-- is: Create Loud, +s3_main Other
CREATE NAMED COLLECTION s3_main AS url = 'https://example.com/' NOT OVERRIDABLE, format = 'CSV';

-- is: Create Loud, ~d.events Table, index
CREATE INDEX by_id ON d.events (id) TYPE minmax GRANULARITY 1;

-- is: Create Idempotent, ~events Table, if-not-exists, index
CREATE INDEX IF NOT EXISTS by_id ON events (id) TYPE set(100);

-- is: Attach Loud, +events Table
ATTACH TABLE events;

-- is: Attach Idempotent, +events Table, if-not-exists
ATTACH TABLE IF NOT EXISTS events FROM '/var/lib/x' (id UInt64) ENGINE = MergeTree ORDER BY id;

-- Access ---------------------------------------------------------------------------------------

-- is: Create Loud, +alice Other, +bob@10.0.0.1 Other, access
CREATE USER alice, 'bob@10.0.0.1' IDENTIFIED WITH no_password HOST IP '10.0.0.0/8' SETTINGS PROFILE 'default';

-- is: Create Idempotent, +reader Other, if-not-exists, on-cluster, access
CREATE ROLE IF NOT EXISTS reader ON CLUSTER main;

-- is: Create Silent, +alice Other, or-replace, access
CREATE USER OR REPLACE alice IDENTIFIED WITH sha256_password BY 'x';

-- is: Create Loud, +own Other, access
CREATE ROW POLICY own ON d.events FOR SELECT USING tenant = currentUser() TO reader;

-- is: Create Loud, +q Other, access
CREATE QUOTA q FOR INTERVAL 1 hour MAX queries = 100 TO reader;

-- is: Create Idempotent, +p Other, if-not-exists, access
CREATE SETTINGS PROFILE IF NOT EXISTS p SETTINGS max_threads = 4 READONLY;

-- since: 25.8
-- is: Alter Silent, ~alice Other, access
ALTER USER alice ADD IDENTIFIED WITH sha256_hash BY 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

-- is: Alter Silent, ~reader Other, if-exists, access
ALTER ROLE IF EXISTS reader RENAME TO viewer;

-- is: Drop Idempotent, -alice Other, -bob Other, if-exists, access
DROP USER IF EXISTS alice, bob;

-- is: Drop Loud, -own Other, access
DROP ROW POLICY own ON d.events;

-- is: Grant Idempotent, access
GRANT SELECT(id, ts), INSERT(id) ON d.events TO reader WITH GRANT OPTION;

-- is: Grant Idempotent, on-cluster, access
GRANT ON CLUSTER main reader TO alice;

-- is: Revoke Idempotent, access
REVOKE ALL ON *.* FROM reader;

-- is: Set Idempotent, access
SET DEFAULT ROLE reader TO alice;

-- Alterations ----------------------------------------------------------------------------------

-- is: Alter Loud, ~events Table
ALTER TABLE events ADD COLUMN source LowCardinality(String) DEFAULT 'web' AFTER id;

-- is: Alter Idempotent, ~d.events Table, on-cluster
ALTER TABLE d.events ON CLUSTER '{cluster}' ADD COLUMN IF NOT EXISTS source String, ADD COLUMN IF NOT EXISTS kind Enum8('a' = 1, 'b, c' = 2);

-- is: Alter Loud, ~events Table, mutation
ALTER TABLE events DROP COLUMN source;

-- is: Alter Idempotent, ~events Table, mutation
ALTER TABLE events DROP COLUMN IF EXISTS source;

-- is: Alter Loud, ~events Table, mutation
ALTER TABLE events RENAME COLUMN source TO origin;

-- is: Alter Silent, ~events Table, mutation
ALTER TABLE events MODIFY COLUMN id UInt128 CODEC(ZSTD);

-- is: Alter Silent, ~events Table, mutation
ALTER TABLE events ALTER COLUMN id TYPE UInt64;

-- is: Alter Loud, ~events Table, mutation
ALTER TABLE events MODIFY COLUMN note REMOVE COMMENT;

-- is: Alter Idempotent, ~events Table
ALTER TABLE events COMMENT COLUMN id 'the; key';

-- is: Alter Idempotent, ~events Table
ALTER TABLE events MODIFY COMMENT $$what's in here; "everything"$$;

-- is: Alter Idempotent, ~events Table
ALTER TABLE events MODIFY SETTING merge_with_ttl_timeout = 3600, ttl_only_drop_parts = 1;

-- is: Alter Idempotent, ~events Table
ALTER TABLE events RESET SETTING merge_with_ttl_timeout, ttl_only_drop_parts;

-- is: Alter Silent, ~events Table, mutation
ALTER TABLE events MODIFY TTL ts + INTERVAL 1 MONTH DELETE, ts + INTERVAL 1 WEEK TO VOLUME 'cold';

-- is: Alter Loud, ~events Table
ALTER TABLE events REMOVE TTL;

-- is: Alter Silent, ~events Table
ALTER TABLE events ADD COLUMN v UInt8, MODIFY ORDER BY (id, ts, v);

-- is: Alter Loud, ~events Table
ALTER TABLE events ADD INDEX IF NOT EXISTS i (id) TYPE bloom_filter(0.01) GRANULARITY 1, ADD CONSTRAINT c CHECK id > 1;

-- is: Alter Silent, ~events Table, mutation
ALTER TABLE events MATERIALIZE INDEX i IN PARTITION '202401';

-- is: Alter Loud, ~events Table
ALTER TABLE events ADD PROJECTION p (SELECT id, count() GROUP BY id);

-- is: Alter Idempotent, ~events Table, mutation
ALTER TABLE events DROP PROJECTION IF EXISTS p;

-- is: Alter Loud, ~events Table
ALTER TABLE events ADD STATISTICS id, ts TYPE TDigest;

-- is: Alter Silent, ~events Table, < blocked Table, mutation
ALTER TABLE events UPDATE note = '', day = day WHERE id IN (SELECT id FROM blocked);

-- is: Alter Silent, ~events Table, mutation
ALTER TABLE events DELETE WHERE ts < '2020-01-01 00:00:00';

-- is: Alter Silent, ~events Table
ALTER TABLE events DROP PARTITION 202401;

-- is: Alter Silent, ~events Table
ALTER TABLE events DETACH PART 'all_1_1_0';

-- is: Alter Silent, ~events Table, < d.staging Table
ALTER TABLE events REPLACE PARTITION 202401 FROM d.staging;

-- is: Alter Silent, ~events Table, > d.archive Table
ALTER TABLE events MOVE PARTITION 202401 TO TABLE d.archive;

-- is: Alter Silent, ~events Table
ALTER TABLE events FREEZE PARTITION 202401 WITH NAME 'before';

-- is: Alter Silent, ~events Table, mutation
ALTER TABLE events APPLY DELETED MASK;

-- is: Alter Idempotent, ~mv Table, < events Table
ALTER TABLE mv MODIFY QUERY SELECT day, count() AS n FROM events GROUP BY day;

-- since: 25.8
-- is: Alter Idempotent, ~d Database
ALTER DATABASE d MODIFY COMMENT 'x';

-- is: Alter Silent, ~s3_main Other
ALTER NAMED COLLECTION s3_main SET url = 'https://example.org/';

-- Removal and renaming -------------------------------------------------------------------------

-- is: Drop Loud, -events Table
DROP TABLE events;

-- is: Drop Idempotent, -d.events Table, -daily Table, if-exists, sync, on-cluster
DROP TABLE IF EXISTS d.events, daily ON CLUSTER main SYNC;

-- is: Drop Loud, -recent View, sync
DROP VIEW recent NO DELAY;

-- is: Drop Idempotent, -names Dictionary, if-exists
DROP DICTIONARY IF EXISTS names;

-- is: Drop Loud, -tenant_acme Database, sync
DROP DATABASE tenant_acme SYNC;

-- is: Drop Loud, -linear Function
DROP FUNCTION linear;

-- is: Drop Loud, -s3_main Other
DROP NAMED COLLECTION s3_main;

-- is: Drop Loud, ~d.events Table, mutation, index
DROP INDEX by_id ON d.events;

-- is: Detach Loud, -events Table, sync
DETACH TABLE events PERMANENTLY SYNC;

-- is: Undrop Loud, +events Table
UNDROP TABLE events;

-- is: Truncate Silent, > events Table, if-exists
TRUNCATE TABLE IF EXISTS events;

-- is: Truncate Silent, > d.events Table
TRUNCATE d.events;

-- is: Truncate Silent, > d Database
TRUNCATE DATABASE d;

-- is: Rename Loud, from a Table, to d.b Table, from c Table, to d Table
RENAME TABLE a TO d.b, c TO d;

-- is: Rename Silent, from a Table, to x Table, from b Table, to a Table, from x Table, to b Table
RENAME TABLE a TO x, b TO a, x TO b;

-- is: Rename Idempotent, from a Table, to b Table, if-exists, on-cluster
RENAME TABLE IF EXISTS a TO b ON CLUSTER main;

-- is: Rename Loud, from a Database, to b Database
RENAME DATABASE a TO b;

-- is: Exchange Silent, from a Table, to d.b Table
EXCHANGE TABLES a AND d.b;

-- is: Exchange Silent, from a Dictionary, to b Dictionary
EXCHANGE DICTIONARIES a AND b;

-- Data -----------------------------------------------------------------------------------------

-- is: Insert Silent, > events Table
INSERT INTO events (id, note) VALUES (1, 'a;b'), (2, 'it''s');

-- charter:settings async_insert=0, insert_deduplication_token='seed; 1'
-- is: Insert Silent, > d.daily Table, < d.events Table
INSERT INTO TABLE d.daily SELECT day, count() FROM d.events GROUP BY day;

-- is: Insert Silent, < events Table
INSERT INTO FUNCTION file('out.csv', 'CSV') SELECT * FROM events;

-- is: Delete Silent, > events Table, < blocked Table, on-cluster, mutation
DELETE FROM events ON CLUSTER main WHERE id IN (SELECT id FROM blocked);

-- since: 25.8
-- is: Update Silent, > events Table
UPDATE events SET note = 'x' WHERE id = 1;

-- is: Optimize Idempotent, > events Table
OPTIMIZE TABLE events PARTITION 202401 FINAL DEDUPLICATE;

-- The rest -------------------------------------------------------------------------------------

-- is: System Silent
SYSTEM RELOAD DICTIONARY d.names;

-- is: System Silent, on-cluster
SYSTEM FLUSH DISTRIBUTED ON CLUSTER main d.dist;

-- is: Kill Silent
KILL MUTATION WHERE database = 'd' AND table = 'events' SYNC;

-- is: Read Idempotent, < events Table
SELECT throwIf(count() = 0, 'empty; stop') FROM events;

-- is: Read Idempotent
WITH 1 AS x SELECT x;

-- is: Read Idempotent
(SELECT 1) UNION ALL (SELECT 2);

-- is: Read Idempotent
SHOW CREATE TABLE events;

-- is: Read Idempotent
DESCRIBE TABLE events;

-- is: Read Idempotent
EXPLAIN SYNTAX SELECT 1;

-- is: Read Idempotent
EXISTS TABLE events;

-- since: 25.8
-- is: Parallel Idempotent, -a Table, -b Table
DROP TABLE IF EXISTS a PARALLEL WITH DROP TABLE IF EXISTS b;

-- is: Backup Silent
BACKUP TABLE events TO Disk('backups', 'events.zip');

-- Placeholders ---------------------------------------------------------------------------------

-- is: Create Idempotent, +${charter.database}.events_${charter.tenant} Table, if-not-exists
CREATE TABLE IF NOT EXISTS ${charter.database}.events_${charter.tenant} (id UInt64 COMMENT 'of ${charter.tenant}') ENGINE = Log;

-- is: Grant Idempotent, access
GRANT SELECT ON `${charter.database}`.* TO ${charter.role};
