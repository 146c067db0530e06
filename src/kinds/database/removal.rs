//! The removal of a database: what is at stake, what else needs it, and the statement.

use std::collections::{BTreeMap, BTreeSet};

use super::NAME;
use crate::isolation::objects::Object;
use crate::kinds::common::buried::{self, Grave};
use crate::kinds::{Change, Lowered, World};
use crate::model::cost::{Cost, Undo, Work};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::gate::Stake;
use crate::model::op::{Op, Sql};
use crate::model::registry::Entry;
use crate::model::snapshot::{Caps, Read, Row, number, text, texts};
use crate::model::{Action, Resource, Snapshot, Step, Value, sql};

/// What undeclared databases hold: database, tables (names), uncounted, total_rows, total_bytes.
const STAKES: &str = "database_stakes";
/// The definitions that may need a database that is to go.
const DEPENDENTS: &str = "database_dependents";
/// How many names fit into a condition (`multiSearchAny` takes 255 texts at most).
const MANY: usize = 200;

/// Returns the read of what is in the databases that are recorded and not declared; nothing where
/// there are none. All at once, however many they are.
pub fn reads(wanted: &[&Resource], owned: &[&Entry]) -> Option<Read> {
    let wanted: BTreeSet<&str> = wanted.iter().map(|resource| resource.identity.as_str()).collect();
    let owned = owned.iter().map(|entry| entry.identity.as_str());
    let gone: Vec<String> = owned.filter(|name| !wanted.contains(name)).map(sql::literal).collect();
    let only = match gone.len() {
        0 => return None,
        1..=MANY => format!("database IN ({})", gone.join(", ")),
        _ => "database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA')".to_owned(),
    };
    // What a view shows is counted where it is kept.
    let keeps = "NOT endsWith(engine, 'View') AND engine != 'Dictionary'";
    let statement = format!(
        "SELECT database, arraySort(groupArray(name)) AS tables, countIf({keeps} AND isNull(total_rows)) AS uncounted, \
         sumIf(total_rows, {keeps}) AS rows_known, sumIf(total_bytes, {keeps}) AS bytes_known \
         FROM system.tables WHERE {only} GROUP BY database ORDER BY database"
    );
    Some(Read::Sql { name: STAKES, statement })
}

/// Returns the names of the tables of an undeclared database; none where they were not read.
pub fn tables(identity: &str, snapshot: &Snapshot) -> Option<Value> {
    let row = stakes(identity, snapshot)?;
    Some(Value::strings(row.map(|row| texts(row, "tables")).unwrap_or_default()))
}

/// Returns what is in a database.
pub fn stake(identity: &str, snapshot: &Snapshot) -> Stake {
    match stakes(identity, snapshot) {
        None => Stake::default(),
        Some(None) => Stake { tables: Some(0), uncounted: Some(0), rows: Some(0), bytes: Some(0) },
        Some(Some(row)) => {
            let uncounted = number(row, "uncounted");
            let tables = u64::try_from(texts(row, "tables").len()).ok();
            let sum = |column: &str| match row.get(column) {
                Some(value) if !value.is_null() => Some(number(row, column)),
                _ if uncounted == 0 => Some(0),
                _ => None,
            };
            Stake { tables, uncounted: Some(uncounted), rows: sum("rows_known"), bytes: sum("bytes_known") }
        }
    }
}

/// Returns the row of a database, which one without tables has not; none where nothing was read.
fn stakes<'a>(identity: &str, snapshot: &'a Snapshot) -> Option<Option<&'a Row>> {
    let rows = snapshot.rows.get(STAKES)?;
    // They come by name.
    let at = rows.partition_point(|row| text(row, "database") < identity);
    let found = rows.get(at).filter(|row| text(row, "database") == identity);
    Some(found.or_else(|| rows.iter().find(|row| text(row, "database") == identity)))
}

/// Lowers the removal of a database.
pub fn lower(change: &Change, world: &World) -> Lowered {
    let mut drop = Sql::new(format!("DROP DATABASE {} SYNC", sql::ident(change.identity)));
    if world.caps().at_least(24, 1) {
        // How much goes was shown and approved; half of a database must not stay because a table of it
        // is large (settings "max_table_size_to_drop", per query since 23.12).
        for setting in ["max_table_size_to_drop", "max_partition_size_to_drop"] {
            drop.settings.insert(setting.to_owned(), "0".to_owned());
        }
    }
    let Stake { tables, rows, bytes, .. } = stake(change.identity, world.snapshot);
    let count = match tables {
        None => "unknown tables".to_owned(),
        Some(1) => "1 table".to_owned(),
        Some(count) => format!("{count} tables"),
    };
    let cost = Cost {
        statement: 1,
        what: format!("DROP DATABASE ({count})"),
        database: change.identity.to_owned(),
        table: String::new(),
        rows,
        bytes,
        work: Work::RemovesAll,
        undo: Undo::Never,
    };
    Lowered { costs: vec![cost], ..Lowered::ops([drop.into()]) }
}

