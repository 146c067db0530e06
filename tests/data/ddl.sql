-- A second corpus: every kind of statement of ClickHouse's reference, with the clauses that a reader of SQL can
-- stumble over. All of them are made up. `is:` says what each is taken for, `since:` and `until:` which versions
-- parse it; `cargo test --lib migrate` reads the file, and the engines parse it end to end.

-- Databases ------------------------------------------------------------------------------------

-- is: Create Loud, +shop Database
CREATE DATABASE shop;

-- is: Create Idempotent, +shop Database, if-not-exists
CREATE DATABASE IF NOT EXISTS shop ENGINE = Atomic COMMENT 'orders; and invoices';

-- is: Create Loud, +replicated Database
CREATE DATABASE replicated ENGINE = Replicated('/clickhouse/databases/shop', '{shard}', '{replica}') SETTINGS max_broken_tables_ratio = 1;

-- is: Create Loud, +lazy Database
CREATE DATABASE lazy ENGINE = Lazy(3600);

-- is: Create Loud, +scratch Database
CREATE DATABASE scratch ENGINE = Memory;

-- is: Create Loud, +pg Database
CREATE DATABASE pg ENGINE = PostgreSQL('postgres:5432', 'shop', 'reader', 'pw', 'public', 1);

-- is: Create Loud, +my Database
CREATE DATABASE my ENGINE = MySQL('mysql:3306', 'shop', 'reader', 'pw');

-- is: Create Loud, +lite Database
CREATE DATABASE lite ENGINE = SQLite('/var/lib/shop.db');

-- is: Create Loud, +saved Database
CREATE DATABASE saved ENGINE = Backup('shop', Disk('backups', 'shop.zip'));

-- is: Attach Loud, +shop Database
ATTACH DATABASE shop;

-- is: Detach Idempotent, -shop Database, if-exists
DETACH DATABASE IF EXISTS shop;

-- is: Alter Idempotent, ~shop Database
ALTER DATABASE shop MODIFY SETTING max_broken_tables_ratio = 0;

-- since: 25.8
-- is: Alter Idempotent, ~shop Database
ALTER DATABASE shop MODIFY COMMENT 'it''s; "quoted"';

-- is: Drop Idempotent, -shop Database, if-exists, sync, on-cluster
DROP DATABASE IF EXISTS shop ON CLUSTER '{cluster}' SYNC;

-- since: 24.8
-- is: Drop Loud, -shop Database
DROP DATABASE IF EMPTY shop;

-- is: Rename Loud, from shop Database, to store Database
RENAME DATABASE shop TO store;

-- Tables: the MergeTree family -----------------------------------------------------------------

-- is: Create Loud, +shop.orders Table
CREATE TABLE shop.orders
(
    `id` UInt64,
    `order` UInt64 DEFAULT 0,
    `from` LowCardinality(String) EPHEMERAL,
    `total` Decimal(18, 4) CODEC(T64, LZ4HC(9)),
    `at` DateTime64(6, 'Europe/Zurich') CODEC(DoubleDelta, ZSTD(3)) TTL toDateTime(at) + INTERVAL 90 DAY,
    `lines` Nested(sku String, n UInt16),
    `pair` Tuple(a UInt8, b Nullable(String)),
    `day` Date ALIAS toDate(at),
    INDEX i1 (id, total) TYPE minmax GRANULARITY 4,
    INDEX i2 lower(`from`) TYPE ngrambf_v1(3, 256, 2, 0) GRANULARITY 1,
    CONSTRAINT c1 CHECK total >= 0,
    CONSTRAINT c2 ASSUME id = `order`,
    PROJECTION p1 (SELECT id, sum(total) GROUP BY id),
    PROJECTION p2 (SELECT * ORDER BY at)
)
ENGINE = MergeTree()
PARTITION BY (toYYYYMM(at), id % 8)
PRIMARY KEY (id)
ORDER BY (id, at)
SAMPLE BY id
TTL toDateTime(at) + INTERVAL 1 MONTH TO DISK 'cold', toDateTime(at) + INTERVAL 1 YEAR DELETE WHERE total = 0
SETTINGS index_granularity = 1024, storage_policy = 'default'
COMMENT 'all; orders -- every one';

-- is: Create Loud, +grouped Table
CREATE TABLE grouped (k UInt64, at DateTime, v UInt64) ENGINE = MergeTree ORDER BY (k, at) TTL at + INTERVAL 1 WEEK GROUP BY k SET v = max(v), at = max(at);

-- is: Create Loud, +replacing Table
CREATE TABLE replacing (id UInt64, version UInt32, gone UInt8) ENGINE = ReplacingMergeTree(version, gone) ORDER BY id;

-- is: Create Loud, +summing Table
CREATE TABLE summing (day Date, n UInt64, amount Float64) ENGINE = SummingMergeTree((n, amount)) ORDER BY day;

