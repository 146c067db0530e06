-- ${charter.database} is the block's `database`, which is the current one, too.
CREATE TABLE daily
(
    day Date,
    visits UInt64
)
ENGINE = SummingMergeTree
ORDER BY day;
