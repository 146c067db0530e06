-- Objects that all tenants may read about, owned by the platform.
CREATE DATABASE IF NOT EXISTS shared COMMENT 'reference data of the platform';

CREATE TABLE shared.countries
(
    code FixedString(2),
    name String
)
ENGINE = MergeTree
ORDER BY code;

INSERT INTO shared.countries VALUES ('DE', 'Germany'), ('FR', 'France');
