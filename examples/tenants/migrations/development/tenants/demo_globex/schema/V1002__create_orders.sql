CREATE TABLE orders
(
    id UInt64,
    amount Decimal(18, 2)
)
ENGINE = MergeTree
ORDER BY id;

INSERT INTO orders VALUES (1, 9.99);
