//! The ledgers of other runners, as they are: which tables, with which columns, and what their rows
//! say. All tables of all tenants are read in one statement.
//!
//! Where many tenants have a table of one name, the table function `merge` reads them together
//! (<https://clickhouse.com/docs/sql-reference/table-functions/merge>); it needs a table that is
//! there, so only those are named whose columns were seen.

use std::collections::{BTreeMap, BTreeSet};

use super::{Files, Group, Row, State, Written};
use crate::kinds::World;
use crate::kinds::common::import_ledger::{IMPORT, Tool};
use crate::model::snapshot::{Caps, Read, Row as Found, number, text};
use crate::model::{Resource, Value, sql};

/// The name of the read.
const ROWS: &str = "import_rows";

/// A table of another runner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) database: String,
    pub(super) table: String,
}

impl Target {
    /// Returns the table that an attribute names.
    pub(super) fn of(import: &Value) -> Self {
        let text = |name: &str| import.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { database: text("database"), table: text("table") }
    }

    pub(super) fn qualified(&self) -> String {
        format!("{}.{}", self.database, self.table)
    }
}

/// Returns the tables that declared files name, with the runner whose they are.
pub(super) fn targets(wanted: &[&Resource]) -> BTreeMap<Target, Tool> {
    let imports = wanted.iter().filter_map(|file| file.attrs.get(IMPORT));
    imports.filter_map(|import| Some((Target::of(import), tool(import)?))).collect()
}

fn tool(import: &Value) -> Option<Tool> {
    Tool::find(import.get("from")?.as_str()?)
}

impl Tool {
    /// Returns the columns that are read.
    ///
    /// - golang-migrate, `database/clickhouse/clickhouse.go`, `ensureVersionTable`: version Int64, dirty
    ///   UInt8, sequence UInt64 (nanoseconds since 1970), TinyLog unless told;
    /// - goose, `internal/dialects/clickhouse.go` and `clickhouse_replicated.go`, `CreateTable`: `version_id`
    ///   Int64, `is_applied` UInt8, date (not the replicated one), tstamp;
    /// - dbmate, `pkg/driver/clickhouse/clickhouse.go`, `CreateMigrationsTable`: version String, ts
    ///   DateTime, applied UInt8, `ReplacingMergeTree(ts)`;
    /// - VVVi/clickhouse-migrations, `src/migrate.ts`, `init_migration_table`: uid UUID, version UInt32,
    ///   checksum String, `migration_name` String, `applied_at` DateTime;
    /// - zifter/clickhouse-migrations, `src/clickhouse_migrations/migrator.py`, `init_schema`: version UInt32,
    ///   md5 String, script String (the whole file), `created_at` DateTime.
    pub(super) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::GolangMigrate => &["version", "dirty", "sequence"],
            Self::Goose => &["version_id", "is_applied", "tstamp"],
            Self::Dbmate => &["version", "ts", "applied"],
            Self::Npm => &["version", "checksum", "migration_name", "applied_at"],
            Self::Pypi => &["version", "md5", "created_at"],
        }
    }

    /// Returns what is selected from tables of this runner under the alias `m`: version, state,
    /// checksum, name, seconds; and what follows the tables. The newest row of a version decides.
    ///
    /// - golang-migrate has one current version, that of the highest sequence (`Version`);
    /// - goose deletes the rows of what goes down, or, replicated, adds one that is not applied and
    ///   wins where the times are equal (`tombstoneWinsExpr`);
    /// - dbmate reads its table with FINAL (`SelectMigrations`);
    /// - the MD5 of VVVi's (`apply_migrations`) and of zifter's (`migration.py`, `migrations`) is that
    ///   of the file's bytes, in lower-case hexadecimal.
    fn select(self) -> (&'static str, &'static str) {
        match self {
            Self::GolangMigrate => (
                "toString(argMax(m.version, m.sequence)) AS version, toString(argMax(m.dirty, m.sequence)) AS state, \
                 '' AS checksum, '' AS name, toUInt64(intDiv(max(m.sequence), 1000000000)) AS seconds",
                " GROUP BY database, `table` HAVING count() > 0",
            ),
            Self::Goose => (
                "toString(m.version_id) AS version, \
                 toString(argMax(m.is_applied, (m.tstamp, m.is_applied = 0))) AS state, \
                 '' AS checksum, '' AS name, toUInt64(toUnixTimestamp(max(m.tstamp))) AS seconds",
                " WHERE m.version_id != 0 GROUP BY database, `table`, m.version_id",
            ),
            Self::Dbmate => (
                "m.version AS version, toString(m.applied) AS state, '' AS checksum, '' AS name, \
                 toUInt64(toUnixTimestamp(m.ts)) AS seconds",
                " FINAL",
            ),
            Self::Npm => (
                "toString(m.version) AS version, '1' AS state, argMax(m.checksum, m.applied_at) AS checksum, \
                 argMax(m.migration_name, m.applied_at) AS name, toUInt64(toUnixTimestamp(max(m.applied_at))) AS seconds",
                " GROUP BY database, `table`, m.version",
            ),
            Self::Pypi => (
                "toString(m.version) AS version, '1' AS state, argMax(m.md5, m.created_at) AS checksum, '' AS name, \
                 toUInt64(toUnixTimestamp(max(m.created_at))) AS seconds",
                " GROUP BY database, `table`, m.version",
            ),
        }
    }

    /// Returns whether a table has what is read.
    pub(super) fn is_its(self, target: &Target, caps: &Caps) -> bool {
        self.columns().iter().all(|column| caps.has_column(&target.qualified(), column))
    }
}

