//! What the ledger says of each file, and how that differs from the file.

use std::collections::{BTreeMap, BTreeSet};

use super::{import, is_baselined, tables, waiting};
use crate::kinds::World;
use crate::kinds::common::buried;
use crate::model::plan::AttrDiff;
use crate::model::snapshot::{Caps, Read, Row, number as column, text};
use crate::model::tracking::{self, TABLES};
use crate::model::{self, Attrs, Resource, Settings, Value, sql};

/// The rows of files that are done, the newest of each.
pub const APPLIED: &str = "migrations_applied";
/// The newest event of each statement of the files that are not done.
pub const EVENTS: &str = "migrations_events";

/// What is read of each row of a file that is done.
const COLUMNS: &str = "tenant, folder, version, name, checksum, status, \
    toUInt64(toUnixTimestamp(at)) AS seconds, run_id, at";

/// Returns the query of columns of the rows of files that are done, all that there are of each;
/// none where no table of charter's has the last of the columns.
pub fn rows(columns: &str, settings: &Settings, caps: &Caps) -> Option<String> {
    let last = columns.rsplit(", ").next().unwrap_or_default();
    let (scope, lives) = (sql::literal(&settings.scope), buried::lives("at", settings, caps));
    let selects: Vec<String> = TABLES
        .iter()
        .filter(|table| {
            let column = tracking::Place::of(table, caps).column(last);
            caps.has_column(&tracking::qualified(table), &column)
        })
        .filter_map(|table| tracking::source(model::ledger::table(table)?, caps))
        .map(|source| format!("SELECT {columns} FROM {source} WHERE scope = {scope} AND {lives}"))
        .collect();
    (!selects.is_empty()).then(|| selects.join(" UNION ALL "))
}

/// Returns the reads of the ledger. Of statements only those of files that are not done are read.
pub fn reads(settings: &Settings, caps: &Caps) -> Vec<Read> {
    let Some(files) = rows(COLUMNS, settings, caps) else { return Vec::new() };
    let scope = sql::literal(&settings.scope);
    let applied = format!("SELECT * FROM ({files}) ORDER BY at DESC LIMIT 1 BY tenant, folder, version");
    let mut reads = vec![Read::Sql { name: APPLIED, statement: applied }];
    if caps.has_table("ops.charter_migration_events") {
        let has_mutations = caps.has_column("ops.charter_migration_events", "mutations");
        let lives = buried::lives("charter_migration_events.at", settings, caps);
        let mutations = if has_mutations { "mutations" } else { "'' AS mutations" };
        let events = format!(
            "SELECT tenant, folder, version, statement, status, token_sha256, query_id, error, run_id, {mutations}, toString(at) AS at, \
             if(status IN ('started', 'failed'), before, '') AS before_facts \
             FROM ops.charter_migration_events WHERE scope = {scope} AND {lives} \
             AND (tenant, folder, version) NOT IN (SELECT tenant, folder, version FROM ({files})) \
             ORDER BY charter_migration_events.at DESC LIMIT 1 BY tenant, folder, version, statement"
        );
        reads.push(Read::Sql { name: EVENTS, statement: events });
    }
    reads
}

/// Returns the identity of the file that a row is about.
pub fn identity(row: &Row) -> String {
    format!("{}|{}|{}", text(row, "tenant"), text(row, "folder"), column(row, "version"))
}

/// Returns what the ledger says of files: the status `applied`, `baselined`, `partial` or `pending`.
pub fn observe(identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
    let mut newest: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut files: BTreeMap<String, Attrs> = BTreeMap::new();
    for row in world.snapshot.rows(APPLIED) {
        let version = newest.entry((text(row, "tenant"), text(row, "folder"))).or_default();
        *version = (*version).max(column(row, "version"));
        let attrs = ["status", "checksum", "name", "run_id", "at"]
            .map(|name| (name.to_owned(), text(row, name).into()));
        files.insert(identity(row), attrs.into());
    }
    let mut events: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in world.snapshot.rows(EVENTS) {
        events.entry(identity(row)).or_default().push(event(row, world));
    }
    let drifted = tables::drifted(world);
    let mut imports = import::imports(world);
    for ((tenant, folder), version) in &imports.newest {
        let newest = newest.entry((tenant, folder)).or_default();
        *newest = (*newest).max(*version);
    }
    let mut observed = BTreeMap::new();
    for identity in identities {
        let mut parts = identity.splitn(3, '|');
        let (tenant, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let mut attrs = files.remove(*identity).unwrap_or_default();
        if !attrs.contains_key("status") {
            let events = events.remove(*identity).unwrap_or_default();
            let status = if events.is_empty() { "pending" } else { "partial" };
            // What charter itself began, it knows better.
            if let (true, Some(import)) = (events.is_empty(), imports.files.remove(*identity)) {
                attrs.insert(import::IMPORTED.into(), import);
            }
            if let Some(columns) = imports.columns.remove(*identity) {
                attrs.insert(import::COLUMNS.into(), columns);
            }
            attrs.insert("status".into(), status.into());
            attrs.insert("events".into(), Value::List(events));
        }
        #[expect(clippy::cast_precision_loss, reason = "versions are counters or dates, below 2^53")]
        let newest = newest.get(&(tenant, folder)).map_or(0.0, |version| *version as f64);
        attrs.insert("newest".into(), Value::Number(newest));
        if let Some(tables) = drifted.get(tenant) {
            attrs.insert("drifted".into(), Value::strings(tables.iter().cloned()));
        }
        observed.insert((*identity).to_owned(), attrs);
    }
    tables::attach(&mut observed, world);
    observed
}

/// Returns the folders that have files that are done: tenant and folder.
pub fn folders<'a>(world: &'a World) -> BTreeSet<(&'a str, &'a str)> {
    world.snapshot.rows(APPLIED).iter().map(|row| (text(row, "tenant"), text(row, "folder"))).collect()
}

fn event(row: &Row, world: &World) -> Value {
    let texts = ["status", "token_sha256", "query_id", "error", "run_id", "at"];
    let mut event: BTreeMap<String, Value> =
        texts.iter().map(|name| ((*name).to_owned(), text(row, name).into())).collect();
    let statement = u32::try_from(column(row, "statement")).unwrap_or_default();
    event.insert("statement".into(), Value::Number(f64::from(statement)));
    event.extend(waiting::left(row, world));
    Value::Map(event)
}

/// Returns whether a file is done.
pub fn is_done(live: &Attrs) -> bool {
    matches!(live.get("status").and_then(Value::as_str), Some("applied" | "baselined" | "imported"))
}

/// Compares a file with what the ledger says of it.
pub fn diff(wanted: &Resource, live: &Attrs) -> Vec<AttrDiff> {
    let (attr, after) = if is_done(live) {
        ("checksum", wanted.attrs.get("checksum").cloned().unwrap_or(Value::Null))
    } else {
        (
            "status",
            if is_baselined(wanted) {
                "baselined"
            } else if live.contains_key(import::IMPORTED) {
                import::STATUS
            } else {
                "applied"
            }
            .into(),
        )
    };
    let before = live.get(attr).cloned().unwrap_or(Value::Null);
    if before == after { Vec::new() } else { vec![AttrDiff { attr: attr.to_owned(), before, after }] }
}

/// Returns charter's rows of applied files.
pub fn recorded<'a>(world: &'a World) -> &'a [Row] {
    world.snapshot.rows(APPLIED)
}
