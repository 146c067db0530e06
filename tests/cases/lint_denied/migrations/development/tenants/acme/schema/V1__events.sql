-- charter:allow CH104 a cache, filled anew every hour
TRUNCATE TABLE totals;
ALTER TABLE events UPDATE kind = 'b' WHERE kind = 'a';
DROP TABLE events;
