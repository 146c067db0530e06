DROP TABLE IF EXISTS events;
DROP VIEW a_view SYNC;
DROP DICTIONARY d;
-- charter:settings mutations_sync=0
ALTER TABLE visits DELETE WHERE id = 1;
INSERT INTO visits SETTINGS async_insert = 1 VALUES (1);
