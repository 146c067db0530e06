//! How tables are made and changed: types, engines, indices, defaults, settings.

use super::view::View;
use super::{Check, Found, Rule, Sheet};
use crate::migrate::analyze::{ObjectKind, Role, Verb};
use crate::model::Severity::{Note, Warning};

/// The rules.
pub const RULES: [(Rule, Check); 6] = [
    (
        Rule {
            code: "CH110",
            severity: Warning,
            summary: "a materialized view is filled with POPULATE",
            help: &[
                "rows that are inserted while it fills are missing in the view",
                "make the view without it, and fill its table with INSERT … SELECT up to that moment",
            ],
        },
        populates,
    ),
    (
        Rule {
            code: "CH113",
            severity: Warning,
            summary: "LowCardinality of a type that is no string",
            help: &[
                "the server refuses it when the statement runs, and it would be slower: write the type itself",
            ],
        },
        low_cardinality,
    ),
    (
        Rule {
            code: "CH114",
            severity: Note,
            summary: "an index or projection is for new rows only",
            help: &[
                "what is there already stays without it: ALTER TABLE … MATERIALIZE INDEX (or PROJECTION), by a later migration if it is long",
            ],
        },
        unbuilt,
    ),
    (
        Rule {
            code: "CH124",
            severity: Warning,
            summary: "a table keeps its rows in memory alone",
            help: &["they are lost when the server restarts: use MergeTree, or Log for small tables"],
        },
        forgets,
    ),
    (
        Rule {
            code: "CH128",
            severity: Warning,
            summary: "a new column looks its default up",
            help: &[
                "old rows compute it each time that they are read, until they are merged: fill the column by a mutation",
            ],
        },
        looks_up,
    ),
    (
        Rule {
            code: "CH129",
            severity: Warning,
            summary: "a statement asks for what the server holds back",
            help: &[
                "experimental and suspicious features may change or go with the next version of ClickHouse",
            ],
        },
        experiments,
    ),
];

fn populates(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let made = view.object(Role::Creates).filter(|(_, kind)| *kind == ObjectKind::MaterializedView);
    let at = view.top(0, "POPULATE AS").filter(|_| made.is_some() && view.analysis.verb == Verb::Create);
    at.map(|at| (view.range(at..at + 1), "rows that arrive meanwhile are left out".into()))
        .into_iter()
        .collect()
}

/// Source: `DataTypeLowCardinality`, which takes strings, and numbers only where
/// `allow_suspicious_low_cardinality_types` is set.
fn low_cardinality(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    const OTHERS: [&str; 9] =
        ["UUID", "IPv4", "IPv6", "Bool", "Date", "Date32", "Float32", "Float64", "DateTime"];
    if !matches!(view.analysis.verb, Verb::Create | Verb::Alter) {
        return Vec::new();
    }
    let is_other = |name: &str| {
        let number = name.strip_prefix('U').unwrap_or(name).strip_prefix("Int");
        OTHERS.contains(&name)
            || name.starts_with("Decimal")
            || name.starts_with("DateTime64")
            || number.is_some_and(|bits| bits.parse::<u16>().is_ok())
    };
    let found = (0..view.tokens.len()).filter_map(|at| {
        let inner = at + 2 + 2 * usize::from(view.sees(at + 2, "Nullable"));
        let is = view.text(at) == "LowCardinality" && view.text(at + 1) == "(" && is_other(view.text(inner));
        is.then(|| (view.range(at..view.behind(at + 1)), format!("{} is no string", view.text(inner))))
    });
    found.collect()
}

fn unbuilt(view: &View<'_, '_>, sheet: &Sheet<'_>) -> Vec<Found> {
    if sheet.makes_first(&view.analysis, Role::Alters) {
        return Vec::new();
    }
    if view.analysis.verb == Verb::Create && view.analysis.flags.index {
        let name = view.find(0, "INDEX").map_or("", |at| view.name(at + 1));
        let built = is_built(sheet, "MATERIALIZE INDEX", Some(name));
        return if built {
            Vec::new()
        } else {
            vec![(view.head(3), "what is there stays without it".into())]
        };
    }
    let mut found = Vec::new();
    for (index, at) in view.commands() {
        let command = &view.analysis.alters[index];
        let builds = match command.action.as_str() {
            "ADD INDEX" => "MATERIALIZE INDEX",
            "ADD PROJECTION" => "MATERIALIZE PROJECTION",
            _ => continue,
        };
        let here =
            view.analysis.alters.iter().any(|other| other.action == builds && other.target == command.target);
        if !here && !is_built(sheet, builds, command.target.as_deref()) {
            found.push((view.range(view.command(at)), "what is there stays without it".into()));
        }
    }
    found
}

/// Returns whether a later statement of the file builds an index or projection.
fn is_built(sheet: &Sheet<'_>, action: &str, name: Option<&str>) -> bool {
    let mut commands = sheet.after().flat_map(|(_, later)| &later.alters);
    commands.any(|command| command.action == action && command.target.as_deref() == name)
}

fn forgets(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let made = view.object(Role::Creates).filter(|(_, kind)| *kind == ObjectKind::Table);
    let engine = view.top(0, "ENGINE").filter(|_| made.is_some() && !view.analysis.flags.temporary);
    let found = engine.and_then(|engine| {
        let at = engine + 1 + usize::from(view.text(engine + 1) == "=");
        let label = match view.text(at) {
            "Memory" => "its rows are lost when the server restarts",
            "Buffer" => "rows that it has not passed on are lost when the server dies",
            _ => return None,
        };
        Some((view.range(at..at + 1), label.to_owned()))
    });
    found.into_iter().collect()
}

/// Returns the tokens of the default of each column that is added.
pub fn defaults(view: &View<'_, '_>) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    for (index, at) in view.commands() {
        let command = view.command(at);
        let is = view.analysis.alters[index].action == "ADD COLUMN";
        // `EPHEMERAL` and `ALIAS` are computed by what they are for.
        let start = command.clone().find(|at| view.sees(*at, "DEFAULT") || view.sees(*at, "MATERIALIZED"));
        found.extend(start.filter(|_| is).map(|start| start..command.end));
    }
    found
}

fn looks_up(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let found = defaults(view).into_iter().filter_map(|default| {
        let call =
            view.calls(default.clone(), |name| name.starts_with("dictGet") || name.starts_with("joinGet"));
        call.map(|at| {
            (view.range(at..view.behind(at + 1)), "computed for every old row, on each read".into())
        })
    });
    found.collect()
}

fn experiments(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let held = |name: &str| {
        ["allow_experimental_", "allow_suspicious_", "allow_deprecated_"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    let on = |value: &str| matches!(value.trim_matches('\''), "1" | "true");
    let inline = (0..view.tokens.len())
        .filter(|at| held(view.text(*at)) && view.text(at + 1) == "=" && on(view.text(at + 2)))
        .map(|at| (view.range(at..at + 3), "not for production, by ClickHouse's own word".to_owned()));
    let asked = view.directives().iter().filter(|(name, value)| held(name) && on(value));
    let asked = asked.map(|(name, _)| (view.head(1), format!("{name} is set for this statement")));
    inline.chain(asked).collect()
}
