CREATE TABLE clicks (at DateTime) ENGINE = MergeTree ORDER BY at;
