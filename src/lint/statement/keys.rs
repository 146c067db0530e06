//! Keys and partitions of new tables: what cannot be changed later.

use std::ops::Range;

use super::view::View;
use super::{Check, Found, Rule, Sheet};
use crate::migrate::TokenKind;
use crate::migrate::analyze::{ObjectKind, Role, Verb};
use crate::model::Severity::Warning;

/// The rules.
pub const RULES: [(Rule, Check); 3] = [
    (
        Rule {
            code: "CH111",
            severity: Warning,
            summary: "a table has no sorting key",
            help: &[
                "every query reads the whole table; choose ORDER BY by what queries filter: it cannot be changed later",
            ],
        },
        unsorted,
    ),
    (
        Rule {
            code: "CH112",
            severity: Warning,
            summary: "a column of the key is Nullable",
            help: &[
                "the server refuses it without allow_nullable_key, and NULL is slow in a key: give the column a default",
            ],
        },
        nullable,
    ),
    (
        Rule {
            code: "CH125",
            severity: Warning,
            summary: "a table is cut into very small partitions",
            help: &[
                "parts are never merged across partitions: partition by month, or not at all, and sort by time",
            ],
        },
        fine,
    ),
];

/// Functions that give an hour or less, or about as many values as there are rows.
const FINE: [&str; 14] = [
    "toStartOfHour",
    "toStartOfFifteenMinutes",
    "toStartOfTenMinutes",
    "toStartOfFiveMinutes",
    "toStartOfMinute",
    "toStartOfSecond",
    "toYYYYMMDDhhmmss",
    "toUnixTimestamp",
    "toDateTime",
    "toRelativeHourNum",
    "toRelativeMinuteNum",
    "now",
    "generateUUIDv4",
    "rand",
];

/// Returns the tokens of the engine's name where a `MergeTree` table is made.
fn merge_tree(view: &View<'_, '_>) -> Option<usize> {
    let (_, kind) = view.object(Role::Creates)?;
    let makes = view.analysis.verb == Verb::Create && !view.analysis.flags.temporary;
    let stores = matches!(kind, ObjectKind::Table | ObjectKind::MaterializedView);
    let engine = view.top(0, "ENGINE").filter(|_| makes && stores)?;
    let name = engine + 1 + usize::from(view.text(engine + 1) == "=");
    view.text(name).ends_with("MergeTree").then_some(name)
}

/// Returns the tokens of an expression behind keywords, outside of brackets: `ORDER BY (a, b)`.
fn clause(view: &View<'_, '_>, from: usize, words: &str) -> Option<Range<usize>> {
    const ENDS: [&str; 9] = [
        "PARTITION BY",
        "PRIMARY KEY",
        "ORDER BY",
        "SAMPLE BY",
        "TTL",
        "SETTINGS",
        "COMMENT",
        "AS",
        "POPULATE",
    ];
    let start = view.top(from, words)? + words.split(' ').count();
    let end = ENDS.iter().filter_map(|words| view.top(start, words)).min();
    Some(start..end.unwrap_or(view.tokens.len()))
}

fn unsorted(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let Some(engine) = merge_tree(view) else { return Vec::new() };
    let label = "no key: every query reads all rows";
    match clause(view, engine, "ORDER BY") {
        Some(key) => {
            let text: String = key.clone().map(|at| view.text(at)).collect();
            let empty = ["tuple()", "()"].contains(&text.as_str());
            if empty { vec![(view.range(key), label.into())] } else { Vec::new() }
        }
        // A primary key is the sorting key where there is none.
        None if clause(view, engine, "PRIMARY KEY").is_some() => Vec::new(),
        None => vec![(view.range(engine..engine + 1), label.into())],
    }
}

/// Returns the columns that a `CREATE TABLE` lists, with the tokens of their types.
fn columns<'a>(view: &View<'_, 'a>) -> Vec<(&'a str, Range<usize>)> {
    let table = view.object(Role::Creates).is_some_and(|(_, kind)| kind == ObjectKind::Table);
    let end = view.top(0, "ENGINE").unwrap_or(view.tokens.len());
    let open = (0..end).find(|at| view.text(*at) == "(");
    let Some(open) = open.filter(|_| table && view.analysis.verb == Verb::Create) else { return Vec::new() };
    let close = view.behind(open) - 1;
    let (mut found, mut at) = (Vec::new(), open + 1);
    while at < close {
        let mut next = at;
        while next < close && view.text(next) != "," {
            next = view.behind(next);
        }
        let named = matches!(view.tokens[at].kind, TokenKind::Word | TokenKind::QuotedIdent);
        let other =
            ["INDEX", "PROJECTION", "CONSTRAINT", "PRIMARY KEY"].iter().any(|word| view.sees(at, word));
        if named && !other {
            found.push((view.name(at), at + 1..next.min(close)));
        }
        at = next + 1;
    }
    found
}

fn nullable(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let Some(engine) = merge_tree(view) else { return Vec::new() };
    let Some(key) = clause(view, engine, "ORDER BY").or_else(|| clause(view, engine, "PRIMARY KEY")) else {
        return Vec::new();
    };
    let columns = columns(view);
    let is_nullable = |types: &Range<usize>| {
        let outer = types.start;
        let inner = outer + 2 * usize::from(view.sees(outer, "LowCardinality"));
        view.sees(inner, "Nullable")
    };
    let in_key = key.filter(|at| view.text(at + 1) != "(" && view.text(at.saturating_sub(1)) != ".");
    let found = in_key.filter_map(|at| {
        let name = view.name(at);
        let (_, types) = columns.iter().find(|(column, _)| *column == name)?;
        is_nullable(types).then(|| (view.range(at..at + 1), format!("{name} is Nullable")))
    });
    found.collect()
}

fn fine(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let Some(engine) = merge_tree(view) else { return Vec::new() };
    let Some(key) = clause(view, engine, "PARTITION BY") else { return Vec::new() };
    // `toYYYYMM(toDateTime(x))` is a month all the same: only what stands outermost counts.
    let outer = key.start + usize::from(view.text(key.start) == "(");
    let mut at = outer;
    while at < key.end {
        let is_fine = FINE.contains(&view.text(at)) && view.text(at + 1) == "(";
        let behind = if view.text(at + 1) == "(" { view.behind(at + 1) } else { at + 1 };
        // Of a hash or a number, the remainder makes few.
        if is_fine && view.text(behind) != "%" {
            return vec![(
                view.range(at..behind),
                "thousands of partitions, each with parts of its own".into(),
            )];
        }
        at = behind;
    }
    let instant = columns(view).into_iter().find(|(name, types)| {
        let time = view.text(types.start).starts_with("DateTime");
        time && key.len() == 1 && view.name(key.start) == *name
    });
    instant
        .map(|(name, _)| (view.range(key), format!("a partition for each second of {name}")))
        .into_iter()
        .collect()
}
