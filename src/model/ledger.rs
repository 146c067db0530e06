//! Charter's own tables in database `ops`: their columns, in one place for whoever creates,
//! upgrades, fills or reads them.
//!
//! All are append-only and unpartitioned: a row is never changed or deleted, and the newest of a
//! key decides. `at` is the server's clock, so that two clients never disagree about the order;
//! rows of one INSERT share it, so two rows of one key never go out together.

/// The database.
pub const DATABASE: &str = "ops";
/// The runs: who applied what, when.
pub const RUNS: &str = "charter_runs";
/// The steps of the runs.
pub const STEPS: &str = "charter_steps";
/// What became of each statement of a migration.
pub const MIGRATION_EVENTS: &str = "charter_migration_events";
/// What is owned.
pub const RESOURCES: &str = super::registry::TABLE;
/// What the managed tables look like.
pub const TABLE_FINGERPRINTS: &str = "charter_tables";
/// The applied files of global migrations.
pub const MIGRATIONS_GLOBAL: &str = "schema_migrations_global";
/// The applied files of tenants' migrations.
pub const MIGRATIONS_TENANT: &str = "schema_migrations_tenant";

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: &'static str,
    /// The type as the server prints it.
    pub ty: &'static str,
    /// The default expression; empty for the type's own.
    pub default: &'static str,
}

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The name, without its database.
    pub name: &'static str,
    /// The columns in their order.
    pub columns: &'static [Column],
    /// The sorting key.
    pub order_by: &'static [&'static str],
}

const fn column(name: &'static str, ty: &'static str) -> Column {
    Column { name, ty, default: "" }
}

const fn text(name: &'static str) -> Column {
    column(name, "String")
}

/// A text of which there are few different ones.
const fn word(name: &'static str) -> Column {
    column(name, "LowCardinality(String)")
}

const AT: Column = Column { name: "at", ty: "DateTime64(6, 'UTC')", default: "now64(6)" };

const MIGRATIONS: &[Column] = &[
    text("scope"),
    text("tenant"),
    text("folder"),
    column("version", "UInt64"),
    text("name"),
    text("checksum"),
    word("algorithm"),
    word("status"),
    // Whether a newer file of the folder had been applied when this one was.
    column("out_of_order", "UInt8"),
    // Why a person recorded it, where one did.
    text("reason"),
    text("run_id"),
    AT,
];

/// All of charter's tables but the locks.
pub const TABLES: &[Table] = &[
    Table {
        name: RESOURCES,
        columns: &[
            text("scope"),
            text("environment"),
            text("address"),
            word("kind"),
            text("identity"),
            word("status"),
            text("digest"),
            text("spec"),
            text("salt"),
            text("fingerprint"),
            // Of a credential that a row brings in: when the row was written.
            Column { name: "credential_at", ty: "UInt64", default: "toUnixTimestamp(at)" },
            word("credential_state"),
            column("credential_grace", "UInt64"),
            text("run_id"),
            AT,
        ],
        order_by: &["scope", "kind", "identity", "at"],
    },
    Table {
        name: MIGRATIONS_GLOBAL,
        columns: MIGRATIONS,
        order_by: &["scope", "tenant", "folder", "version"],
    },
    Table {
        name: MIGRATIONS_TENANT,
        columns: MIGRATIONS,
        order_by: &["scope", "tenant", "folder", "version"],
    },
    Table {
        name: MIGRATION_EVENTS,
        columns: &[
            text("scope"),
            text("tenant"),
            text("folder"),
            column("version", "UInt64"),
            text("name"),
            column("statement", "UInt32"),
            column("statements", "UInt32"),
            text("token_sha256"),
            text("raw_sha256"),
            word("algorithm"),
            word("status"),
            text("query_id"),
            text("run_id"),
            text("before"),
            text("error"),
            column("duration_ms", "UInt64"),
            // Why it is recorded, where no answer of the server told it.
            text("reason"),
            // What a statement left behind: `[["database", "table", "mutation id", made at], …]`.
            text("mutations"),
            AT,
        ],
        order_by: &["scope", "tenant", "folder", "version", "statement", "at"],
    },
    Table {
        name: TABLE_FINGERPRINTS,
        columns: &[
            text("scope"),
            text("tenant"),
            text("database"),
            text("table"),
            word("engine"),
            text("columns"),
            word("server_version"),
            text("look"),
            text("run_id"),
            AT,
        ],
        order_by: &["scope", "tenant", "database", "table", "at"],
    },
    Table {
        name: RUNS,
        columns: &[
            text("run_id"),
            text("scope"),
            text("environment"),
            word("event"),
            text("actor"),
            text("host"),
            text("purpose"),
            text("git_revision"),
            text("plan_digest"),
            word("charter_version"),
            word("outcome"),
            column("done", "UInt32"),
            column("failed", "UInt32"),
            column("unknown", "UInt32"),
            column("not_started", "UInt32"),
            column("duration_ms", "UInt64"),
            // The saved plan that it applied; empty where it planned itself.
            text("plan_id"),
            AT,
        ],
        order_by: &["scope", "at", "run_id"],
    },
    Table {
        name: STEPS,
        columns: &[
            text("run_id"),
            text("scope"),
            column("step", "UInt32"),
            text("address"),
            word("kind"),
            word("action"),
            word("outcome"),
            column("query_ids", "Array(String)"),
            column("written_rows", "UInt64"),
            column("duration_ms", "UInt64"),
            text("error"),
            AT,
        ],
        order_by: &["scope", "run_id", "step"],
    },
];

