CREATE TABLE totals (day Date, visits UInt64) ENGINE = SummingMergeTree ORDER BY day;

CREATE TABLE visits (at DateTime, page String, referrer String) ENGINE = MergeTree ORDER BY at;
