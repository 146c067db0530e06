//! The tables of applied files, and where charter's columns stand in them.
//!
//! Today's runner has tables of these names with columns of its own. Such a table is taken over:
//! charter's columns are added under the prefix `charter_`, all in one `ALTER`, and the foreign ones
//! stay. So no foreign column is ever taken for one of charter's, whatever its name and type, and a
//! table is known by its columns: `scope` is charter's own, `charter_scope` is taken over, neither
//! is foreign. Whoever reads the tables asks [`source`], whoever fills them [`LedgerRow::placed`].

use super::ledger::{DATABASE, MIGRATIONS_GLOBAL, MIGRATIONS_TENANT, Table};
use super::op::LedgerRow;
use super::snapshot::Caps;
use super::sql;

/// The tables: of tenants and of stand-alone blocks.
pub const TABLES: [&str; 2] = [MIGRATIONS_TENANT, MIGRATIONS_GLOBAL];

/// What charter's columns begin with in a table that was another program's.
const PREFIX: &str = "charter_";

/// What every version of charter's tables has.
const SCOPE: &str = "scope";
const RUN: &str = "run_id";

/// What identifies a file: charter's part of a sorting key. None has a default expression, which
/// `MODIFY ORDER BY` would refuse
/// (<https://clickhouse.com/docs/sql-reference/statements/alter/order-by>).
const KEY: [&str; 4] = ["scope", "tenant", "folder", "version"];

/// Whose a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// There is none.
    Absent,
    /// Charter made it.
    Own,
    /// Another program made it, and charter's columns were added.
    TakenOver,
    /// Another program made it.
    Foreign,
}

impl Place {
    /// Tells whose a table of database `ops` is, by its columns.
    pub fn of(table: &str, caps: &Caps) -> Self {
        let name = qualified(table);
        let Some(columns) = caps.columns.get(&name) else { return Self::Absent };
        if columns.contains(&prefixed(SCOPE)) {
            Self::TakenOver
        } else if columns.contains(SCOPE) && columns.contains(RUN) {
            Self::Own
        } else {
            Self::Foreign
        }
    }

    /// Returns whether the table has, or will have, columns that are not charter's.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::TakenOver | Self::Foreign)
    }

    /// Returns the name that one of charter's columns has there.
    pub fn column(self, name: &str) -> String {
        if self.is_shared() { prefixed(name) } else { name.to_owned() }
    }
}

/// Returns a table's name with its database.
pub fn qualified(table: &str) -> String {
    format!("{DATABASE}.{table}")
}

