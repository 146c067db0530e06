-- +goose Up
CREATE TABLE a (id UInt64) ENGINE = Memory;

-- +goose Down
DROP TABLE a;
