//! Statements that change rows: what they rewrite, and whether a second run, or another tenant, would
//! get the same.

use super::removal::commands;
use super::tables::defaults;
use super::view::View;
use super::{Check, Found, Rule, Sheet};
use crate::migrate::analyze::{Role, Verb};
use crate::model::Severity::{Note, Warning};

/// The rules.
pub const RULES: [(Rule, Check); 6] = [
    (
        Rule {
            code: "CH115",
            severity: Warning,
            summary: "a migration changes rows in place",
            help: &[
                "what a mutation overwrites or deletes cannot be brought back; look at the rows by a SELECT with the same WHERE first",
            ],
        },
        mutates,
    ),
    (
        Rule {
            code: "CH116",
            severity: Warning,
            summary: "OPTIMIZE … FINAL rewrites the whole table",
            help: &["merges do it by themselves; to read what is merged: SELECT … FINAL"],
        },
        optimizes,
    ),
    (
        Rule {
            code: "CH117",
            severity: Note,
            summary: "INSERT … SELECT into a table that has rows",
            help: &[
                "rows are written block by block: one that fails has written a part, and a second run doubles it",
                "fill a new table and EXCHANGE it, or fill by partitions and move them: ALTER TABLE … REPLACE PARTITION … FROM",
            ],
        },
        copies,
    ),
    (
        Rule {
            code: "CH118",
            severity: Warning,
            summary: "a new column has a default that is another each time",
            help: &[
                "old rows compute it on each read, so that they differ from query to query: ADD COLUMN with a constant",
            ],
        },
        unsteady,
    ),
    (
        Rule {
            code: "CH119",
            severity: Note,
            summary: "a migration writes what depends on when or where it runs",
            help: &["tenants that are onboarded later get other data; write the value itself"],
        },
        depends,
    ),
    (
        Rule {
            code: "CH120",
            severity: Warning,
            summary: "a new TTL removes old rows at once",
            help: &[
                "the table is rewritten, and what has expired is gone for good",
                "-- charter:settings materialize_ttl_after_modify=0 leaves the old parts to the merges",
            ],
        },
        expires,
    ),
];

fn mutates(view: &View<'_, '_>, sheet: &Sheet<'_>) -> Vec<Found> {
    let own = [Role::Alters, Role::Writes].into_iter().any(|role| sheet.makes_first(&view.analysis, role));
    if own {
        return Vec::new();
    }
    match view.analysis.verb {
        Verb::Delete => vec![(view.whole(), "deletes rows".into())],
        Verb::Update => vec![(view.whole(), "overwrites values".into())],
        _ => {
            let mut found = commands(view, &["DELETE"], "deletes rows");
            found.extend(commands(view, &["UPDATE"], "overwrites values"));
            found
        }
    }
}

fn optimizes(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let at = view.top(0, "FINAL").filter(|_| view.analysis.verb == Verb::Optimize);
    at.map(|_| (view.whole(), "all parts are read and written again".into())).into_iter().collect()
}

fn copies(view: &View<'_, '_>, sheet: &Sheet<'_>) -> Vec<Found> {
    let reads = view.analysis.objects.iter().any(|object| object.role == Role::Reads);
    let new = sheet.makes_first(&view.analysis, Role::Writes);
    if view.analysis.verb != Verb::Insert || !reads || new {
        return Vec::new();
    }
    vec![(view.whole(), "not done twice without harm".into())]
}

/// Functions whose value depends on when or where they are called.
fn is_unsteady(name: &str) -> bool {
    const NAMES: [&str; 13] = [
        "now",
        "now64",
        "nowInBlock",
        "today",
        "yesterday",
        "current_timestamp",
        "current_date",
        "canonicalRand",
        "randConstant",
        "serverUUID",
        "hostName",
        "fuzzBits",
        "rowNumberInAllBlocks",
    ];
    let lower = name.to_ascii_lowercase();
    let random =
        ["rand32", "rand64", "rand", "randuniform", "randnormal", "randomstring", "randomfixedstring"];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
        || random.contains(&lower.as_str())
        || lower.starts_with("generate") && !lower.starts_with("generateseries")
        || lower == "utctimestamp"
}

fn unsteady(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let found = defaults(view).into_iter().filter_map(|default| {
        let at = view.calls(default, is_unsteady)?;
        let label = format!("{}() is another for each query", view.text(at));
        Some((view.range(at..view.behind(at + 1)), label))
    });
    found.collect()
}

fn depends(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let writes = match view.analysis.verb {
        Verb::Insert | Verb::Delete | Verb::Update => true,
        Verb::Alter => {
            view.analysis.alters.iter().any(|one| matches!(one.action.as_str(), "UPDATE" | "DELETE"))
        }
        _ => false,
    };
    let at = view.calls(0..view.tokens.len(), is_unsteady).filter(|_| writes);
    let found = at.map(|at| {
        let label = format!("{}() is another in each run", view.text(at));
        (view.range(at..view.behind(at + 1)), label)
    });
    found.into_iter().collect()
}

fn expires(view: &View<'_, '_>, sheet: &Sheet<'_>) -> Vec<Found> {
    let own = sheet.makes_first(&view.analysis, Role::Alters);
    if own || matches!(view.setting("materialize_ttl_after_modify"), Some("0" | "false")) {
        return Vec::new();
    }
    let label = "what has expired by it is removed";
    let mut found = commands(view, &["MODIFY TTL", "MATERIALIZE TTL"], label);
    for (index, at) in view.commands() {
        let command = view.command(at);
        let ttl =
            command.clone().find(|at| view.sees(*at, "TTL") && !view.sees(at.saturating_sub(1), "REMOVE"));
        if view.analysis.alters[index].action == "MODIFY COLUMN"
            && let Some(ttl) = ttl
        {
            found.push((view.range(ttl..command.end), label.into()));
        }
    }
    found
}
