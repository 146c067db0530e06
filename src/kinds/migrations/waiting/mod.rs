//! Mutations that migrations made, or that stand in their way; and what is told not to wait.
//!
//! `system.mutations` is read once a plan: what is not done in the databases of the files, and what
//! earlier runs recorded that they left behind. A statement whose mutation goes on is waited for by
//! the next apply; one whose mutation fails, or was killed, is never run again unasked: the
//! definition of the table may show already what its data is not (`MODIFY COLUMN`, code 341).

mod findings;
mod lints;

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{self, EVENTS};
use crate::kinds::{Lowered, World};
use crate::migrate;
use crate::migrate::analyze::{ObjectKind, Role};
use crate::model::op::{Mutation, TableName};
use crate::model::snapshot::{Read, Row, number, text};
use crate::model::{Attrs, Resource, Snapshot, Value, sql};

pub use findings::{failing, killed, survey};
pub use lints::of as lints;

/// The rows of `system.mutations` that matter.
pub const MUTATIONS: &str = "migrations_mutations";

/// Returns the read of mutations: those that are not done, and those that are recorded.
pub fn reads(wanted: &[&Resource], snapshot: &Snapshot) -> Vec<Read> {
    let databases: BTreeSet<&str> = wanted.iter().flat_map(|resource| databases(resource)).collect();
    if databases.is_empty() {
        return Vec::new();
    }
    let databases: Vec<String> = databases.into_iter().map(sql::literal).collect();
    let recorded = snapshot.rows(EVENTS).iter().flat_map(|row| recorded(text(row, "mutations")));
    let recorded: BTreeSet<String> = recorded
        .map(|one| {
            let [database, table, id] =
                [&one.of.database, &one.of.table, &one.id].map(|text| sql::literal(text));
            format!("({database}, {table}, {id})")
        })
        .collect();
    let recorded = match recorded.is_empty() {
        true => String::new(),
        false => format!(
            " OR (database, table, mutation_id) IN ({})",
            recorded.into_iter().collect::<Vec<_>>().join(", ")
        ),
    };
    let statement = format!(
        "SELECT database, table, mutation_id, command, toString(create_time) AS created, \
         toUnixTimestamp(create_time) AS created_at, parts_to_do, is_done, \
         latest_fail_reason FROM system.mutations WHERE database IN ({}) AND (NOT is_done{recorded}) \
         ORDER BY database, table, create_time, mutation_id",
        databases.join(", ")
    );
    vec![Read::Sql { name: MUTATIONS, statement }]
}

/// Returns the databases that a file's statements touch.
fn databases(resource: &Resource) -> BTreeSet<&str> {
    let own = Some(resource.text("database")).filter(|database| !database.is_empty());
    own.into_iter().chain(named(resource, 0).into_iter().map(|(database, _)| database)).collect()
}

/// Returns the tables that a file's statements name to change them, from a statement on.
pub fn named(resource: &Resource, first: usize) -> BTreeSet<(&str, &str)> {
    let statements = resource.attrs.get("statements").map_or(&[][..], Value::items);
    let pairs = statements.iter().skip(first).flat_map(|statement| {
        ["touches", "writes"].into_iter().filter_map(|name| statement.get(name)).flat_map(Value::items)
    });
    pairs.filter_map(pair).collect()
}

/// Returns the tables that files changed half-way: they are not as they were recorded, and not by hand.
pub fn halfway<'a>(wanted: &[&'a Resource], world: &World) -> BTreeSet<(&'a str, &'a str)> {
    let mut begun: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for row in world.snapshot.rows(EVENTS) {
        let at = usize::try_from(number(row, "statement")).unwrap_or_default().saturating_sub(1);
        begun.entry(ledger::identity(row)).or_default().insert(at);
    }
    let partial = wanted.iter().filter_map(|resource| Some((*resource, begun.get(&resource.identity)?)));
    partial.flat_map(|(resource, begun)| changed(resource, |at| begun.contains(&at))).collect()
}

/// Returns the tables whose definitions some statements of a file may change.
fn changed(resource: &Resource, is: impl Fn(usize) -> bool) -> BTreeSet<(&str, &str)> {
    let statements = resource.attrs.get("statements").map_or(&[][..], Value::items).iter().enumerate();
    let statements = statements.filter(|(at, _)| is(*at)).map(|(_, statement)| statement);
    statements
        .filter_map(|statement| statement.get("touches"))
        .flat_map(Value::items)
        .filter_map(pair)
        .collect()
}

fn pair(value: &Value) -> Option<(&str, &str)> {
    match value.items() {
        [Value::String(database), Value::String(table)] => Some((database.as_str(), table.as_str())),
        _ => None,
    }
}

/// Reads mutations as an event has them: `[["database", "table", "id", made at], …]`.
fn recorded(json: &str) -> Vec<Mutation> {
    let rows: Vec<(String, String, String, u64)> = serde_json::from_str(json).unwrap_or_default();
    rows.into_iter()
        .map(|(database, table, id, created)| Mutation { of: TableName { database, table }, id, created })
        .collect()
}

