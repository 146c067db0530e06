ALTER TABLE clicks ADD COLUMN page String;
