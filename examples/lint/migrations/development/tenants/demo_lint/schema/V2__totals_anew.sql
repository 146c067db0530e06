ALTER TABLE visits ADD INDEX by_page page TYPE bloom_filter GRANULARITY 4;

-- charter:allow CH104 the totals are computed anew from visits by the next statement
TRUNCATE TABLE totals;

-- charter:allow CH117 totals is empty: a second run is preceded by the TRUNCATE of a new file
INSERT INTO totals SELECT toDate(at), count() FROM visits GROUP BY toDate(at);