/// What became of what a statement left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It left nothing behind.
    None,
    /// Its mutations go on, or are done meanwhile.
    GoesOn,
    /// One of them fails.
    Fails,
    /// One of them is gone: it was killed.
    Killed,
}

/// Returns what an event's row left behind, and what became of it, as attributes of the event.
pub fn left(row: &Row, world: &World) -> BTreeMap<String, Value> {
    let json = text(row, "mutations");
    let mutations = recorded(json);
    // Who may not see mutations cannot say that they are gone.
    if mutations.is_empty() || !world.snapshot.rows.contains_key(MUTATIONS) {
        return BTreeMap::new();
    }
    let found: Vec<Option<&Row>> = mutations.iter().map(|one| find(one, world)).collect();
    let failing = |row: &&Row| number(row, "is_done") == 0 && !text(row, "latest_fail_reason").is_empty();
    let mut attrs = BTreeMap::from([("mutations".to_owned(), json.into())]);
    let fate = match found.iter().flatten().copied().find(failing) {
        Some(row) => {
            attrs.insert("reason".into(), text(row, "latest_fail_reason").into());
            "fails"
        }
        None if found.contains(&None) => "killed",
        None => "goes_on",
    };
    attrs.insert("fate".into(), fate.into());
    attrs
}

fn find<'a>(wanted: &Mutation, world: &'a World) -> Option<&'a Row> {
    world.snapshot.rows(MUTATIONS).iter().find(|row| id(row) == *wanted)
}

fn id(row: &Row) -> Mutation {
    let [database, table, id] =
        ["database", "table", "mutation_id"].map(|column| text(row, column).to_owned());
    Mutation { of: TableName { database, table }, id, created: number(row, "created_at") }
}

/// Returns what became of what an event's statement left behind.
pub fn fate(event: &Value) -> Fate {
    match event.get("fate").and_then(Value::as_str) {
        Some("goes_on") => Fate::GoesOn,
        Some("fails") => Fate::Fails,
        Some("killed") => Fate::Killed,
        _ => Fate::None,
    }
}

/// Returns the mutations of an event.
pub fn mutations(event: &Value) -> Vec<Mutation> {
    recorded(event.get("mutations").and_then(Value::as_str).unwrap_or_default())
}

/// Returns the statements before one, by index, whose mutations are to be waited for.
pub fn left_behind(live: &Attrs, first: usize) -> Vec<(usize, &Value)> {
    let events = live.get("events").map_or(&[][..], Value::items).iter();
    let mut left: Vec<(usize, &Value)> = events
        .filter(|event| fate(event) == Fate::GoesOn)
        .filter_map(|event| Some((super::resume::index(event)?, event)))
        .filter(|(at, _)| *at < first)
        .collect();
    left.sort_by_key(|(at, _)| *at);
    left
}

/// Returns what a reviewer should know of a statement whose mutations are waited for.
pub fn note(at: usize, event: &Value) -> String {
    let names: Vec<String> = mutations(event).iter().map(|one| format!("{} of {}", one.id, one.of)).collect();
    format!(
        "statement {} was run before; its mutation {} is waited for, where it is not done yet",
        at + 1,
        names.join(", ")
    )
}

/// Returns the tables that a statement changes by a mutation.
pub fn tables(statement: &str, current: &str) -> Vec<TableName> {
    let analysis = migrate::analyze_sql(statement).unwrap_or_default();
    if !analysis.flags.mutation || analysis.flags.temporary {
        return Vec::new();
    }
    let current = if current.is_empty() { "default" } else { current };
    let changed = analysis.objects.into_iter().filter(|object| {
        matches!(object.role, Role::Alters | Role::Writes) && object.kind == ObjectKind::Table
    });
    let tables: BTreeSet<TableName> = changed
        .map(|object| TableName {
            database: object.database.unwrap_or_else(|| current.to_owned()),
            table: object.name,
        })
        .collect();
    tables.into_iter().collect()
}

/// Finds what stands in the way of the statements that are to run, and what they do not wait for.
pub fn review(wanted: &Resource, live: &Attrs, first: usize, world: &World, lowered: &mut Lowered) {
    let own: BTreeSet<Mutation> =
        left_behind(live, first).into_iter().flat_map(|(_, event)| mutations(event)).collect();
    let touched = named(wanted, first);
    let open = unfinished(world).filter(|row| {
        touched.contains(&(text(row, "database"), text(row, "table"))) && !own.contains(&id(row))
    });
    lowered.findings.extend(open.map(|row| findings::in_the_way(wanted, row)));
}

fn unfinished<'a>(world: &'a World) -> impl Iterator<Item = &'a Row> {
    world.snapshot.rows(MUTATIONS).iter().filter(|row| number(row, "is_done") == 0)
}
