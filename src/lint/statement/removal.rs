//! What takes away rows, columns, partitions or whole objects.

use super::view::View;
use super::{Check, Found, Rule, Sheet};
use crate::migrate::analyze::{ObjectKind, Role, Verb};
use crate::model::Severity::Warning;

/// The rules.
pub const RULES: [(Rule, Check); 5] = [
    (
        Rule {
            code: "CH101",
            severity: Warning,
            summary: "a migration drops an object",
            help: &["make sure that nobody reads it, and that there is a backup: BACKUP TABLE … TO …"],
        },
        drops,
    ),
    (
        Rule {
            code: "CH102",
            severity: Warning,
            summary: "a migration removes a column",
            help: &["deploy what no longer reads the column first; its values cannot be brought back"],
        },
        |view, sheet| removes(view, sheet, &["DROP COLUMN", "CLEAR COLUMN"], "its values are gone for good"),
    ),
    (
        Rule {
            code: "CH103",
            severity: Warning,
            summary: "a migration removes partitions",
            help: &["DETACH PARTITION keeps the parts on disk; drop them once nobody misses them"],
        },
        |view, sheet| removes(view, sheet, &PARTITIONS, "the rows of the partition are gone for good"),
    ),
    (
        Rule {
            code: "CH104",
            severity: Warning,
            summary: "a migration empties a table",
            help: &["TRUNCATE cannot be undone: RENAME the table away, and drop it once nobody misses it"],
        },
        truncates,
    ),
    (
        Rule {
            code: "CH105",
            severity: Warning,
            summary: "a migration replaces a table",
            help: &[
                "CREATE OR REPLACE drops the table that is there, with its rows, at once and without UNDROP",
                "write CREATE TABLE under a new name, and EXCHANGE TABLES; or ALTER the table",
            ],
        },
        replaces,
    ),
];

const PARTITIONS: [&str; 6] = [
    "DROP PARTITION",
    "DROP PART",
    "DROP DETACHED PARTITION",
    "DROP DETACHED PART",
    "FORGET PARTITION",
    "REPLACE PARTITION",
];

/// An object that the file itself made, or makes anew, is not missed: a view that gets another query.
fn drops(view: &View<'_, '_>, sheet: &Sheet<'_>) -> Vec<Found> {
    let analysis = &view.analysis;
    if analysis.verb != Verb::Drop || analysis.flags.temporary || analysis.flags.access {
        return Vec::new();
    }
    let dropped = analysis.objects.iter().filter(|object| object.role == Role::Drops);
    let told = dropped.filter_map(|object| {
        let label = match object.kind {
            ObjectKind::Table => "the table goes, with its rows",
            ObjectKind::Database => "the database goes, with all that is in it",
            ObjectKind::MaterializedView => "the view goes, and what it stores, if it stores",
            ObjectKind::View | ObjectKind::Dictionary if sheet.makes_again(object) => return None,
            ObjectKind::View => "whatever reads the view fails from then on",
            ObjectKind::Dictionary => "whatever reads the dictionary fails from then on",
            ObjectKind::Function | ObjectKind::Other => return None,
        };
        (!sheet.makes(object)).then_some(label)
    });
    told.take(1).map(|label| (view.whole(), label.to_owned())).collect()
}

/// Returns the commands of an `ALTER` that are one of some; nothing where the file made the table.
fn removes(view: &View<'_, '_>, sheet: &Sheet<'_>, actions: &[&str], label: &str) -> Vec<Found> {
    let own = sheet.makes_first(&view.analysis, Role::Alters);
    if own { Vec::new() } else { commands(view, actions, label) }
}

/// Returns the commands of an `ALTER` that are one of some.
pub fn commands(view: &View<'_, '_>, actions: &[&str], label: &str) -> Vec<Found> {
    let all = view.commands().into_iter();
    let found = all.filter(|(index, _)| actions.contains(&view.analysis.alters[*index].action.as_str()));
    found.map(|(_, at)| (view.range(view.command(at)), label.to_owned())).collect()
}

fn truncates(view: &View<'_, '_>, sheet: &Sheet<'_>) -> Vec<Found> {
    let own = sheet.makes_first(&view.analysis, Role::Writes);
    if view.analysis.verb != Verb::Truncate || view.analysis.flags.temporary || own {
        return Vec::new();
    }
    vec![(view.whole(), "all rows are gone for good".into())]
}

fn replaces(view: &View<'_, '_>, sheet: &Sheet<'_>) -> Vec<Found> {
    let own = sheet.makes_first(&view.analysis, Role::Creates);
    let table = view.object(Role::Creates).filter(|(_, kind)| *kind == ObjectKind::Table && !own);
    let is_kept = view.analysis.verb != Verb::Create || view.analysis.flags.temporary;
    if table.is_none() || is_kept || !view.analysis.flags.or_replace {
        return Vec::new();
    }
    let head = if view.sees(0, "REPLACE") { 1 } else { 3 };
    vec![(view.head(head), "drops the table of this name, if there is one".into())]
}
