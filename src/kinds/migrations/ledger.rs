//! What the ledger says of each file, and how that differs from the file.

use std::collections::{BTreeMap, BTreeSet};

use super::{import, is_baselined, number, tables, waiting};
use crate::kinds::World;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::plan::AttrDiff;
use crate::model::snapshot::{Caps, Read, Row, number as column, text};
use crate::model::tracking::{self, TABLES};
use crate::model::{self, Attrs, Resource, Settings, Value, sql};

/// The rows of files that are done, the newest of each.
pub const APPLIED: &str = "migrations_applied";
/// The newest event of each statement of the files that are not done.
pub const EVENTS: &str = "migrations_events";

/// Returns the reads of the ledger. Of statements only those of files that are not done are read.
pub fn reads(settings: &Settings, caps: &Caps) -> Vec<Read> {
    let scope = sql::literal(&settings.scope);
    let tables = TABLES.iter().filter_map(|table| tracking::source(model::ledger::table(table)?, caps));
    let files: Vec<String> = tables
        .map(|table| {
            format!(
                "SELECT tenant, folder, version, name, checksum, status, run_id, at, \
                 toUInt64(toUnixTimestamp(at)) AS seconds FROM {table} WHERE scope = {scope}"
            )
        })
        .collect();
    if files.is_empty() {
        return Vec::new();
    }
    let files = files.join(" UNION ALL ");
    let applied = format!("SELECT * FROM ({files}) ORDER BY at DESC LIMIT 1 BY tenant, folder, version");
    let mut reads = vec![Read::Sql { name: APPLIED, statement: applied }];
    if caps.has_table("ops.charter_migration_events") {
        let has_mutations = caps.has_column("ops.charter_migration_events", "mutations");
        let mutations = if has_mutations { "mutations" } else { "'' AS mutations" };
        let events = format!(
            "SELECT tenant, folder, version, statement, status, token_sha256, query_id, error, {mutations}, toString(at) AS at \
             FROM ops.charter_migration_events WHERE scope = {scope} \
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

fn event(row: &Row, world: &World) -> Value {
    let texts = ["status", "token_sha256", "query_id", "error", "at"];
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

/// Finds files that the ledger has and the folders, which are still declared, have not.
pub fn survey(wanted: &[&Resource], world: &World) -> Vec<Finding> {
    let declared: BTreeSet<&str> = wanted.iter().map(|resource| resource.identity.as_str()).collect();
    let folders: BTreeMap<(&str, &str), &Resource> = wanted
        .iter()
        .map(|resource| ((resource.text("tenant"), resource.text("folder")), *resource))
        .collect();
    let rows = world.snapshot.rows(APPLIED).iter();
    let missing = rows.filter(|row| !declared.contains(identity(row).as_str()));
    let missing =
        missing.filter_map(|row| Some((row, folders.get(&(text(row, "tenant"), text(row, "folder")))?)));
    missing
        .map(|(row, neighbour)| {
            Finding::new(
                "CH411",
                Severity::Drift,
                Category::Tracking,
                "the file of an applied migration is missing",
            )
            .at(&neighbour.addr)
            .compare(
                format!("{} in folder {}", text(row, "name"), neighbour.text("folder")),
                format!(
                    "no file of version {}; applied {} by run {}",
                    column(row, "version"),
                    text(row, "at"),
                    text(row, "run_id")
                ),
            )
            .help("bring the file back from version control: it is how a new tenant gets what this one has")
        })
        .collect()
}

/// Returns charter's rows of applied files.
pub fn recorded<'a>(world: &'a World) -> &'a [Row] {
    world.snapshot.rows(APPLIED)
}

/// Returns a finding where a file was edited after it was applied.
pub fn edited(wanted: &Resource, live: &Attrs) -> Finding {
    let said = |name: &str| live.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Finding::new("CH410", Severity::Error, Category::Tracking, "a migration was edited after it was applied")
        .at(&wanted.addr)
        .compare(
            format!("checksum {}, applied {} by run {}", said("checksum"), said("at"), said("run_id")),
            format!("checksum {} in {}", wanted.text("checksum"), wanted.text("path")),
        )
        .help(format!("bring {} back as it was applied: git log -p -- {}", wanted.text("file"), wanted.text("path")))
        .help("put the change into a new file with a higher version; comments and white space may be edited freely")
}

/// Returns a finding where a file comes before one that is applied already.
pub fn out_of_order(wanted: &Resource, live: &Attrs) -> Option<Finding> {
    let (version, newest) = (number(&wanted.attrs, "version"), number(live, "newest"));
    let partial = live.get("status").and_then(Value::as_str) == Some("partial");
    (version < newest && !partial).then(|| {
        Finding::new(
            "CH412",
            Severity::Error,
            Category::Tracking,
            "a migration comes before one that is applied already",
        )
        .at(&wanted.addr)
        .compare(format!("a version above {newest}"), format!("version {version} in {}", wanted.text("path")))
        .help("rename the file to a higher version: other databases applied the newer one without it")
    })
}
