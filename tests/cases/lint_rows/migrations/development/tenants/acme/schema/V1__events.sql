ALTER TABLE events UPDATE kind = 'b' WHERE kind = 'a';
OPTIMIZE TABLE events FINAL;
INSERT INTO totals SELECT today(), count() FROM events;
ALTER TABLE events ADD COLUMN uid UUID DEFAULT generateUUIDv4();
ALTER TABLE events MODIFY TTL at + INTERVAL 30 DAY;
