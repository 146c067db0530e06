//! The tables of applied files where another program made them: what their columns mean, and
//! whether charter's can be added. Shared by the kind of charter's own tables, which takes them
//! over, and by migrations, which read and go on filling them.
//!
//! Today's runner is known by its two tables alone; its columns are matched by the names that
//! migration runners use, in this order of preference.

use crate::model::ledger::DATABASE;
use crate::model::snapshot::{Caps, Read, Row, text};
use crate::model::tracking::{Place, TABLES, is_charters, qualified};
use crate::model::{Snapshot, ledger, sql};

/// The name of the read: engine, sorting key and columns of the tables.
const SHARED: &str = "tracking_tables";

/// Names of the column that holds the version.
const VERSION: &[&str] = &["version", "version_id", "migration_version", "migration_id", "migration", "id"];
/// Names of the column that holds the name of the file, or what it says.
const NAME: &[&str] =
    &["name", "filename", "file_name", "file", "script", "migration_name", "migration", "description"];
/// Names of the column that holds the checksum.
const CHECKSUM: &[&str] =
    &["checksum", "md5", "sha256", "sha1", "hash", "file_hash", "content_hash", "digest", "crc32"];
/// Names of the column that holds the tenant.
const TENANT: &[&str] = &["tenant", "tenant_slug", "slug", "tenant_name", "tenant_id", "database"];
/// Names of the column that holds the time.
const TIME: &[&str] = &[
    "applied_at",
    "at",
    "time",
    "executed_at",
    "created_at",
    "installed_on",
    "applied_on",
    "finished_at",
    "run_at",
    "timestamp",
    "ts",
    "tstamp",
];
/// Names of the column that tells whether it worked.
const STATUS: &[&str] = &["success", "status", "state", "applied", "is_applied", "dirty"];
/// Names of the column that holds the folder.
const FOLDER: &[&str] = &["folder", "phase", "stage", "kind", "type", "directory"];

/// Which foreign column has which meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meanings {
    /// The version.
    pub version: Option<String>,
    /// The name of the file.
    pub name: Option<String>,
    /// The checksum.
    pub checksum: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// When it was applied.
    pub time: Option<String>,
    /// Whether it worked.
    pub status: Option<String>,
    /// The folder.
    pub folder: Option<String>,
}

impl Meanings {
    /// Finds the meanings of a table's columns; none of charter's has one.
    pub fn of(table: &str, caps: &Caps) -> Self {
        let columns = caps.columns.get(&qualified(table));
        let has = |name: &str| columns.is_some_and(|columns| columns.contains(name));
        let first = |names: &[&str]| names.iter().find(|name| has(name)).map(|name| (*name).to_owned());
        let version = first(VERSION);
        let name = NAME.iter().find(|name| has(name) && version.as_deref() != Some(name));
        Self {
            name: name.map(|name| (*name).to_owned()),
            checksum: first(CHECKSUM),
            tenant: first(TENANT),
            time: first(TIME),
            status: first(STATUS),
            folder: first(FOLDER),
            version,
        }
    }

    /// Returns whether a column has a meaning.
    pub fn has(&self, column: &str) -> bool {
        let all =
            [&self.version, &self.name, &self.checksum, &self.tenant, &self.time, &self.status, &self.folder];
        all.into_iter().any(|name| name.as_deref() == Some(column))
    }
}

/// A foreign column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The type as the server prints it.
    pub ty: String,
    /// Whether the server fills it by an expression where an INSERT leaves it out.
    pub has_default: bool,
}

/// A table that another program made.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// The engine, without `Replicated` or `Shared` before it.
    pub engine: String,
    /// The sorting key as it stands in the definition.
    pub sorting_key: String,
    /// The columns that are not charter's.
    pub columns: Vec<Column>,
}

/// Returns the read of what the tables are that another program made; none where there are none.
pub fn read(caps: &Caps) -> Option<Read> {
    let shared: Vec<&str> = TABLES.into_iter().filter(|table| Place::of(table, caps).is_shared()).collect();
    if shared.is_empty() {
        return None;
    }
    let (database, tables) = (sql::literal(DATABASE), sql::array(shared));
    let statement = format!(
        "SELECT t.name AS name, t.engine AS engine, t.sorting_key AS sorting_key, c.fields AS fields FROM \
         (SELECT name, engine, sorting_key FROM system.tables WHERE database = {database} AND has({tables}, name)) AS t \
         INNER JOIN (SELECT table, groupArray([name, type, default_kind]) AS fields FROM system.columns \
         WHERE database = {database} GROUP BY table) AS c ON c.table = t.name"
    );
    Some(Read::Sql { name: SHARED, statement })
}

