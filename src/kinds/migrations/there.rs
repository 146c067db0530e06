//! The tables, views and dictionaries that are there of those that pending statements name, with their
//! engines and sizes: one query for what a statement costs and for what it misses.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{self, APPLIED};
use crate::migrate::analyze::{Analysis, ObjectKind, ObjectRef};
use crate::migrate::analyze_sql;
use crate::migrate::rights::OWN;
use crate::model::snapshot::Read;
use crate::model::{Resource, Snapshot, Value, sql};

/// The rows: database, table, engine, total_rows, total_bytes.
pub const THERE: &str = "migrations_there";

/// From how many databases on only the names in question are read, without those near them.
const MANY: usize = 16;

/// How long the list of names may be, in bytes; with more, all tables of their databases are read
/// (`max_query_size` is 262,144).
const LONGEST: usize = 120_000;

/// Returns the full name of a table, view or dictionary; none for other objects and those of the server.
pub fn resolve<'a>(object: &'a ObjectRef, current: Option<&'a str>) -> Option<(&'a str, &'a str)> {
    let table = match object.kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Dictionary => true,
        ObjectKind::Database | ObjectKind::Function | ObjectKind::Other => false,
    };
    let database = object.database.as_deref().or(current)?;
    let plain = !object.name.starts_with(".inner") && !OWN.contains(&database);
    (table && plain).then_some((database, &object.name))
}

/// What pending statements name.
#[derive(Default)]
struct Named {
    databases: BTreeSet<String>,
    names: BTreeSet<String>,
    /// Whether a database is dropped: all of its tables are at stake.
    whole: bool,
}

impl Named {
    fn add(&mut self, analysis: &Analysis, current: Option<&str>) {
        for object in &analysis.objects {
            if let Some((database, name)) = resolve(object, current) {
                self.databases.insert(sql::literal(database));
                self.names.insert(sql::literal(name));
            } else if object.kind == ObjectKind::Database && !OWN.contains(&object.name.as_str()) {
                self.databases.insert(sql::literal(&object.name));
                self.whole = true;
            }
        }
    }
}

/// Returns the read; nothing where all files are done.
pub fn reads(wanted: &[&Resource], snapshot: &Snapshot) -> Vec<Read> {
    let done: BTreeSet<String> = snapshot.rows(APPLIED).iter().map(ledger::identity).collect();
    let mut known: BTreeMap<&str, Analysis> = BTreeMap::new();
    let mut named = Named::default();
    for file in wanted.iter().filter(|file| !done.contains(&file.identity)) {
        let current = Some(file.text("database")).filter(|name| !name.is_empty());
        for statement in file.attrs.get("statements").map_or(&[][..], Value::items) {
            let text = statement.get("sql").and_then(Value::as_str).unwrap_or_default();
            let analysis = known.entry(text).or_insert_with(|| analyze_sql(text).unwrap_or_default());
            named.add(analysis, current);
        }
    }
    let Named { databases, names, whole } = named;
    if databases.is_empty() {
        return Vec::new();
    }
    let few = databases.len() < MANY;
    let list = |items: BTreeSet<String>| items.into_iter().collect::<Vec<_>>().join(", ");
    let (databases, names) = (list(databases), list(names));
    let only = match names.len() {
        _ if few || whole => String::new(),
        length if length > LONGEST => String::new(),
        _ => format!(" AND name IN ({names})"),
    };
    let statement = format!(
        "SELECT database, name AS table, engine, total_rows, total_bytes FROM system.tables \
         WHERE database IN ({databases}){only}"
    );
    vec![Read::Sql { name: THERE, statement }]
}
