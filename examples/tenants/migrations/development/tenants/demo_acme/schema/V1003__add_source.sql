ALTER TABLE events ADD COLUMN source String DEFAULT 'web' AFTER kind;