-- is: Create Loud, +aggregating Table
CREATE TABLE aggregating (day Date, users AggregateFunction(uniq, UInt64), total SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY day;

-- is: Create Loud, +collapsing Table
CREATE TABLE collapsing (id UInt64, sign Int8) ENGINE = CollapsingMergeTree(sign) ORDER BY id;

-- is: Create Loud, +versioned Table
CREATE TABLE versioned (id UInt64, sign Int8, v UInt32) ENGINE = VersionedCollapsingMergeTree(sign, v) ORDER BY id;

-- since: 25.8
-- is: Create Loud, +coalescing Table
CREATE TABLE coalescing (id UInt64, a Nullable(String)) ENGINE = CoalescingMergeTree ORDER BY id;

-- is: Create Loud, +graphite Table
CREATE TABLE graphite (Path String, Time DateTime, Value Float64, Timestamp Int64) ENGINE = GraphiteMergeTree('graphite_rollup') ORDER BY (Path, Time);

-- is: Create Loud, +shop.replicated Table, on-cluster
CREATE TABLE shop.replicated ON CLUSTER '{cluster}' (id UInt64) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/{database}/{table}/{shard}', '{replica}') ORDER BY id;

-- is: Create Loud, +json_table Table
CREATE TABLE json_table (id UInt64, doc JSON(max_dynamic_paths = 16, a.b UInt32, SKIP x), v Variant(UInt64, String), d Dynamic) ENGINE = MergeTree ORDER BY id;

-- is: Create Loud, +types Table
CREATE TABLE types (a Array(Nullable(IPv4)), m Map(String, Array(UInt8)), e Enum8('a;b' = 1, 'c''d' = -2), u UUID, f FixedString(16), t DateTime('UTC'), i Int256, b Bool) ENGINE = MergeTree ORDER BY tuple();

-- is: Create Loud, +sorted Table
CREATE TABLE sorted (a UInt8, b UInt8) ENGINE = MergeTree ORDER BY (a, -b) SETTINGS allow_nullable_key = 1;

-- since: 25.8
-- is: Create Loud, +reversed Table
CREATE TABLE reversed (a UInt8, b UInt8) ENGINE = MergeTree ORDER BY (a DESC, b) SETTINGS allow_experimental_reverse_key = 1;

-- is: Create Loud, +with_statistics Table
CREATE TABLE with_statistics (a UInt64 STATISTICS(tdigest, uniq), b String) ENGINE = MergeTree ORDER BY a;

-- is: Create Loud, +vectors Table
CREATE TABLE vectors (id UInt64, v Array(Float32), INDEX near v TYPE vector_similarity('hnsw', 'L2Distance') GRANULARITY 100000000) ENGINE = MergeTree ORDER BY id;

-- is: Create Loud, +heredoc Table
CREATE TABLE heredoc (a String DEFAULT $$it's; a "default"$$, b String DEFAULT $x$ $$ ; $x$) ENGINE = MergeTree ORDER BY tuple();

-- is: Create Loud, +odd;name Table
CREATE TABLE `odd;name` (`a``b` UInt8, "c;d" UInt8 COMMENT '-- not a comment') ENGINE = MergeTree ORDER BY tuple();

-- is: Create Loud, +numbers_in Table
CREATE TABLE numbers_in (a Float64 DEFAULT 1e-3, b UInt64 DEFAULT 0xFF, c UInt8 DEFAULT 0b101, d Float64 DEFAULT (.5), e Int64 DEFAULT -1_000) ENGINE = MergeTree ORDER BY tuple();

-- is: Create Silent, +orders Table, or-replace, fills
CREATE OR REPLACE TABLE orders (id UInt64) ENGINE = MergeTree ORDER BY id AS SELECT 1 AS id;

-- is: Create Loud, +copied Table, < shop.orders Table
CREATE TABLE copied AS shop.orders ENGINE = MergeTree ORDER BY id SETTINGS index_granularity = 512;

-- since: 25.8
-- is: Create Loud, +cloned Table, < shop.orders Table, fills
CREATE TABLE cloned CLONE AS shop.orders ENGINE = MergeTree ORDER BY id;

-- is: Create Loud, +selected Table, < shop.orders Table, < shop.users Table, fills
CREATE TABLE selected ENGINE = MergeTree ORDER BY id SETTINGS index_granularity = 8192 AS WITH o AS (SELECT * FROM shop.orders) SELECT o.id FROM o INNER JOIN shop.users AS u ON u.id = o.id;

-- is: Create Loud, +emptied Table, < shop.orders Table
CREATE TABLE emptied ENGINE = MergeTree ORDER BY id EMPTY AS SELECT id FROM shop.orders;

-- is: Create Loud, +from_function Table
CREATE TABLE from_function AS generateRandom('a UInt8, b String', 1, 10, 2);

-- is: Create Loud, +inferred Table, fills
CREATE TABLE inferred ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM url('https://example.com/a;b.csv', CSVWithNames);

-- Tables: the other engines --------------------------------------------------------------------

-- is: Create Loud, +log1 Table
CREATE TABLE log1 (a UInt8) ENGINE = Log;

-- is: Create Loud, +log2 Table
CREATE TABLE log2 (a UInt8) ENGINE = TinyLog;

-- is: Create Loud, +log3 Table
CREATE TABLE log3 (a UInt8) ENGINE = StripeLog;

-- is: Create Loud, +nothing Table
CREATE TABLE nothing (a UInt8) ENGINE = Null;

-- is: Create Loud, +memory Table
CREATE TABLE memory (a UInt8) ENGINE = Memory SETTINGS min_rows_to_keep = 100, max_rows_to_keep = 1000;

-- is: Create Loud, +sets Table
CREATE TABLE sets (a UInt8) ENGINE = Set;

-- is: Create Loud, +joined Table
CREATE TABLE joined (id UInt64, name String) ENGINE = Join(ANY, LEFT, id) SETTINGS persistent = 0;

-- is: Create Loud, +buffered Table, < shop.orders Table
CREATE TABLE buffered AS shop.orders ENGINE = Buffer('shop', 'orders', 16, 10, 100, 10000, 1000000, 10000000, 100000000);

-- is: Create Loud, +everything Table, < shop.orders Table
CREATE TABLE everything AS shop.orders ENGINE = Merge(REGEXP('^shop'), '^orders');

-- is: Create Loud, +spread Table, < shop.orders Table
CREATE TABLE spread AS shop.orders ENGINE = Distributed('{cluster}', shop, orders, cityHash64(id), 'default') SETTINGS fsync_after_insert = 0;

-- is: Create Loud, +dict_table Table
CREATE TABLE dict_table (id UInt64, name String) ENGINE = Dictionary('shop.names');

-- is: Create Loud, +on_s3 Table
CREATE TABLE on_s3 (a UInt8) ENGINE = S3('https://bucket.example.com/{_partition_id}.parquet', 'key', 'secret', 'Parquet') PARTITION BY a;

-- is: Create Loud, +queue_s3 Table
CREATE TABLE queue_s3 (a String) ENGINE = S3Queue('https://bucket.example.com/*', 'CSV', 'gzip') SETTINGS mode = 'unordered';

-- is: Create Loud, +kafka Table
CREATE TABLE kafka (a String) ENGINE = Kafka SETTINGS kafka_broker_list = 'k:9092', kafka_topic_list = 't', kafka_group_name = 'g', kafka_format = 'JSONEachRow';

-- is: Create Loud, +rabbit Table
CREATE TABLE rabbit (a String) ENGINE = RabbitMQ SETTINGS rabbitmq_host_port = 'r:5672', rabbitmq_exchange_name = 'e', rabbitmq_format = 'JSONEachRow';

-- is: Create Loud, +nats Table
CREATE TABLE nats (a String) ENGINE = NATS SETTINGS nats_url = 'n:4444', nats_subjects = 's', nats_format = 'JSONEachRow';

-- is: Create Loud, +by_url Table
CREATE TABLE by_url (a String) ENGINE = URL('https://example.com/;', 'CSV');

-- is: Create Loud, +by_file Table
CREATE TABLE by_file (a String) ENGINE = File(TabSeparated);

-- is: Create Loud, +by_mysql Table
CREATE TABLE by_mysql (a String) ENGINE = MySQL('m:3306', 'd', 't', 'u', 'p') SETTINGS connection_pool_size = 4;

-- is: Create Loud, +by_postgres Table
CREATE TABLE by_postgres (a String) ENGINE = PostgreSQL('p:5432', 'd', 't', 'u', 'p', 's');

-- is: Create Loud, +by_mongo Table
CREATE TABLE by_mongo (a String) ENGINE = MongoDB('m:27017', 'd', 'c', 'u', 'p');

-- is: Create Loud, +by_redis Table
CREATE TABLE by_redis (k String, v String) ENGINE = Redis('r:6379', 0, 'p') PRIMARY KEY k;

-- is: Create Loud, +by_odbc Table
CREATE TABLE by_odbc (a String) ENGINE = ODBC('DSN=x', 'd', 't');

-- is: Create Loud, +by_jdbc Table
CREATE TABLE by_jdbc (a String) ENGINE = JDBC('jdbc:x', 'd', 't');

-- is: Create Loud, +by_hdfs Table
CREATE TABLE by_hdfs (a String) ENGINE = HDFS('hdfs://h/x', 'TSV');

-- is: Create Loud, +by_azure Table
CREATE TABLE by_azure (a String) ENGINE = AzureBlobStorage('DefaultEndpointsProtocol=https;AccountName=x;', 'c', 'b', 'CSV');

-- is: Create Loud, +lake Table
CREATE TABLE lake ENGINE = Iceberg('https://bucket.example.com/table/', 'key', 'secret');

-- is: Create Loud, +by_delta Table
CREATE TABLE by_delta ENGINE = DeltaLake('https://bucket.example.com/delta/', 'key', 'secret');

-- is: Create Loud, +embedded Table
CREATE TABLE embedded (k String, v UInt64) ENGINE = EmbeddedRocksDB(3600) PRIMARY KEY k;

-- is: Create Loud, +keeper Table
CREATE TABLE keeper (k String, v UInt64) ENGINE = KeeperMap('/shop', 4) PRIMARY KEY k;

-- is: Create Loud, +scripted Table
CREATE TABLE scripted (a UInt64) ENGINE = Executable('script.py', TabSeparated, (SELECT number FROM numbers(3)));

-- is: Create Loud, +fuzzed Table
CREATE TABLE fuzzed (a String) ENGINE = FuzzJSON('{}', NULL);

-- is: Create Loud, +random_rows Table
CREATE TABLE random_rows (a UInt64) ENGINE = GenerateRandom(1, 5, 3);

-- is: Create Loud, +series Table
CREATE TABLE series ENGINE = TimeSeries;

-- is: Create Loud, +filelog Table
CREATE TABLE filelog (a String) ENGINE = FileLog('/var/log/x', 'LineAsString');

-- is: Create Silent, +session_only Table, temporary, fills
CREATE TEMPORARY TABLE session_only AS SELECT 1 AS a;

-- is: Create Silent, +session_log Table, if-not-exists, temporary
CREATE TEMPORARY TABLE IF NOT EXISTS session_log (a UInt8) ENGINE = Memory;

-- is: Attach Loud, +shop.orders Table
ATTACH TABLE shop.orders;

-- is: Attach Loud, +orders Table
ATTACH TABLE orders AS REPLICATED;

-- is: Attach Idempotent, +orders Table, if-not-exists
ATTACH TABLE IF NOT EXISTS orders UUID '11111111-2222-3333-4444-555555555555' (id UInt64) ENGINE = MergeTree ORDER BY id;

-- Views ----------------------------------------------------------------------------------------

-- is: Create Loud, +shop.recent View, < shop.orders Table
CREATE VIEW shop.recent (id UInt64 COMMENT 'the; id', at DateTime) AS SELECT id, at FROM shop.orders WHERE at > now() - toIntervalDay(1);

-- is: Create Idempotent, +recent View, < orders Table, < vip Table, or-replace
CREATE OR REPLACE VIEW recent AS SELECT * FROM orders AS o FINAL LEFT ARRAY JOIN o.lines.sku AS sku WHERE o.id IN (SELECT id FROM vip) ORDER BY at LIMIT 5 BY id LIMIT 10;

-- is: Create Idempotent, +parametrized View, < orders Table, if-not-exists
CREATE VIEW IF NOT EXISTS parametrized AS SELECT * FROM orders WHERE id = {id:UInt64} AND `from` = {who:String};

-- is: Create Loud, +windows View, < orders Table
CREATE VIEW windows AS SELECT id, row_number() OVER w AS n, sum(total) OVER (PARTITION BY id ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM orders WINDOW w AS (ORDER BY at);

-- is: Create Loud, +secure View, < orders Table
CREATE VIEW secure DEFINER = owner SQL SECURITY DEFINER AS SELECT * FROM orders;

-- since: 26.9
-- is: Create Loud, +invoked View, < orders Table
CREATE VIEW invoked SQL SECURITY INVOKER AS SELECT * FROM orders COMMENT 'as; whoever asks';

-- is: Create Loud, +open View
CREATE VIEW open SQL SECURITY NONE AS SELECT 1;

-- is: Create Loud, +many View
CREATE VIEW many AS SELECT 1 AS a UNION DISTINCT SELECT 2 INTERSECT SELECT 2 EXCEPT SELECT 3;

-- is: Create Loud, +recursive View
CREATE VIEW recursive AS WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t;

-- is: Create Loud, +asof View, < a Table, < b Table
CREATE VIEW asof AS SELECT * FROM a ASOF LEFT JOIN b USING (id, at) PREWHERE a.id > 0 SETTINGS max_threads = 1;

-- is: Create Loud, +pasted View, < a Table, < b Table
CREATE VIEW pasted AS SELECT * FROM (SELECT * FROM a) AS x PASTE JOIN (SELECT * FROM b) AS y;

-- is: Create Loud, +sampled View, < orders Table
CREATE VIEW sampled AS SELECT quantileExactIf(0.5)(total, id > 0) FROM orders SAMPLE 1/10 OFFSET 1/2 GROUP BY id WITH TOTALS HAVING count() > 1;

-- is: Create Loud, +cube View, < t Table
CREATE VIEW cube AS SELECT a, b, grouping(a) FROM t GROUP BY GROUPING SETS ((a, b), (a), ());

-- is: Create Loud, +qualified View, < orders Table
CREATE VIEW qualified AS SELECT id FROM orders QUALIFY row_number() OVER (PARTITION BY id ORDER BY at) = 1;

-- is: Create Loud, +lambdas View, < t Table
CREATE VIEW lambdas AS SELECT arrayMap((x, y) -> x * y, [1, 2], [3, 4]) AS a, tuple(1, 'a').1 AS b, m['k;'] AS c, x::Array(UInt8) AS d, a ? b : c AS e FROM t;

-- is: Create Loud, +shop.daily MaterializedView, > shop.by_day Table, < shop.orders Table
CREATE MATERIALIZED VIEW shop.daily TO shop.by_day (day Date, n UInt64) DEFINER = CURRENT_USER SQL SECURITY DEFINER AS SELECT toDate(at) AS day, count() AS n FROM shop.orders GROUP BY day;

-- is: Create Loud, +inner_one MaterializedView, < orders Table, fills
CREATE MATERIALIZED VIEW inner_one ENGINE = AggregatingMergeTree PARTITION BY day ORDER BY day POPULATE AS SELECT day, uniqState(id) AS u FROM orders GROUP BY day;

-- is: Create Loud, +refreshed MaterializedView, > target Table, < orders Table
CREATE MATERIALIZED VIEW refreshed REFRESH EVERY 1 DAY OFFSET 2 HOUR RANDOMIZE FOR 10 MINUTE DEPENDS ON a, shop.b SETTINGS refresh_retries = 3 TO target EMPTY AS SELECT * FROM orders;

-- since: 25.8
-- is: Create Loud, +after_one MaterializedView, > target Table
CREATE MATERIALIZED VIEW after_one REFRESH AFTER 30 SECOND APPEND TO target AS SELECT now() AS at;

-- is: Create Loud, +after_two MaterializedView
CREATE MATERIALIZED VIEW after_two REFRESH EVERY 1 WEEK (a UInt8) ENGINE = MergeTree ORDER BY a AS SELECT 1 AS a;

-- is: Attach Loud, +daily MaterializedView, > by_day Table
ATTACH MATERIALIZED VIEW daily TO by_day AS SELECT 1 AS n;

-- until: 25.8
-- is: Create Loud, +wv View, < t Table
CREATE WINDOW VIEW wv INNER ENGINE = AggregatingMergeTree ENGINE = MergeTree ORDER BY w WATERMARK = ASCENDING AS SELECT count(), tumbleStart(w) AS s FROM t GROUP BY tumble(at, INTERVAL '1' MINUTE) AS w;

-- until: 25.8
-- is: Create Loud, +lv View, < orders Table
CREATE LIVE VIEW lv AS SELECT count() FROM orders;

-- is: Drop Idempotent, -shop.recent View, if-exists, sync
DROP VIEW IF EXISTS shop.recent SYNC;

-- is: Alter Idempotent, ~daily Table, < orders Table
ALTER TABLE daily MODIFY QUERY WITH x AS (SELECT 1) SELECT toDate(at) AS day FROM orders, x;

-- is: Alter Idempotent, ~refreshed Table
ALTER TABLE refreshed MODIFY REFRESH EVERY 2 DAY;

-- is: Alter Idempotent, ~secure Table
ALTER TABLE secure MODIFY SQL SECURITY DEFINER DEFINER = owner;

-- is: Alter Idempotent, ~secure Table
ALTER TABLE secure MODIFY COMMENT 'a; b';

-- Dictionaries ---------------------------------------------------------------------------------

-- is: Create Loud, +shop.names Dictionary, < shop.source Table
CREATE DICTIONARY shop.names (id UInt64 DEFAULT 0, parent UInt64 HIERARCHICAL, name String DEFAULT '' INJECTIVE, e String EXPRESSION upper(name)) PRIMARY KEY id SOURCE(CLICKHOUSE(HOST 'localhost' PORT tcpPort() USER 'default' PASSWORD '' TABLE 'source' DB 'shop' WHERE 'id > 0; ' INVALIDATE_QUERY 'SELECT max(at) FROM shop.source')) LIFETIME(MIN 300 MAX 600) LAYOUT(HASHED(SHARDS 4)) SETTINGS(format_csv_allow_single_quotes = 1) COMMENT 'of; users';

-- is: Create Loud, +by_http Dictionary
CREATE DICTIONARY by_http (k String, v String) PRIMARY KEY k SOURCE(HTTP(URL 'https://example.com/x' FORMAT 'CSV' CREDENTIALS(USER 'u' PASSWORD 'p') HEADERS(HEADER(NAME 'h' VALUE 'v')))) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0);

-- is: Create Loud, +by_file Dictionary
CREATE DICTIONARY by_file (k UInt64, v String) PRIMARY KEY k SOURCE(FILE(PATH './user_files/x.tsv' FORMAT 'TabSeparated')) LAYOUT(FLAT(INITIAL_ARRAY_SIZE 50000)) LIFETIME(300);

-- is: Create Loud, +by_mysql Dictionary
CREATE DICTIONARY by_mysql (k UInt64) PRIMARY KEY k SOURCE(MYSQL(PORT 3306 USER 'u' PASSWORD 'p' REPLICA(HOST 'a' PRIORITY 1) REPLICA(HOST 'b' PRIORITY 1) DB 'd' TABLE 't')) LAYOUT(CACHE(SIZE_IN_CELLS 1000)) LIFETIME(MIN 1 MAX 2);

-- is: Create Idempotent, +ranges Dictionary, < shop.rates Table, or-replace
CREATE OR REPLACE DICTIONARY ranges (id UInt64, since Date, till Date, v Float64) PRIMARY KEY id SOURCE(CLICKHOUSE(QUERY $$SELECT id, since, till, v FROM shop.rates WHERE v > 0;$$)) LAYOUT(RANGE_HASHED(RANGE_LOOKUP_STRATEGY 'max')) RANGE(MIN since MAX till) LIFETIME(60);

-- is: Create Loud, +tries Dictionary, < nets Table
CREATE DICTIONARY tries (prefix String, asn UInt32) PRIMARY KEY prefix SOURCE(CLICKHOUSE(TABLE 'nets')) LAYOUT(IP_TRIE) LIFETIME(3600);

-- is: Create Loud, +scripted Dictionary
CREATE DICTIONARY scripted (id UInt64) PRIMARY KEY id SOURCE(EXECUTABLE(COMMAND 'cat /x' FORMAT 'TSV')) LAYOUT(DIRECT());

-- is: Attach Loud, +shop.names Dictionary
ATTACH DICTIONARY shop.names;

-- is: Detach Loud, -names Dictionary
DETACH DICTIONARY names PERMANENTLY;

-- is: Drop Loud, -shop.names Dictionary, sync
DROP DICTIONARY shop.names SYNC;

-- is: Rename Loud, from names Dictionary, to shop.old_names Dictionary
RENAME DICTIONARY names TO shop.old_names;

-- Functions, collections, workloads ------------------------------------------------------------

-- is: Create Idempotent, +with_tax Function, if-not-exists, on-cluster
CREATE FUNCTION IF NOT EXISTS with_tax ON CLUSTER '{cluster}' AS (amount, rate) -> amount * (1 + rate);

-- is: Create Idempotent, +quoted Function, or-replace
CREATE OR REPLACE FUNCTION quoted AS x -> concat('a;', x, "b");

-- is: Drop Idempotent, -with_tax Function, if-exists, on-cluster
DROP FUNCTION IF EXISTS with_tax ON CLUSTER '{cluster}';

-- is: Create Idempotent, +lake Other, if-not-exists, on-cluster
CREATE NAMED COLLECTION IF NOT EXISTS lake ON CLUSTER '{cluster}' AS url = 'https://example.com/;' OVERRIDABLE, secret = 'x' NOT OVERRIDABLE;

-- is: Alter Silent, ~lake Other, if-exists
ALTER NAMED COLLECTION IF EXISTS lake SET url = 'https://example.org/' OVERRIDABLE, format = 'CSV' DELETE secret;

-- is: Drop Idempotent, -lake Other, if-exists
DROP NAMED COLLECTION IF EXISTS lake;

-- since: 25.8
-- is: Create Loud, +everything Other
CREATE WORKLOAD everything SETTINGS max_io_requests = 100;

-- since: 25.8
-- is: Create Idempotent, +batch Other, or-replace
CREATE OR REPLACE WORKLOAD batch IN everything SETTINGS weight = 1, max_io_requests = 10 FOR disk_io;

-- since: 25.8
-- is: Drop Idempotent, -batch Other, if-exists
DROP WORKLOAD IF EXISTS batch;

-- since: 25.8
-- is: Create Loud, +disk_io Other
CREATE RESOURCE disk_io (WRITE DISK disk1, READ ANY DISK);

-- since: 25.8
-- is: Drop Idempotent, -disk_io Other, if-exists
DROP RESOURCE IF EXISTS disk_io;

-- Access ---------------------------------------------------------------------------------------

-- is: Create Idempotent, +ann Other, if-not-exists, access
CREATE USER IF NOT EXISTS ann IDENTIFIED WITH bcrypt_hash BY '$2a$12$rrrrrrrrrrrrrrrrrrrrr.rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr' VALID UNTIL '2030-01-01 00:00:00' HOST LOCAL, IP '10.0.0.0/8', REGEXP '.*\.corp', LIKE '%.corp' DEFAULT ROLE ALL EXCEPT r DEFAULT DATABASE shop GRANTEES NONE SETTINGS max_threads = 4 MIN 1 MAX 8 READONLY, PROFILE 'p';

-- since: 25.8
-- is: Create Loud, +bob Other, access
CREATE USER bob IDENTIFIED WITH plaintext_password BY 'a;b', sha256_hash BY 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' SALT 'x;', ssh_key BY KEY 'AAAA' TYPE 'ssh-ed25519';

-- is: Create Loud, +carl@corp.com Other, access
CREATE USER `carl@corp.com` IDENTIFIED WITH ldap SERVER 'main' HOST ANY;

-- is: Create Loud, +dora Other, access
CREATE USER dora NOT IDENTIFIED HOST NONE;

-- is: Create Loud, +eve Other, access
CREATE USER eve IDENTIFIED WITH ssl_certificate CN 'eve';

-- is: Create Loud, +fay Other, on-cluster, access
CREATE USER fay IDENTIFIED WITH kerberos REALM 'CORP.COM' ON CLUSTER main IN local_directory;

-- is: Alter Silent, ~ann Other, if-exists, access
ALTER USER IF EXISTS ann RENAME TO anna IDENTIFIED BY 'x;y' ADD HOST IP '::1' DROP HOST LOCAL DEFAULT ROLE r1, r2 GRANTEES ANY EXCEPT bob;

-- since: 25.8
-- is: Alter Silent, ~ann Other, access
ALTER USER ann RESET AUTHENTICATION METHODS TO NEW;

-- since: 25.8
-- is: Alter Silent, ~ann Other, access
ALTER USER ann DROP ALL SETTINGS ADD SETTING max_threads = 4, ADD PROFILE 'p';

-- is: Create Silent, +r1 Other, +r2 Other, or-replace, access
CREATE ROLE OR REPLACE r1, r2 SETTINGS readonly = 1;

-- is: Alter Silent, ~r1 Other, access
ALTER ROLE r1 RENAME TO r3 SETTINGS NONE;

-- is: Drop Idempotent, -r1 Other, -r;2 Other, if-exists, on-cluster, access
DROP ROLE IF EXISTS r1, `r;2` ON CLUSTER main;

-- is: Create Idempotent, +own Other, if-not-exists, access
CREATE ROW POLICY IF NOT EXISTS own ON shop.orders, mine ON shop.* AS RESTRICTIVE FOR SELECT USING id IN (1, 2) AND name != 'a;b' TO ALL EXCEPT ann;

-- is: Alter Silent, ~own Other, access
ALTER ROW POLICY own ON shop.orders RENAME TO owned USING 1 TO r1;

-- is: Drop Idempotent, -own Other, if-exists, access
DROP ROW POLICY IF EXISTS own ON shop.orders, shop.users;

-- is: Create Silent, +q Other, or-replace, access
CREATE QUOTA OR REPLACE q KEYED BY client_key, user_name FOR RANDOMIZED INTERVAL 1 day MAX queries = 10, errors = 1, execution_time = 0.5, FOR INTERVAL 1 month NO LIMITS TO ann, r1;

-- is: Alter Silent, ~q Other, if-exists, access
ALTER QUOTA IF EXISTS q RENAME TO q2 NOT KEYED FOR INTERVAL 1 hour TRACKING ONLY TO NONE;

-- is: Drop Loud, -q Other, -q2 Other, access
DROP QUOTA q, q2;

-- is: Create Silent, +p Other, or-replace, access
CREATE SETTINGS PROFILE OR REPLACE p SETTINGS max_memory_usage = 1000000000 MIN 1 MAX 2000000000 CHANGEABLE_IN_READONLY, INHERIT 'default' TO ALL;

-- is: Alter Silent, ~p Other, if-exists, access
ALTER SETTINGS PROFILE IF EXISTS p RENAME TO p2 SETTINGS max_threads = 2 CONST;

-- is: Drop Idempotent, -p Other, if-exists, access
DROP SETTINGS PROFILE IF EXISTS p;

-- is: Grant Idempotent, access
GRANT SELECT(id, `at`), INSERT, ALTER UPDATE ON shop.orders TO r1, ann WITH GRANT OPTION;

-- is: Grant Idempotent, access
GRANT CURRENT GRANTS(SELECT ON shop.*) TO ann;

-- is: Grant Idempotent, access
GRANT r1, r2 TO ann WITH ADMIN OPTION;

-- is: Grant Idempotent, access
GRANT SELECT ON `shop_*`.* TO r1 WITH REPLACE OPTION;

-- since: 25.8
-- is: Grant Idempotent, access
GRANT SELECT ON shop_*.* TO r1;

-- since: 25.8
-- is: Grant Idempotent, access
GRANT READ, WRITE ON S3 TO r1;

-- is: Grant Idempotent, access
GRANT TABLE ENGINE ON S3 TO r1;

-- is: Grant Idempotent, access
GRANT NAMED COLLECTION ON lake TO r1;

-- is: Revoke Idempotent, on-cluster, access
REVOKE ON CLUSTER main GRANT OPTION FOR SELECT(id) ON shop.orders FROM r1;

-- is: Revoke Idempotent, access
REVOKE ADMIN OPTION FOR r1 FROM ann, bob;

-- is: Revoke Idempotent, access
REVOKE ALL PRIVILEGES ON *.* FROM ALL EXCEPT ann;

-- is: Set Idempotent, access
SET DEFAULT ROLE ALL EXCEPT r1 TO ann, bob;

-- is: Set Silent, access, refused: `SET` has no effect: each statement is a request of its own
SET ROLE DEFAULT;

-- is: Set Silent, access, refused: `SET` has no effect: each statement is a request of its own
SET ROLE r1, r2;

-- since: 26.9
-- is: Read Idempotent
EXECUTE AS ann SELECT 1;

-- since: 25.8
-- is: Read Idempotent
CHECK GRANT SELECT ON shop.*;

-- is: Move Silent, access
MOVE USER ann TO local_directory;

-- Alterations of tables ------------------------------------------------------------------------

-- is: Alter Loud, ~orders Table
ALTER TABLE orders ADD COLUMN a Nullable(Decimal(18, 2)) DEFAULT NULL COMMENT 'x; y' CODEC(ZSTD) TTL at + INTERVAL 1 DAY FIRST, ADD COLUMN IF NOT EXISTS `b;c` String MATERIALIZED concat('a,', 'b') AFTER a;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders DROP COLUMN a, DROP COLUMN IF EXISTS `b;c`, CLEAR COLUMN total IN PARTITION tuple(202401, 1);

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders MODIFY COLUMN IF EXISTS total Decimal(38, 4) DEFAULT 0 COMMENT 'new' CODEC(NONE) TTL at + INTERVAL 2 DAY FIRST;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders MODIFY COLUMN total MODIFY SETTING min_compress_block_size = 1024, max_compress_block_size = 4096;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders MODIFY COLUMN at RESET SETTING min_compress_block_size;

-- is: Alter Loud, ~orders Table, mutation
ALTER TABLE orders MODIFY COLUMN total REMOVE DEFAULT, MODIFY COLUMN at REMOVE CODEC;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders ALTER COLUMN total TYPE Float64 DEFAULT 1.5;

-- is: Alter Loud, ~orders Table, mutation
ALTER TABLE orders RENAME COLUMN IF EXISTS total TO amount, RENAME COLUMN lines.sku TO lines.code;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders COMMENT COLUMN IF EXISTS id 'the; key', MATERIALIZE COLUMN day;

-- is: Alter Silent, ~orders Table, < shop.blocked Table, mutation
ALTER TABLE orders UPDATE total = total * 1.1, `from` = 'x;y' IN PARTITION 202401 WHERE at < now() AND id IN (SELECT id FROM shop.blocked);

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders DELETE IN PARTITION ID 'abc' WHERE id = 1 SETTINGS mutations_sync = 2;

-- is: Alter Silent, ~orders Table
ALTER TABLE orders MODIFY ORDER BY (id, at, kind), MODIFY SAMPLE BY kind;

-- is: Alter Loud, ~orders Table
ALTER TABLE orders REMOVE SAMPLE BY;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders ADD INDEX IF NOT EXISTS i3 total TYPE set(100) GRANULARITY 2 AFTER i1, DROP INDEX IF EXISTS i2, MATERIALIZE INDEX i1 IN PARTITION 202401, CLEAR INDEX i1;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders ADD PROJECTION IF NOT EXISTS p3 (SELECT id, count() GROUP BY id), MATERIALIZE PROJECTION p3, CLEAR PROJECTION p1 IN PARTITION 202401, DROP PROJECTION p2;

-- is: Alter Idempotent, ~orders Table
ALTER TABLE orders ADD STATISTICS IF NOT EXISTS id, total TYPE tdigest, uniq;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders MATERIALIZE STATISTICS id, total;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders CLEAR STATISTICS total;

-- is: Alter Idempotent, ~orders Table, mutation
ALTER TABLE orders DROP STATISTICS IF EXISTS total;

-- since: 24.8
-- is: Alter Idempotent, ~orders Table
ALTER TABLE orders MODIFY STATISTICS id TYPE tdigest;

-- is: Alter Idempotent, ~orders Table
ALTER TABLE orders ADD CONSTRAINT IF NOT EXISTS c3 CHECK total < 1000 AND id > 0, DROP CONSTRAINT IF EXISTS c1;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders MODIFY TTL at + INTERVAL 1 MONTH RECOMPRESS CODEC(ZSTD(17)), at + INTERVAL 1 YEAR TO VOLUME 'cold', at + INTERVAL 2 YEAR;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders MATERIALIZE TTL IN PARTITION 202401;

-- is: Alter Loud, ~orders Table
ALTER TABLE orders REMOVE TTL;

-- is: Alter Idempotent, ~orders Table
ALTER TABLE orders MODIFY SETTING parts_to_delay_insert = 200, max_parts_in_total = 10000;

-- is: Alter Idempotent, ~orders Table
ALTER TABLE orders RESET SETTING parts_to_delay_insert, max_parts_in_total;

-- is: Alter Silent, ~orders Table
ALTER TABLE orders DETACH PARTITION ALL;

-- is: Alter Silent, ~orders Table
ALTER TABLE orders DETACH PARTITION 202401, ATTACH PARTITION 202402, DROP PARTITION ID '202403';

-- is: Alter Silent, ~orders Table
ALTER TABLE orders DROP DETACHED PARTITION 202401 SETTINGS allow_drop_detached = 1;

-- is: Alter Silent, ~orders Table
ALTER TABLE orders DROP DETACHED PART 'all_1_1_0' SETTINGS allow_drop_detached = 1;

-- is: Alter Silent, ~orders Table
ALTER TABLE orders ATTACH PART 'all_2_2_0';

-- is: Alter Silent, ~orders Table, < shop.staging Table
ALTER TABLE orders ATTACH PARTITION 202401 FROM shop.staging;

-- is: Alter Silent, ~orders Table, < shop.staging Table
ALTER TABLE orders REPLACE PARTITION tuple() FROM shop.staging;

-- is: Alter Silent, ~orders Table
ALTER TABLE orders MOVE PARTITION 202401 TO DISK 'cold';

-- is: Alter Silent, ~orders Table
ALTER TABLE orders MOVE PART 'all_1_1_0' TO VOLUME 'hot';

-- is: Alter Silent, ~orders Table, > shop.archive Table
ALTER TABLE orders MOVE PARTITION 202401 TO TABLE shop.archive;

-- is: Alter Silent, ~orders Table
ALTER TABLE orders FETCH PARTITION 202401 FROM '/clickhouse/tables/01/orders';

-- is: Alter Silent, ~orders Table
ALTER TABLE orders FREEZE WITH NAME 'b;1';

-- is: Alter Silent, ~orders Table
ALTER TABLE orders UNFREEZE PARTITION 202401 WITH NAME 'b;1';

-- since: 25.8
-- is: Alter Silent, ~orders Table
ALTER TABLE orders FORGET PARTITION 202401;

-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders APPLY DELETED MASK IN PARTITION 202401;

-- since: 25.8
-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders APPLY PATCHES IN PARTITION 202401;

-- since: 26.9
-- is: Alter Silent, ~orders Table, mutation
ALTER TABLE orders REWRITE PARTS IN PARTITION 202401;

-- is: Alter Loud, ~shop.orders Table, on-cluster, mutation
ALTER TABLE shop.orders ON CLUSTER '{cluster}' (ADD COLUMN x UInt8), (DROP COLUMN y);

-- is: Alter Silent, ~session_only Table, temporary
ALTER TEMPORARY TABLE session_only ADD COLUMN b UInt8;

-- Data -----------------------------------------------------------------------------------------

-- is: Insert Silent, > shop.orders Table
INSERT INTO shop.orders (* EXCEPT(total)) VALUES (1, 'a;b', now()), (2, $$c;d$$, DEFAULT);

-- is: Insert Silent, > orders Table
INSERT INTO orders SETTINGS async_insert = 0, insert_deduplication_token = 'x;1' VALUES (1);

-- is: Insert Silent, > orders Table, < shop.known Table
INSERT INTO orders (id) SELECT number FROM numbers(10) WHERE number NOT IN (SELECT id FROM shop.known) SETTINGS max_insert_threads = 2;

-- is: Insert Silent, > orders Table, < shop.staging Table
INSERT INTO orders WITH x AS (SELECT id FROM shop.staging) SELECT * FROM x;

-- is: Insert Silent, < orders Table
INSERT INTO TABLE FUNCTION remote('h:9000', shop.orders, 'u', 'p') SELECT * FROM orders;

-- is: Insert Silent, < orders Table
INSERT INTO FUNCTION s3('https://bucket.example.com/x.parquet', 'Parquet') PARTITION BY day SELECT day, id FROM orders;

-- is: Insert Silent, > orders Table
INSERT INTO orders FORMAT Values (1), (2);

-- since: 25.8
-- is: Delete Silent, > shop.orders Table, mutation
DELETE FROM shop.orders IN PARTITION 202401 WHERE id = 1 SETTINGS lightweight_deletes_sync = 2;

-- since: 25.8
-- is: Update Silent, > shop.orders Table, < shop.vip Table
UPDATE shop.orders SET total = total + 1, `from` = 'a;b' WHERE id IN (SELECT id FROM shop.vip) SETTINGS enable_lightweight_update = 1;

-- is: Optimize Idempotent, > shop.orders Table, on-cluster
OPTIMIZE TABLE shop.orders ON CLUSTER '{cluster}' PARTITION ID '202401' FINAL DEDUPLICATE BY id, at;

-- is: Truncate Silent, > shop.orders Table, if-exists, sync, on-cluster
TRUNCATE TABLE IF EXISTS shop.orders ON CLUSTER '{cluster}' SYNC;

-- is: Truncate Silent, > shop Database
TRUNCATE ALL TABLES FROM shop;

-- since: 25.8
-- is: Truncate Silent, > shop Database
TRUNCATE TABLES FROM shop LIKE 'tmp%';

-- is: Drop Idempotent, -shop.a Table, -shop.b;c Table, if-exists, sync
DROP TABLE IF EXISTS shop.a, shop.`b;c` SYNC;

-- is: Drop Loud, -orders Table
DROP TABLE IF EMPTY orders;

-- is: Drop Silent, -session_only Table, if-exists, temporary
DROP TEMPORARY TABLE IF EXISTS session_only;

-- is: Detach Idempotent, -shop.orders Table, if-exists, sync, on-cluster
DETACH TABLE IF EXISTS shop.orders ON CLUSTER '{cluster}' PERMANENTLY SYNC;

-- is: Undrop Loud, +shop.orders Table, on-cluster
UNDROP TABLE shop.orders UUID '11111111-2222-3333-4444-555555555555' ON CLUSTER '{cluster}';

-- is: Rename Loud, from shop.a Table, to shop.b Table, from shop.c Table, to other.c Table, on-cluster
RENAME TABLE shop.a TO shop.b, shop.c TO other.c ON CLUSTER '{cluster}';

-- since: 24.8
-- is: Rename Loud, from a Table, to b Table
RENAME a TO b;

-- is: Exchange Silent, from shop.a Table, to other.b Table, on-cluster
EXCHANGE TABLES shop.a AND other.b ON CLUSTER '{cluster}';

-- is: Create Loud, ~shop.orders Table, index
CREATE INDEX i4 ON shop.orders (total) TYPE minmax GRANULARITY 2;

-- since: 24.8
-- is: Create Idempotent, ~orders Table, if-not-exists, index
CREATE UNIQUE INDEX IF NOT EXISTS i5 ON orders (id ASC, at DESC) SETTINGS create_index_ignore_unique = 1;

-- is: Drop Idempotent, ~shop.orders Table, if-exists, mutation, index
DROP INDEX IF EXISTS i4 ON shop.orders;

-- Backup, system and sessions ------------------------------------------------------------------

-- is: Backup Silent
BACKUP DATABASE shop EXCEPT TABLES a, b TO S3('https://bucket.example.com/b', 'k', 's') SETTINGS base_backup = Disk('backups', 'a.zip'), id = 'x;1' ASYNC;

-- is: Backup Silent
BACKUP TABLE shop.orders PARTITIONS '202401', '202402' TO File('a.zip');

-- is: Backup Silent
BACKUP ALL EXCEPT DATABASES system TO Disk('backups', 'all');

-- is: Restore Silent
RESTORE TABLE shop.orders AS shop.orders2 FROM Disk('backups', 'b;1.zip') SETTINGS allow_non_empty_tables = 1;

-- is: Restore Silent
RESTORE DATABASE shop FROM Disk('backups', 'shop');

-- is: System Silent
SYSTEM RELOAD DICTIONARIES;

-- is: System Silent
SYSTEM DROP MARK CACHE;

-- is: System Silent
SYSTEM STOP MERGES shop.orders;

-- is: System Silent, on-cluster
SYSTEM START TTL MERGES ON CLUSTER '{cluster}' shop.orders;

-- is: System Silent
SYSTEM SYNC REPLICA shop.orders STRICT;

-- is: System Silent
SYSTEM RESTORE REPLICA shop.orders;

-- is: System Silent
SYSTEM REFRESH VIEW shop.refreshed;

-- is: System Silent
SYSTEM FLUSH LOGS;

-- is: System Silent
SYSTEM RELOAD CONFIG;

-- is: Kill Silent
KILL QUERY WHERE query_id = 'a;b' ASYNC;

-- is: Kill Silent
KILL MUTATION WHERE mutation_id = 'mutation_3.txt' TEST;

-- is: Kill Silent
KILL TRANSACTION WHERE tid = (1, 2, '00000000-0000-0000-0000-000000000000') SYNC;

-- is: Read Idempotent
CHECK TABLE shop.orders PARTITION 202401 FORMAT PrettyCompact SETTINGS check_query_single_value_result = 0;

-- is: Set Silent, refused: `SET` has no effect: each statement is a request of its own
SET max_threads = 1, flatten_nested = 0;

-- is: Set Silent, refused: `SET` has no effect: each statement is a request of its own
SET TRANSACTION SNAPSHOT 1;

-- is: Use Silent, refused: `USE` has no effect: each statement is a request of its own
USE shop;

-- is: Unknown Silent, refused: `BEGIN` has no effect: ClickHouse has no transactions over DDL
BEGIN TRANSACTION;

-- is: Unknown Silent, refused: `COMMIT` has no effect: ClickHouse has no transactions over DDL
COMMIT;

-- is: Unknown Silent, refused: `ROLLBACK` has no effect: ClickHouse has no transactions over DDL
ROLLBACK;

-- until: 25.8
-- is: Read Idempotent
WATCH lv EVENTS LIMIT 1;

-- is: Read Idempotent
EXPLAIN PIPELINE header = 1, graph = 1 SELECT * FROM orders;

-- is: Read Idempotent
EXPLAIN AST CREATE TABLE x (a UInt8) ENGINE = Log;

-- is: Read Idempotent
SHOW TABLES FROM shop LIKE '%;%' LIMIT 5;

-- is: Read Idempotent
SHOW CREATE DICTIONARY shop.names;

-- since: 25.8
-- is: Read Idempotent
SHOW GRANTS FOR ann WITH IMPLICIT FINAL;

-- is: Read Idempotent
SHOW PROCESSLIST;

-- is: Read Idempotent
SHOW COLUMNS FROM orders FROM shop WHERE field = 'a';

-- is: Read Idempotent
DESCRIBE TABLE s3('https://bucket.example.com/x.csv') SETTINGS describe_include_subcolumns = 1;

-- is: Read Idempotent
DESC (SELECT 1 AS a);

-- is: Read Idempotent
EXISTS DICTIONARY shop.names;

-- is: Read Idempotent
EXISTS VIEW recent;

-- is: Read Idempotent, < orders Table
SELECT * FROM orders INTO OUTFILE 'x.csv' FORMAT CSV;

-- is: Read Idempotent, < orders Table
FROM orders SELECT id WHERE id > 1;

-- is: Read Idempotent
SELECT 1 FORMAT Null;

-- since: 25.8
-- is: Parallel Silent, +pw1 Table, +pw2 View, < orders Table, -pw3 Table
CREATE TABLE pw1 (a UInt8) ENGINE = Log PARALLEL WITH CREATE VIEW pw2 AS SELECT * FROM orders PARALLEL WITH DROP TABLE IF EXISTS pw3;

-- Comments in odd places -----------------------------------------------------------------------

-- is: Create Loud, +commented Table
/* before; */ CREATE /* in; /* nested; */ */ TABLE -- after; it's
commented // like C; "too"
( # a; hash
    a UInt8, #! a; shebang
    b String /* ' */ DEFAULT '/* no comment */' -- "
) ENGINE = MergeTree ORDER BY tuple() COMMENT '# 5; -- 6 // 7';

-- is: Create Loud, +unicode View
CREATE VIEW unicode AS SELECT ‘a;b’ AS x, “x” AS y;
