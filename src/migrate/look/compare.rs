//! Compares two looks of an object, aspect by aspect.
//!
//! Where the two were told by different versions of the server, a difference of expressions may be
//! one of their texts alone: such a difference is not certain. Names, types, engines and counts are.

use std::collections::{BTreeMap, BTreeSet};

use super::normal::{closing, element, expression, masked, same_codec, split, tokens, type_text, within};
use super::{Column, HIDDEN, Look};

/// What of an object differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// The columns: which, in what order, their types, defaults, codecs, comments and TTLs.
    Columns,
    /// The engine and its arguments.
    Engine,
    /// The partition, sorting, primary and sampling keys.
    Keys,
    /// The settings.
    Settings,
    /// Skipping indices, projections and constraints.
    Elements,
    /// What a view selects and where it writes; what a dictionary is made of.
    Query,
    /// The TTL of the rows.
    Ttl,
    /// The comment.
    Comment,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What of the object it is about.
    pub aspect: Aspect,
    /// As it was.
    pub expected: String,
    /// As it is.
    pub found: String,
    /// Whether it cannot be one of two texts of the same.
    pub certain: bool,
}

/// Returns what differs; `across` where the two sides are of different versions of the server. What
/// the server hides is neither equal nor different.
pub fn compare(expected: &Look, found: &Look, across: bool) -> Vec<Difference> {
    let mut all = Differences { across, list: Vec::new() };
    all.columns(expected, found);
    if expected.complete && found.complete {
        all.engine(expected, found);
        all.keys(expected, found);
        all.settings(expected, found);
        all.elements(expected, found);
        all.query(expected, found);
        all.text(Aspect::Ttl, "TTL", [expected, found].map(|look| look.definition.clause("TTL")));
        let [one, other] = [expected, found].map(|look| look.field("comment"));
        if one != other {
            all.push(Aspect::Comment, "COMMENT", [one, other], true);
        }
    }
    all.list
}

struct Differences {
    across: bool,
    list: Vec<Difference>,
}

impl Differences {
    fn push(&mut self, aspect: Aspect, what: &str, sides: [&str; 2], certain: bool) {
        let [expected, found] = sides.map(|side| match side {
            "" => format!("no {what}"),
            side => format!("{what} {side}"),
        });
        self.list.push(Difference { aspect, expected, found, certain });
    }

    /// Compares two expressions. That one side has one at all is certain.
    fn text(&mut self, aspect: Aspect, what: &str, sides: [&str; 2]) {
        if !same(sides, self.across) {
            let certain = !self.across || sides.contains(&"");
            self.push(aspect, what, sides, certain);
        }
    }

    fn columns(&mut self, expected: &Look, found: &Look) {
        let names = |look: &Look| look.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        let (before, after) = (names(expected), names(found));
        let known: BTreeMap<&str, &Column> =
            found.columns.iter().map(|column| (&*column.name, column)).collect();
        for column in &expected.columns {
            match known.get(&*column.name) {
                None => self.column([Some(column), None]),
                Some(other) => self.one_column(column, other, [expected, found]),
            }
        }
        for column in found.columns.iter().filter(|column| !before.contains(&column.name)) {
            self.column([None, Some(column)]);
        }
        let common = |all: &[String], others: &[String]| -> Vec<String> {
            all.iter().filter(|name| others.contains(name)).cloned().collect()
        };
        let (one, other) = (common(&before, &after), common(&after, &before));
        if one != other {
            let [one, other] = [one, other].map(|names| names.join(", "));
            self.push(Aspect::Columns, "columns in the order", [&one, &other], true);
        }
    }

    /// A column that only one side has.
    fn column(&mut self, sides: [Option<&Column>; 2]) {
        let name = sides.into_iter().flatten().next().map_or("", |column| &column.name);
        let [expected, found] = sides.map(|column| match column {
            Some(column) => [&*column.name, &column.ty, &column.default].join(" ").trim().to_owned(),
            None => format!("no column {name}"),
        });
        self.list.push(Difference { aspect: Aspect::Columns, expected, found, certain: true });
    }

    fn one_column(&mut self, one: &Column, other: &Column, looks: [&Look; 2]) {
        let name = &one.name;
        if type_text(&one.ty) != type_text(&other.ty) {
            self.push(Aspect::Columns, name, [&one.ty, &other.ty], true);
        }
        if !looks.iter().all(|look| look.complete) {
            return;
        }
        let what = |part: &str| format!("{name}: {part}");
        self.text(Aspect::Columns, &what("default"), [&one.default, &other.default]);
        if !same_codec(&one.codec, &other.codec, self.across) {
            let certain = !self.across || one.codec.is_empty() || other.codec.is_empty();
            self.push(Aspect::Columns, &what("codec"), [&one.codec, &other.codec], certain);
        }
        if one.comment != other.comment {
            self.push(Aspect::Columns, &what("comment"), [&one.comment, &other.comment], true);
        }
        for part in ["TTL", "STATISTICS", "SETTINGS"] {
            let sides = looks.map(|look| {
                let parts = look.definition.of_columns.get(name);
                parts.and_then(|parts| parts.get(part)).map_or("", String::as_str)
            });
            self.text(Aspect::Columns, &what(part), sides);
        }
    }

