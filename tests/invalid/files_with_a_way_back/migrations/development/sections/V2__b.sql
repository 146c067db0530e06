-- migrate:up
CREATE TABLE b (id UInt64) ENGINE = Memory;
-- migrate:down
DROP TABLE b;
