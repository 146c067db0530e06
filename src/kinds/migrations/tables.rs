//! What the managed tables look like: recorded after each file, compared when planning.
//!
//! `ops.charter_tables` has the columns of each table that a migration touched, as the server
//! itself told them right after. A table that differs since was changed by hand; nothing makes it
//! again, empty, and a later file does not bless what drifted.

use std::collections::{BTreeMap, BTreeSet};

use super::waiting;
use crate::kinds::World;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::{Sql, Text};
use crate::model::snapshot::{Caps, Read, Row, text};
use crate::model::{Resource, Settings, sql};

const RECORDED: &str = "tables_recorded";
const LIVE: &str = "tables_live";

/// The columns of a table as one JSON text: name and type by position.
const COLUMNS: &str =
    "toJSONString(arrayMap(c -> [c.2, c.3], arraySort(groupArray((position, name, type)))))";

/// Returns the reads: what was recorded, and the same of what is there.
pub fn reads(settings: &Settings, caps: &Caps) -> Vec<Read> {
    if !caps.has_table("ops.charter_tables") {
        return Vec::new();
    }
    let scope = sql::literal(&settings.scope);
    let recorded = format!(
        "SELECT tenant, database, table, columns, server_version FROM ops.charter_tables WHERE scope = {scope} \
         ORDER BY at DESC LIMIT 1 BY database, table"
    );
    let live = format!(
        "SELECT database, table, {COLUMNS} AS columns FROM system.columns \
         WHERE database IN (SELECT database FROM ops.charter_tables WHERE scope = {scope}) GROUP BY database, table"
    );
    vec![Read::Sql { name: RECORDED, statement: recorded }, Read::Sql { name: LIVE, statement: live }]
}

/// Returns the statement that records what tables look like now; those that are gone as such.
pub fn record(scope: &str, tenant: &str, database: &str, tables: &BTreeSet<String>) -> Sql {
    let statement = format!(
        "INSERT INTO ops.charter_tables (scope, tenant, database, table, engine, columns, server_version) \
         SELECT {{scope:String}}, {{tenant:String}}, {{database:String}}, wanted.name, t.engine, \
         if(c.columns = '', '[]', c.columns), version() \
         FROM (SELECT arrayJoin(JSONExtract({{tables:String}}, 'Array(String)')) AS name) AS wanted \
         LEFT JOIN (SELECT name, engine FROM system.tables WHERE database = {{database:String}}) AS t ON t.name = wanted.name \
         LEFT JOIN (SELECT table, {COLUMNS} AS columns FROM system.columns WHERE database = {{database:String}} \
         GROUP BY table) AS c ON c.table = wanted.name"
    );
    let mut sql = Sql::new(statement)
        .param("scope", Text::Plain(scope.to_owned()))
        .param("tenant", Text::Plain(tenant.to_owned()))
        .param("database", Text::Plain(database.to_owned()))
        .param("tables", Text::Plain(serde_json::json!(tables).to_string()));
    sql.settings = [("async_insert".to_owned(), "0".to_owned())].into();
    sql
}

/// A managed table that is not as it was recorded.
struct Drifted<'a> {
    recorded: &'a Row,
    found: Option<&'a str>,
}

fn compare<'a>(world: &'a World) -> Vec<Drifted<'a>> {
    let key = |row: &'a Row| (text(row, "database"), text(row, "table"));
    let live: BTreeMap<_, _> =
        world.snapshot.rows(LIVE).iter().map(|row| (key(row), text(row, "columns"))).collect();
    let recorded = world.snapshot.rows(RECORDED).iter().filter(|row| text(row, "columns") != "[]");
    recorded
        .map(|row| Drifted { recorded: row, found: live.get(&key(row)).copied() })
        .filter(|table| table.found != Some(text(table.recorded, "columns")))
        .collect()
}

/// Returns the tables that drifted, by tenant: `database.table`.
pub fn drifted(world: &World) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for table in compare(world) {
        let name = format!("{}.{}", text(table.recorded, "database"), text(table.recorded, "table"));
        all.entry(text(table.recorded, "tenant").to_owned()).or_default().insert(name);
    }
    all
}

/// Finds managed tables that are missing or have other columns.
pub fn survey(wanted: &[&Resource], world: &World) -> Vec<Finding> {
    let last: BTreeMap<&str, &Resource> =
        wanted.iter().map(|resource| (resource.text("tenant"), *resource)).collect();
    let halfway = waiting::halfway(wanted, world);
    let drifted = compare(world).into_iter();
    let drifted = drifted.filter(|table| {
        !halfway.contains(&(text(table.recorded, "database"), text(table.recorded, "table")))
    });
    drifted.filter_map(|table| Some(finding(&table, last.get(text(table.recorded, "tenant"))?))).collect()
}

fn finding(table: &Drifted, resource: &Resource) -> Finding {
    let addr = match resource.tenant.as_deref() {
        Some(_) => resource.addr.block(),
        None => resource.addr.clone(),
    };
    let name = format!("{}.{}", text(table.recorded, "database"), text(table.recorded, "table"));
    let expected = columns(text(table.recorded, "columns"));
    let Some(found) = table.found else {
        return Finding::new("CH501", Severity::Drift, Category::Tables, "a managed table is missing")
            .at(&addr)
            .compare(format!("{name} with the columns {}", list(&expected)), "no such table")
            .help(format!("was it dropped by hand? within eight minutes of a DROP without SYNC: UNDROP TABLE {name}"))
            .help("else restore it from a backup, or make it again by a new migration: charter never makes it again, empty, by itself");
    };
    let found = columns(found);
    let only = |mine: &[(String, String)], theirs: &[(String, String)]| -> Vec<(String, String)> {
        mine.iter().filter(|column| !theirs.contains(column)).cloned().collect()
    };
    let (lost, strange) = (only(&expected, &found), only(&found, &expected));
    let reordered = lost.is_empty() && strange.is_empty();
    let told = |differing: &[(String, String)], all: &[(String, String)]| match (reordered, differing) {
        (true, _) => format!("{name}: the columns in the order {}", list(all)),
        (false, []) => format!("{name}: no other columns than those"),
        (false, differing) => format!("{name}: {}", list(differing)),
    };
    Finding::new(
        "CH502",
        Severity::Drift,
        Category::Tables,
        "a managed table has other columns than its migrations gave it",
    )
    .at(&addr)
    .compare(told(&lost, &expected), told(&strange, &found))
    .help("put it right by hand (ALTER TABLE …), or write a migration that makes the change everywhere")
}

const NOTHING: &str = "nothing";

fn columns(json: &str) -> Vec<(String, String)> {
    serde_json::from_str(json).unwrap_or_default()
}

fn list(columns: &[(String, String)]) -> String {
    if columns.is_empty() {
        return NOTHING.to_owned();
    }
    let items: Vec<String> = columns.iter().map(|(name, ty)| format!("{name} {ty}")).collect();
    items.join(", ")
}
