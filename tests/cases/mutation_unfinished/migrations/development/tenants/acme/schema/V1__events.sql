ALTER TABLE events ADD COLUMN kind String;
ALTER TABLE visits ADD COLUMN kind String;