    fn engine(&mut self, expected: &Look, found: &Look) {
        let names = [expected, found].map(|look| look.field("engine"));
        let full = [expected, found].map(engine);
        if names[0] != names[1] {
            self.push(Aspect::Engine, "engine", [&full[0], &full[1]], true);
        } else {
            self.text(Aspect::Engine, "engine", [&full[0], &full[1]]);
        }
    }

    fn keys(&mut self, expected: &Look, found: &Look) {
        for (field, what) in [
            ("partition_key", "PARTITION BY"),
            ("sorting_key", "ORDER BY"),
            ("primary_key", "PRIMARY KEY"),
            ("sampling_key", "SAMPLE BY"),
        ] {
            let sides = [expected, found].map(|look| look.field(field));
            if !same(sides, self.across) {
                let counts = sides.map(members);
                self.push(Aspect::Keys, what, sides, !self.across || counts[0] != counts[1]);
            }
        }
    }

    fn settings(&mut self, expected: &Look, found: &Look) {
        let (one, other) = (&expected.definition.settings, &found.definition.settings);
        let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for name in names {
            let sides = [one, other].map(|settings| settings.get(name).map_or("", String::as_str));
            let implied = *name == IMPLIED.0 && sides.contains(&"") && sides.contains(&IMPLIED.1);
            if !implied && !same(sides, self.across) {
                self.push(Aspect::Settings, name, sides, !self.across || !sides.contains(&""));
            }
        }
    }

    fn elements(&mut self, expected: &Look, found: &Look) {
        let (one, other) = (&expected.definition.elements, &found.definition.elements);
        let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for name in names {
            let sides = [one, other].map(|elements| elements.get(name).map_or("", String::as_str));
            let [before, after] = sides.map(|side| element(side, self.across));
            if before != after {
                let certain = !self.across || sides.contains(&"");
                self.push(Aspect::Elements, name, sides, certain);
            }
        }
    }

    fn query(&mut self, expected: &Look, found: &Look) {
        self.text(Aspect::Query, "AS", [expected, found].map(|look| look.field("as_select")));
        for clause in OF_QUERIES {
            let sides = [expected, found].map(|look| lifetime(clause, look.definition.clause(clause)));
            self.text(Aspect::Query, clause, [&sides[0], &sides[1]]);
        }
        if expected.field("engine") == "Dictionary" {
            let sides = [expected, found].map(|look| look.definition.clause("PRIMARY KEY"));
            self.text(Aspect::Query, "PRIMARY KEY", sides);
        }
    }
}

/// The clauses of views and dictionaries.
const OF_QUERIES: [&str; 10] = [
    "TO",
    "REFRESH",
    "DEFINER",
    "SQL SECURITY DEFINER",
    "SQL SECURITY INVOKER",
    "SQL SECURITY NONE",
    "SOURCE",
    "LAYOUT",
    "LIFETIME",
    "RANGE",
];

/// The setting that the server writes into each definition, whoever asked for it or not.
const IMPLIED: (&str, &str) = ("index_granularity", "8192");

/// Returns whether two expressions are one. What is hidden stands for anything.
fn same(sides: [&str; 2], across: bool) -> bool {
    if sides[0] == sides[1] {
        return true;
    }
    let [one, other] = sides.map(|side| expression(&masked(side), across));
    one == other || (one.contains(HIDDEN) && other.contains(HIDDEN) && unhidden(&one) == unhidden(&other))
}

fn unhidden(text: &str) -> Vec<&str> {
    text.split(HIDDEN).collect()
}

/// Returns an engine with its arguments; empty brackets are none.
fn engine(look: &Look) -> String {
    let full = look.definition.clause("ENGINE");
    let full = full.strip_suffix("()").unwrap_or(full);
    if full.is_empty() { look.field("engine").to_owned() } else { full.to_owned() }
}

/// Returns how many expressions a key has.
fn members(key: &str) -> usize {
    let Some(tokens) = tokens(key) else { return 1 };
    let list = match tokens.first() {
        Some(first) if first.is_word("tuple") && closing(&tokens, 1) == Some(tokens.len() - 1) => {
            within(tokens.get(1..).unwrap_or_default()).unwrap_or_default()
        }
        _ => within(&tokens).unwrap_or(&tokens),
    };
    split(list, ",").len()
}

/// `LIFETIME(MIN 0 MAX 10)` is `LIFETIME(10)`.
fn lifetime(clause: &str, text: &str) -> String {
    let short = text.strip_prefix("(MIN 0 MAX ").filter(|_| clause == "LIFETIME");
    short.map_or_else(|| text.to_owned(), |rest| format!("({rest}"))
}
