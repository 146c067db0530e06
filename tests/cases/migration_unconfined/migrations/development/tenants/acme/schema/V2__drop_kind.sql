ALTER TABLE events DROP COLUMN kind;
-- charter:settings max_threads=2
INSERT INTO events (id, at) SELECT number, now() FROM numbers(${charter.var.rows});