/// Returns the read of the tables that are there; none where there is none.
pub(super) fn read(wanted: &[&Resource], caps: &Caps) -> Option<Read> {
    let mut together: BTreeMap<(Tool, String), BTreeSet<String>> = BTreeMap::new();
    for (target, tool) in targets(wanted) {
        if tool.is_its(&target, caps) {
            together.entry((tool, target.table)).or_default().insert(target.database);
        }
    }
    let selects: Vec<String> =
        together.into_iter().map(|((tool, table), databases)| select(tool, &table, &databases)).collect();
    (!selects.is_empty()).then(|| Read::Sql { name: ROWS, statement: selects.join(" UNION ALL ") })
}

fn select(tool: Tool, table: &str, databases: &BTreeSet<String>) -> String {
    let (fields, rest) = tool.select();
    let mut names = databases.iter();
    let (database, name, from) = match (names.next(), names.next()) {
        (Some(only), None) => {
            (sql::literal(only), sql::literal(table), format!("{}.{}", sql::ident(only), sql::ident(table)))
        }
        _ => {
            let names: Vec<String> = databases.iter().map(|name| regex::escape(name)).collect();
            let databases = sql::literal(&format!("^({})$", names.join("|")));
            let tables = sql::literal(&format!("^{}$", regex::escape(table)));
            ("m._database".to_owned(), "m._table".to_owned(), format!("merge(REGEXP({databases}), {tables})"))
        }
    };
    format!("SELECT {database} AS database, {name} AS `table`, {fields} FROM {from} AS m{rest}")
}

/// Returns whether there are any rows.
pub(super) fn has_rows(world: &World) -> bool {
    !world.snapshot.rows(ROWS).is_empty()
}

/// Returns what the rows say.
pub(super) fn rows(world: &World, files: &Files) -> Vec<Row> {
    let mut imports: BTreeMap<String, &Value> = BTreeMap::new();
    for file in world.desired.resources.values() {
        if let Some(import) = file.attrs.get(IMPORT) {
            imports.insert(Target::of(import).qualified(), import);
        }
    }
    let found = world.snapshot.rows(ROWS).iter();
    found
        .filter_map(|found| {
            let table = format!("{}.{}", text(found, "database"), text(found, "table"));
            let import = imports.get(&table)?;
            Some(rows_of(found, tool(import)?, import, table, files))
        })
        .flatten()
        .collect()
}

pub(super) fn rows_of(found: &Found, tool: Tool, import: &Value, table: String, files: &Files) -> Vec<Row> {
    let of = |name: &str| text(found, name).to_owned();
    let version = text(found, "version");
    let no = matches!(text(found, "state"), "0" | "false");
    let seconds = number(found, "seconds");
    let row = Row {
        runner: tool.name().to_owned(),
        group: Group::Table(table.clone()),
        table,
        version: version.parse().ok(),
        written: Written {
            version: version.to_owned(),
            name: of("name"),
            checksum: of("checksum"),
            ..Written::default()
        },
        state: match tool {
            Tool::GolangMigrate if !no => State::Failed,
            Tool::GolangMigrate => State::Applied,
            _ if no => State::Undone,
            _ => State::Applied,
        },
        seconds,
        verify: import.get("verify") != Some(&Value::Bool(false)),
    };
    match tool {
        Tool::GolangMigrate => up_to(&row, files),
        _ => vec![row],
    }
}

/// Returns a row for each file up to golang-migrate's current version. It is dirty while that one
/// runs; below zero is none (`NilVersion`).
fn up_to(current: &Row, files: &Files) -> Vec<Row> {
    let Some(version) = current.version else { return Vec::new() };
    let versions = files.by_group.get(&current.group);
    let before = versions.into_iter().flat_map(|versions| versions.range(..version));
    let before =
        before.map(|(version, _)| Row { version: Some(*version), state: State::Applied, ..current.clone() });
    before.chain([current.clone()]).collect()
}
