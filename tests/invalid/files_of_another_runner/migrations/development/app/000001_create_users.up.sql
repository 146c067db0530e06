CREATE TABLE a (id UInt64) ENGINE = Memory;
