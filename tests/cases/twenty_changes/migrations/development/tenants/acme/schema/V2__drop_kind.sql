ALTER TABLE events DROP COLUMN kind;
INSERT INTO events (id, at) SELECT number, now() FROM numbers(3);
