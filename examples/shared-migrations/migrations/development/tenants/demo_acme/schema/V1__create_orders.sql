CREATE TABLE orders (id UInt64, amount Decimal(18, 2)) ENGINE = MergeTree ORDER BY id;
