//! The intervals of a quota, in blocks, attributes and statements.
//!
//! Attribute `interval` is a map by duration (`3600s`) of maps by limit; `randomized` stands beside
//! the limits. An interval without any only counts.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Span};
use crate::kinds::DecodeCx;
use crate::kinds::common::settings::canonical::canonical;
use crate::model::schema::{BlockSchema, Type};
use crate::model::snapshot::{Row, number};
use crate::model::{Attrs, Body, Value};

/// The attribute, and the block.
pub const INTERVAL: &str = "interval";

/// What a quota can limit, as `CREATE QUOTA` has it; the columns of `system.quota_limits` have `max_`
/// before the name. All but `execution_time`, which is in seconds, are whole numbers.
pub const LIMITS: [(&str, &str); 12] = [
    ("queries", "The most queries."),
    ("query_selects", "The most SELECTs."),
    ("query_inserts", "The most INSERTs."),
    ("errors", "The most queries that fail."),
    ("result_rows", "The most rows in results."),
    ("result_bytes", "The most bytes in results."),
    ("read_rows", "The most rows read from tables, on all servers."),
    ("read_bytes", "The most bytes read from tables, on all servers."),
    ("written_bytes", "The most bytes written by INSERTs."),
    ("execution_time", "The most time that queries take together, in seconds."),
    ("failed_sequential_authentications", "The most failed logins in a row."),
    ("queries_per_normalized_hash", "The most queries that differ in literals only; new servers have it."),
];

const TIME: &str = "execution_time";
const RANDOMIZED: &str = "randomized";

/// Returns the schema of a block.
pub fn schema() -> BlockSchema {
    let schema = BlockSchema::default()
        .required("duration", Type::String, "How long: `1h`, `30m`, `1d`, `1w`, `45s`.")
        .optional(
            RANDOMIZED,
            Type::Bool,
            "Whether intervals begin at a random moment, so that not all begin at once.",
        );
    LIMITS.iter().fold(schema, |schema, (name, doc)| schema.optional(name, Type::String, doc))
}

/// Decodes blocks of intervals. Problems are reported.
pub fn decode(blocks: &[Body], cx: &mut DecodeCx) -> Value {
    let mut intervals: BTreeMap<String, (Value, Span)> = BTreeMap::new();
    for block in blocks {
        let Some(seconds) = seconds(block.string("duration").unwrap_or_default()) else {
            cx.diags.push(
                Diagnostic::error("this is not the length of an interval")
                    .at(block.span_of("duration"), "a whole number and a unit")
                    .help("write it like `1h`, `30m`, `1d`, `1w` or `45s`"),
            );
            continue;
        };
        let span = block.span_of("duration");
        if let Some((_, first)) = intervals.insert(format!("{seconds}s"), (limits(block, cx), span)) {
            cx.diags.push(
                Diagnostic::error("a quota has each interval once")
                    .at(span, format!("{seconds} seconds, again"))
                    .at(first, "the first time"),
            );
        }
    }
    Value::Map(intervals.into_iter().map(|(duration, (limits, _))| (duration, limits)).collect())
}

fn limits(block: &Body, cx: &mut DecodeCx) -> Value {
    let mut limits = BTreeMap::new();
    for (name, _) in LIMITS {
        let Some(declared) = block.get(name) else { continue };
        let text = canonical(type_of(name), declared.value.as_str().unwrap_or_default());
        let whole = text.parse::<u64>().is_ok();
        let time = name == TIME && text.parse::<f64>().is_ok_and(|seconds| seconds >= 0.0);
        if !whole && !time {
            cx.diags.push(
                Diagnostic::error("this is not a limit")
                    .at(
                        declared.span,
                        if name == TIME { "not a number of seconds" } else { "not a whole number" },
                    )
                    .help(
                        "write a number, or one with a suffix: \"10G\" is 10 · 1000³, \"10Gi\" is 10 · 1024³",
                    ),
            );
        }
        limits.insert(name.to_owned(), Value::from(text));
    }
    if block.bool(RANDOMIZED) == Some(true) {
        limits.insert(RANDOMIZED.to_owned(), Value::Bool(true));
    }
    Value::Map(limits)
}

fn type_of(limit: &str) -> &'static str {
    if limit == TIME { "Float" } else { "UInt64" }
}

/// Returns the seconds of a duration such as `1h`; none where it is none, or zero.
pub fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(factor)?;
    (seconds > 0 && u32::try_from(seconds).is_ok()).then_some(seconds)
}

/// Returns the interval that a row of `system.quota_limits` tells of, by its duration; none where the
/// row tells of none.
pub fn of_row(row: &Row) -> Option<(String, Value)> {
    let duration = number(row, "duration");
    let limit = |(name, _): &(&str, &str)| {
        let text = match row.get(&format!("max_{name}"))? {
            serde_json::Value::Null => return None,
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(((*name).to_owned(), Value::from(canonical(type_of(name), &text))))
    };
    let mut limits: BTreeMap<String, Value> = LIMITS.iter().filter_map(limit).collect();
    if number(row, "is_randomized_interval") == 1 {
        limits.insert(RANDOMIZED.to_owned(), Value::Bool(true));
    }
    (duration > 0).then(|| (format!("{duration}s"), Value::Map(limits)))
}

/// Returns the intervals that attributes hold.
pub fn intervals(attrs: &Attrs) -> BTreeMap<String, Value> {
    attrs.get(INTERVAL).and_then(Value::as_map).cloned().unwrap_or_default()
}

/// Returns the names of the limits in an interval.
pub fn limited(interval: &Value) -> impl Iterator<Item = &str> {
    interval.as_map().into_iter().flatten().map(|(name, _)| name.as_str()).filter(|name| *name != RANDOMIZED)
}

/// Returns an interval as a statement writes it; none is what removes it.
pub fn sql(duration: &str, interval: Option<&Value>) -> String {
    let seconds = duration.trim_end_matches('s');
    let Some(interval) = interval else { return format!("FOR INTERVAL {seconds} second NO LIMITS") };
    let randomized = if interval.get(RANDOMIZED).is_some() { "RANDOMIZED " } else { "" };
    let value = |name: &str| interval.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let limits: Vec<String> = limited(interval).map(|name| format!("{name} = {}", value(name))).collect();
    let limits =
        if limits.is_empty() { "TRACKING ONLY".to_owned() } else { format!("MAX {}", limits.join(", ")) };
    format!("FOR {randomized}INTERVAL {seconds} second {limits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_and_of_some_length() {
        assert_eq!(seconds("1h"), Some(3600));
        assert_eq!(seconds("2w"), Some(1_209_600));
        for bad in ["", "h", "1", "0s", "1.5h", "1 h", "-1h", "1y", "99999999999w"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