/// Returns a table by name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

impl Column {
    /// Returns the column as a definition holds it: name, type and default.
    ///
    /// Where a column with a default is added to a table that has rows, the server computes it
    /// for the old rows each time that they are read: `at` of such rows means nothing.
    pub fn definition(&self) -> String {
        let Self { name, ty, default } = self;
        if default.is_empty() { format!("`{name}` {ty}") } else { format!("`{name}` {ty} DEFAULT {default}") }
    }
}

/// Returns the statement that creates a table where it is not there.
pub fn create_statement(table: &Table) -> String {
    let columns: Vec<String> = table.columns.iter().map(Column::definition).collect();
    let key: Vec<String> = table.order_by.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "CREATE TABLE IF NOT EXISTS `{DATABASE}`.`{}` (\n    {}\n) ENGINE = MergeTree PARTITION BY tuple() ORDER BY ({})",
        table.name,
        columns.join(",\n    "),
        key.join(", ")
    )
}

/// Returns the statement that adds a column to a table that lacks it.
pub fn add_column_statement(table: &Table, column: &Column) -> String {
    format!("ALTER TABLE `{DATABASE}`.`{}` ADD COLUMN IF NOT EXISTS {}", table.name, column.definition())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_can_be_filled_by_a_run_and_sorted_by_its_columns() {
        for table in TABLES {
            let names: BTreeSet<&str> = table.columns.iter().map(|column| column.name).collect();
            assert_eq!(names.len(), table.columns.len(), "{}", table.name);
            assert!(names.contains("run_id") && names.contains("at"), "{}", table.name);
            assert!(table.order_by.iter().all(|name| names.contains(name)), "{}", table.name);
        }
    }

    #[test]
    fn a_table_is_created_with_quoted_names() {
        let table = table(TABLE_FINGERPRINTS).unwrap();
        insta::assert_snapshot!(create_statement(table), @r"
        CREATE TABLE IF NOT EXISTS `ops`.`charter_tables` (
            `scope` String,
            `tenant` String,
            `database` String,
            `table` String,
            `engine` LowCardinality(String),
            `columns` String,
            `server_version` LowCardinality(String),
            `look` String,
            `run_id` String,
            `at` DateTime64(6, 'UTC') DEFAULT now64(6)
        ) ENGINE = MergeTree PARTITION BY tuple() ORDER BY (`scope`, `tenant`, `database`, `table`, `at`)
        ");
    }

    #[test]
    fn a_missing_column_is_added_with_its_default() {
        let table = table(RUNS).unwrap();
        assert_eq!(
            add_column_statement(table, &AT),
            "ALTER TABLE `ops`.`charter_runs` ADD COLUMN IF NOT EXISTS `at` DateTime64(6, 'UTC') DEFAULT now64(6)"
        );
    }
}