/// Returns what was read of a table.
pub fn shared(table: &str, snapshot: &Snapshot) -> Option<Shared> {
    let row = snapshot.rows(SHARED).iter().find(|row| text(row, "name") == table)?;
    let engine = text(row, "engine");
    let plain = engine.strip_prefix("Replicated").or_else(|| engine.strip_prefix("Shared")).unwrap_or(engine);
    Some(Shared {
        engine: plain.to_owned(),
        sorting_key: text(row, "sorting_key").to_owned(),
        columns: columns(row),
    })
}

fn columns(row: &Row) -> Vec<Column> {
    let fields = row.get("fields").and_then(serde_json::Value::as_array).into_iter().flatten();
    let columns = fields.filter_map(|field| {
        let part = |at: usize| field.get(at).and_then(serde_json::Value::as_str);
        Some(Column { name: part(0)?.to_owned(), ty: part(1)?.to_owned(), has_default: part(2) != Some("") })
    });
    columns.filter(|column| !is_charters(&column.name)).collect()
}

impl Shared {
    /// Returns the sorting key of an engine that keeps one row of each key.
    pub fn key_to_extend(&self) -> Option<&str> {
        (self.engine == "ReplacingMergeTree").then_some(self.sorting_key.as_str())
    }

    /// Returns why charter's columns and rows cannot be added; none where they can.
    pub fn obstacle(&self, table: &str, meanings: &Meanings) -> Option<String> {
        if !self.engine.ends_with("MergeTree") {
            return Some(format!("its engine {} takes no further columns", self.engine));
        }
        if !matches!(self.engine.as_str(), "MergeTree" | "ReplacingMergeTree") {
            return Some(format!("its engine {} merges rows into one", self.engine));
        }
        if meanings.version.is_none() && meanings.name.is_none() {
            return Some("no column tells the version of a file".to_owned());
        }
        let of_tenants = table == ledger::MIGRATIONS_TENANT;
        (of_tenants && meanings.tenant.is_none()).then(|| "no column tells the tenant".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meanings(columns: &[&str]) -> Meanings {
        let mut caps = Caps::default();
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        caps.columns.insert("ops.schema_migrations_tenant".into(), columns);
        Meanings::of(ledger::MIGRATIONS_TENANT, &caps)
    }

    #[test]
    fn columns_are_known_by_their_usual_names() {
        let found =
            meanings(&["tenant_slug", "migration", "md5", "executed_at", "success", "charter_version"]);
        assert_eq!(found.version.as_deref(), Some("migration"));
        assert_eq!(found.name, None, "a column has one meaning");
        assert_eq!(found.checksum.as_deref(), Some("md5"));
        assert_eq!(found.tenant.as_deref(), Some("tenant_slug"));
        assert!(found.has("success") && !found.has("charter_version"));
        let both = meanings(&["id", "version", "filename", "slug"]);
        assert_eq!((both.version.as_deref(), both.name.as_deref()), (Some("version"), Some("filename")));
    }

    #[test]
    fn what_cannot_be_taken_over_says_why() {
        let why = |engine: &str, columns: &[&str]| {
            let table = Shared { engine: engine.into(), ..Shared::default() };
            table.obstacle(ledger::MIGRATIONS_TENANT, &meanings(columns)).unwrap_or_default()
        };
        assert_eq!(why("MergeTree", &["version", "tenant"]), "");
        assert_eq!(why("ReplacingMergeTree", &["version", "tenant"]), "");
        assert_eq!(why("TinyLog", &["version", "tenant"]), "its engine TinyLog takes no further columns");
        assert_eq!(
            why("SummingMergeTree", &["version", "tenant"]),
            "its engine SummingMergeTree merges rows into one"
        );
        assert_eq!(why("MergeTree", &["tenant"]), "no column tells the version of a file");
        assert_eq!(why("MergeTree", &["version"]), "no column tells the tenant");
    }
}
