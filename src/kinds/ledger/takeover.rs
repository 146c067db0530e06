//! Taking over a table that another program made: charter's columns beside the foreign ones.
//!
//! Nothing foreign is renamed, changed or dropped. Where rows of charter's cannot be kept there, the
//! table is in the way, and a person moves it.

use super::place;
use crate::kinds::World;
use crate::kinds::common::tracking::{Meanings, Shared, shared};
use crate::model::Addr;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::ledger::{DATABASE, Table};
use crate::model::tracking::{self, Place, qualified};

/// What becomes of a table of another program.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The statement that adds what is missing.
    pub(super) statement: Option<String>,
    /// What there is to say.
    pub(super) findings: Vec<Finding>,
}

/// Returns what becomes of a table; none for one of charter's own, or none at all. Charter's other
/// tables have names of their own, so another program's are never taken over.
pub(super) fn of(table: &Table, world: &World, addr: &Addr) -> Option<Taken> {
    let caps = world.caps();
    let name = qualified(table.name);
    if !tracking::TABLES.contains(&table.name) {
        let columns = caps.columns.get(&name)?;
        let foreign = !(columns.contains("scope") && columns.contains("run_id"));
        let why = "it is a table of charter's that another program made";
        return foreign
            .then(|| Taken { findings: vec![in_the_way(table, world, addr, why)], statement: None });
    }
    let place = place(table, caps);
    if !place.is_shared() {
        return None;
    }
    let found = shared(table.name, world.snapshot).unwrap_or_default();
    let meanings = Meanings::of(table.name, caps);
    if let Some(why) = found.obstacle(table.name, &meanings) {
        return Some(Taken { findings: vec![in_the_way(table, world, addr, &why)], statement: None });
    }
    let statement = tracking::take_over(table, caps, found.key_to_extend());
    let findings = match place {
        Place::Foreign => unfilled(table, &found, &meanings, addr).into_iter().collect(),
        Place::Absent | Place::Own | Place::TakenOver => Vec::new(),
    };
    Some(Taken { statement, findings })
}

/// Returns what a reviewer should know of a table that is taken over.
pub(super) fn note(table: &str) -> String {
    format!(
        "{} is today's runner's: charter's columns are added under the prefix charter_, and its own stay, and are filled",
        qualified(table)
    )
}

fn in_the_way(table: &Table, world: &World, addr: &Addr, why: &str) -> Finding {
    let name = qualified(table.name);
    let found = world.caps().columns.get(&name).into_iter().flatten();
    let found: Vec<&str> = found.map(String::as_str).collect();
    Finding::new("CH401", Severity::Error, Category::Charter, "a tracking table of another program is in the way")
        .at(addr)
        .compare(
            format!("{name} made by charter, or a MergeTree table that has a version for each applied file"),
            format!("{name} with the columns {}; {why}", found.join(", ")),
        )
        .help("charter adds its columns and rows to such a table, and never renames, changes or drops it")
        .help(format!(
            "if that history is no longer needed, move it away yourself: RENAME TABLE {name} TO {DATABASE}.{}_before_charter",
            table.name
        ))
        .help("if it is: move it away as well, and copy its rows into a MergeTree table of the first name")
}

/// Returns a note on foreign columns that charter's rows leave empty: neither has the server a
/// default for them, nor charter a meaning.
fn unfilled(table: &Table, found: &Shared, meanings: &Meanings, addr: &Addr) -> Option<Finding> {
    let empty = found.columns.iter().filter(|column| !column.has_default && !meanings.has(&column.name));
    let empty: Vec<String> = empty.map(|column| format!("{} {}", column.name, column.ty)).collect();
    if empty.is_empty() {
        return None;
    }
    let name = qualified(table.name);
    Some(
        Finding::new(
            "CH409",
            Severity::Note,
            Category::Charter,
            "charter does not know what to write into some columns of another program's table",
        )
        .at(addr)
        .compare(
            format!("{name} with columns whose names tell their meaning, or that have a default"),
            format!("{}: charter's rows have the type's own default there", empty.join(", ")),
        )
        .help(format!(
            "if the other program needs a value there, give it one: ALTER TABLE {name} MODIFY COLUMN … DEFAULT …"
        )),
    )
}
