//! What breaks those who read: new names, new types, tables that are put aside, queries with `*`.

use super::removal::commands;
use super::view::View;
use super::{Check, Found, Rule, Sheet};
use crate::migrate::analyze::{ObjectKind, Role, Verb};
use crate::model::Severity::{Note, Warning};

/// The rules.
pub const RULES: [(Rule, Check); 6] = [
    (
        Rule {
            code: "CH106",
            severity: Warning,
            summary: "a migration changes the type of a column",
            help: &[
                "every value is rewritten; one that the new type cannot hold makes the mutation fail, or is cut off",
                "to be safe: ADD COLUMN with the new type, fill it, and let readers move over",
            ],
        },
        retypes,
    ),
    (
        Rule {
            code: "CH107",
            severity: Warning,
            summary: "a migration renames a column",
            help: &[
                "views, materialized views and queries that name the column fail: change them in the same release",
            ],
        },
        |view, _| commands(view, &["RENAME COLUMN"], "whoever reads it by the old name fails"),
    ),
    (
        Rule {
            code: "CH108",
            severity: Warning,
            summary: "a migration gives a table another name",
            help: &[
                "views and dictionaries keep the name that they were made with, and grants stay with the name",
            ],
        },
        renames,
    ),
    (
        Rule {
            code: "CH109",
            severity: Warning,
            summary: "a migration detaches or attaches by hand",
            help: &[
                "a detached table is out of sight of charter and of SHOW TABLES, and comes back with a restart unless PERMANENTLY",
                "to remove it for good: DROP … SYNC",
            ],
        },
        detaches,
    ),
    (
        Rule {
            code: "CH126",
            severity: Note,
            summary: "a view selects *",
            help: &["the columns are those of the day on which the view is made: name them"],
        },
        stars,
    ),
    (
        Rule {
            code: "CH127",
            severity: Note,
            summary: "a materialized view keeps its rows in a table of its own",
            help: &["write TO <table>: the table can be altered then, and outlives the view"],
        },
        implicit,
    ),
];

/// What may follow a column's name in `MODIFY COLUMN` and is no type.
const NO_TYPE: [&str; 14] = [
    "REMOVE",
    "MODIFY",
    "RESET",
    "DEFAULT",
    "MATERIALIZED",
    "ALIAS",
    "EPHEMERAL",
    "COMMENT",
    "CODEC",
    "STATISTICS",
    "FIRST",
    "AFTER",
    "SETTINGS",
    "TTL",
];

fn retypes(view: &View<'_, '_>, sheet: &Sheet<'_>) -> Vec<Found> {
    let own = sheet.makes_first(&view.analysis, Role::Alters);
    let mut found = Vec::new();
    for (index, at) in view.commands() {
        let command = &view.analysis.alters[index];
        let all = view.command(at);
        let guard = if view.sees(at + 2, "IF EXISTS") { 4 } else { 2 };
        let mut next = at + guard + 1;
        while view.text(next) == "." {
            next += 2;
        }
        let is_type = next < all.end && !NO_TYPE.iter().any(|word| view.sees(next, word));
        if command.retypes && is_type && !own {
            let what = command.target.as_deref().unwrap_or("the column");
            found.push((view.range(all), format!("every value of {what} is rewritten")));
        }
    }
    found
}

fn renames(view: &View<'_, '_>, sheet: &Sheet<'_>) -> Vec<Found> {
    // A table that the file made takes the place of another: the usual way to change a key.
    let named = |role: Role| matches!(role, Role::RenamesFrom | Role::RenamesTo);
    let swaps = view.analysis.objects.iter().any(|object| named(object.role) && sheet.makes(object));
    let label = match view.analysis.verb {
        Verb::Rename if !swaps => "whoever reads it by the old name fails",
        Verb::Exchange if !swaps => "whoever reads one of them reads the other from then on",
        _ => return Vec::new(),
    };
    vec![(view.whole(), label.to_owned())]
}

fn detaches(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    match view.analysis.verb {
        Verb::Detach => vec![(view.whole(), "it is out of sight, and its data stay on disk".into())],
        Verb::Attach => vec![(view.whole(), "what is attached is not what a migration made".into())],
        _ => commands(
            view,
            &["DETACH PARTITION", "DETACH PART"],
            "the rows are out of sight, and stay on disk",
        ),
    }
}

fn stars(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let is_view = view
        .object(Role::Creates)
        .is_some_and(|(_, kind)| matches!(kind, ObjectKind::View | ObjectKind::MaterializedView));
    if view.analysis.verb != Verb::Create || !is_view {
        return Vec::new();
    }
    let star = (0..view.tokens.len()).find(|at| {
        let begins = view.sees(*at, "SELECT") || view.sees(*at, "SELECT DISTINCT");
        let first = at + 1 + usize::from(view.sees(*at, "SELECT DISTINCT"));
        // `SELECT t.*` as well; `SELECT * EXCEPT …` is no better.
        begins && (view.text(first) == "*" || view.text(first + 1) == "." && view.text(first + 2) == "*")
    });
    star.map(|at| (view.range(at..at + 2), "a column that is added later is not in the view".into()))
        .into_iter()
        .collect()
}

fn implicit(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let made = view.object(Role::Creates).filter(|(_, kind)| *kind == ObjectKind::MaterializedView);
    let end = view.top(0, "AS").unwrap_or(view.tokens.len());
    let to = view.top(0, "TO").is_some_and(|to| to < end);
    if view.analysis.verb != Verb::Create || made.is_none() || to {
        return Vec::new();
    }
    let head = view.find(0, "VIEW").map_or(2, |view| view + 1);
    vec![(view.head(head), "DROP VIEW would drop its rows".into())]
}