/// Returns the tombstone of what was recorded of a database: of its tables, and of all files of the
/// tenant that it belonged to.
pub fn buried(entry: &Entry, world: &World) -> Vec<Op> {
    let tenant = entry.spec.get("tenant").and_then(serde_json::Value::as_str).unwrap_or_default();
    let grave = Grave { tenant, database: &entry.identity, ..Grave::default() };
    let reason = format!("database {} is gone", entry.identity);
    buried::row(grave, reason, world.settings, world.caps()).into_iter().collect()
}

/// Returns the read of the definitions that may need databases that steps remove.
pub fn asks(steps: &[Step], caps: &Caps) -> Vec<Read> {
    let gone: Vec<&str> = removed(steps).map(|step| step.identity.as_str()).collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let loads = caps.has_column("system.tables", "loading_dependencies_database");
    let sources = if loads {
        "loading_dependencies_database AS source_databases, loading_dependencies_table AS source_tables"
    } else {
        "[] AS source_databases, [] AS source_tables"
    };
    let list = |names: Vec<String>| names.join(", ");
    let literals = list(gone.iter().map(|name| sql::literal(name)).collect());
    let named = if gone.len() > MANY {
        "1".to_owned()
    } else {
        // A definition has a name bare, or quoted and escaped.
        let both = gone.iter().flat_map(|name| [(*name).to_owned(), sql::ident(name).replace('`', "")]);
        let both: BTreeSet<String> = both.map(|name| sql::literal(&name)).collect();
        let loading = if loads {
            format!(" OR hasAny(loading_dependencies_database, [{literals}])")
        } else {
            String::new()
        };
        format!("(multiSearchAny(create_table_query, [{}]){loading})", list(both.into_iter().collect()))
    };
    let own = if gone.len() > MANY { String::new() } else { format!(", {literals}") };
    let statement = format!(
        "SELECT database, name, engine, create_table_query AS query, {sources} FROM system.tables \
         WHERE database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA'{own}) AND engine IN \
         ('View', 'MaterializedView', 'LiveView', 'WindowView', 'Dictionary', 'Distributed', 'Merge', 'Buffer') \
         AND {named}"
    );
    vec![Read::Sql { name: DEPENDENTS, statement }]
}

/// Finds databases that steps remove and that objects of other databases need.
pub fn foresees(steps: &[Step], snapshot: &Snapshot) -> Vec<Finding> {
    let gone: BTreeMap<&str, &Step> = removed(steps).map(|step| (step.identity.as_str(), step)).collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let mut needed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for row in snapshot.rows(DEPENDENTS) {
        let database = text(row, "database");
        for name in names(row).iter().filter(|name| name.as_str() != database && !gone.contains_key(database))
        {
            if let Some((name, _)) = gone.get_key_value(name.as_str()) {
                let who = format!("{}.{} ({})", database, text(row, "name"), text(row, "engine"));
                needed.entry(*name).or_default().insert(who);
            }
        }
    }
    let finding = |(name, who): (&str, BTreeSet<String>)| {
        let step = gone.get(name)?;
        let who: Vec<String> = who.into_iter().collect();
        let summary = format!("database {name} is needed by objects of other databases");
        let finding = Finding::new("CH154", Severity::Error, Category::Access, summary)
            .at(&step.addr)
            .compare("nothing else reads it or writes to it", who.join("\n"))
            .help("drop or change them first: they would fail from then on")
            .help("or keep the data: leave data_loss out, and only the access goes");
        Some(finding)
    };
    needed.into_iter().filter_map(finding).collect()
}

/// Returns the databases that a definition names.
fn names(row: &Row) -> BTreeSet<String> {
    let object = Object::new(row);
    let target = object.target.iter().map(|(database, _)| database.clone());
    let mut names: BTreeSet<String> =
        object.names.iter().map(|(database, _)| database.clone()).chain(target).collect();
    if matches!(object.engine.as_str(), "Merge" | "Buffer") {
        names.extend(Object::words(text(row, "query")));
    }
    names
}

fn removed(steps: &[Step]) -> impl Iterator<Item = &Step> {
    steps.iter().filter(|step| step.kind == NAME && step.action == Action::Delete)
}
