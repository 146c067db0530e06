ALTER TABLE events ADD COLUMN source String;