fn prefixed(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// Returns whether a column of a table that was taken over is charter's.
pub fn is_charters(column: &str) -> bool {
    column.starts_with(PREFIX)
}

/// Returns what to select charter's rows of a table from, with the columns under their plain names;
/// none where there are no such rows yet.
pub fn source(table: &Table, caps: &Caps) -> Option<String> {
    let name = qualified(table.name);
    match Place::of(table.name, caps) {
        Place::Absent | Place::Foreign => None,
        Place::Own => Some(name),
        Place::TakenOver => {
            let present =
                table.columns.iter().filter(|column| caps.has_column(&name, &prefixed(column.name)));
            let columns: Vec<String> = present
                .map(|column| format!("{} AS {}", prefixed(column.name), sql::ident(column.name)))
                .collect();
            Some(format!(
                "(SELECT {} FROM {name} WHERE {} != '') AS {}",
                columns.join(", "),
                prefixed(SCOPE),
                table.name
            ))
        }
    }
}

/// Returns the statement that adds charter's missing columns to a table that another program made.
///
/// `sorting_key` is that of an engine that keeps one row of a key: charter's rows of two files
/// would replace each other, so what identifies a file becomes a part of the key.
pub fn take_over(table: &Table, caps: &Caps, sorting_key: Option<&str>) -> Option<String> {
    let name = qualified(table.name);
    let missing = table.columns.iter().filter(|column| !caps.has_column(&name, &prefixed(column.name)));
    let mut changes: Vec<String> = missing
        .map(|column| {
            let definition = column.definition().replacen('`', &format!("`{PREFIX}"), 1);
            format!("ADD COLUMN {definition}")
        })
        .collect();
    if changes.is_empty() {
        return None;
    }
    if let (Some(key), Place::Foreign) = (sorting_key, Place::of(table.name, caps)) {
        let own = KEY.map(prefixed).join(", ");
        changes.push(format!("MODIFY ORDER BY ({key}, {own})"));
    }
    Some(format!("ALTER TABLE `{DATABASE}`.`{}` {}", table.name, changes.join(", ")))
}

impl LedgerRow {
    /// Returns the row as its table takes it: with charter's columns under the names that they have
    /// there.
    #[must_use]
    pub fn placed(mut self, caps: &Caps) -> Self {
        let place = Place::of(self.table, caps);
        self.row = self.row.into_iter().map(|(name, value)| (place.column(&name), value)).collect();
        self
    }

    /// Returns the column in which the row says which run wrote it.
    pub fn run_column(&self) -> String {
        if self.row.contains_key(&prefixed(SCOPE)) { prefixed(RUN) } else { RUN.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger;

    fn caps(columns: &[&str]) -> Caps {
        let mut caps = Caps::default();
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        caps.columns.insert("ops.schema_migrations_tenant".into(), columns);
        caps
    }

    fn table() -> &'static Table {
        ledger::table(MIGRATIONS_TENANT).unwrap()
    }

    #[test]
    fn a_table_is_known_by_its_columns() {
        let of = |columns: &[&str]| Place::of(MIGRATIONS_TENANT, &caps(columns));
        assert_eq!(of(&["version", "tenant", "scope"]), Place::Foreign);
        assert_eq!(of(&["version", "scope", "run_id"]), Place::Own);
        assert_eq!(of(&["version", "scope", "run_id", "charter_scope"]), Place::TakenOver);
        assert_eq!(Place::of(MIGRATIONS_GLOBAL, &caps(&[])), Place::Absent);
    }

    #[test]
    fn columns_of_a_foreign_table_are_added_in_one_statement() {
        let statement = take_over(table(), &caps(&["version"]), Some("tenant, version")).unwrap();
        assert!(
            statement.starts_with(
                "ALTER TABLE `ops`.`schema_migrations_tenant` ADD COLUMN `charter_scope` String, "
            )
        );
        assert!(statement.contains("ADD COLUMN `charter_at` DateTime64(6, 'UTC') DEFAULT now64(6)"));
        assert!(statement.ends_with(
            "MODIFY ORDER BY (tenant, version, charter_scope, charter_tenant, charter_folder, charter_version)"
        ));
        let all: Vec<String> = table().columns.iter().map(|column| prefixed(column.name)).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(take_over(table(), &caps(&all), Some("version")), None);
        let old = take_over(table(), &caps(&all[..all.len() - 1]), Some("version")).unwrap();
        assert!(!old.contains("ORDER BY"), "a key is extended only with columns that come with it: {old}");
    }

    #[test]
    fn rows_go_where_the_columns_are() {
        let row = || LedgerRow::new(MIGRATIONS_TENANT).with("scope", "s").with("version", 1);
        let own = row().placed(&caps(&["scope", "run_id"]));
        assert_eq!((own.run_column(), own.row.contains_key("version")), ("run_id".to_owned(), true));
        let shared = row().placed(&caps(&["version"]));
        assert_eq!(shared.run_column(), "charter_run_id");
        assert_eq!(shared.row.keys().collect::<Vec<_>>(), ["charter_scope", "charter_version"]);
        assert_eq!(source(table(), &caps(&["version"])), None);
        let source = source(table(), &caps(&["version", "charter_scope", "charter_version"])).unwrap();
        assert_eq!(
            source,
            "(SELECT charter_scope AS `scope`, charter_version AS `version` FROM ops.schema_migrations_tenant \
             WHERE charter_scope != '') AS schema_migrations_tenant"
        );
    }
}
