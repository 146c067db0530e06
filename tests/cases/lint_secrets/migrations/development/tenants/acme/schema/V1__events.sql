CREATE DICTIONARY rates (k UInt64, v Float64) PRIMARY KEY k
SOURCE(CLICKHOUSE(USER 'reader' PASSWORD 'hunter2-not-shown' DB 'x' TABLE 't')) LAYOUT(FLAT());
GRANT SELECT ON x.* TO acme;
SYSTEM STOP MERGES;
-- charter:allow CH104 the table is a cache
SELECT 1;
