//! What the ClickHouse server is: one row about itself, and the columns of the tables that charter
//! reads. Neither needs a privilege: ClickHouse shows everybody what they may see of these
//! (`src/Access/ContextAccess.cpp`, tables that are always accessible).

use std::collections::BTreeSet;

use super::{ObserveError, Server};
use crate::backend::{Error, Query, Servers};
use crate::model::snapshot::{Caps, Row, number, text, texts};
use crate::model::sql;

/// The oldest version that charter works with.
const OLDEST: (u32, u32) = (23, 8);

/// The server's identity, and the UUID of database `ops` where there is one: the same in each row.
const IDENTITY: &str = "version() AS version, toString(serverUUID()) AS server_uuid, \
    currentUser() AS user, toUnixTimestamp(now()) AS now, \
    (SELECT ifNull(any(toString(uuid)), '') FROM system.databases WHERE name = 'ops') AS ops_uuid";

/// The columns by table: of `system` those that reads choose from, of `ops` charter's own.
const COLUMNS: &str = "SELECT database, table, groupArray(name) AS columns FROM system.columns \
    WHERE (database = 'system' AND table IN ('users', 'roles', 'grants', 'role_grants', 'databases', \
    'tables', 'columns', 'privileges', 'mutations', 'settings_profile_elements', 'quotas', \
    'quota_limits', 'row_policies', 'settings', 'parts', 'query_log')) \
    OR (database = 'ops' AND (startsWith(table, 'charter_') OR startsWith(table, 'schema_migrations_')))";

/// Returns the statement that reads the columns; of these tables besides, by database.
fn columns(tables: &BTreeSet<(String, String)>) -> String {
    let mut statement = COLUMNS.to_owned();
    if !tables.is_empty() {
        let databases: BTreeSet<&str> = tables.iter().map(|(database, _)| database.as_str()).collect();
        let names: BTreeSet<&str> = tables.iter().map(|(_, table)| table.as_str()).collect();
        let (databases, names) = (sql::array(databases), sql::array(names));
        statement.push_str(&format!(" OR (has({databases}, database) AND has({names}, table))"));
    }
    format!("SELECT *, {IDENTITY} FROM ({statement} GROUP BY database, table)")
}

/// Who lacks these sees a part of the databases, tables and columns, and no error.
const SIGHT: &str = "SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON *.*";

/// About the first version that knows `CHECK GRANT`; 24.8 does not.
const CHECK_GRANT: (u32, u32) = (24, 9);

/// ClickHouse's SYNTAX_ERROR: what a version says that does not know it.
const SYNTAX_ERROR: u32 = 62;

/// Makes sure that charter's user sees all there is: `system.databases` and the like leave out what
/// one may not see, and a plan would create it again. Rights that imply these count. Older servers
/// cannot be asked.
///
/// # Errors
/// The missing privileges, or a server that cannot be asked.
pub(super) async fn sight<S: Servers>(servers: &S, caps: &Caps) -> Result<(), ObserveError> {
    if !caps.at_least(CHECK_GRANT.0, CHECK_GRANT.1) {
        return Ok(());
    }
    let statement = format!("CHECK GRANT {SIGHT}");
    let rows = match servers.rows(Query::new(&statement)).await {
        Err(error) if error.code == Some(SYNTAX_ERROR) => return Ok(()),
        rows => rows.map_err(|error| ObserveError::of(Server::ClickHouse, &statement, error))?,
    };
    if rows.first().is_some_and(|row| number(row, "result") == 0) {
        return Err(ObserveError::Denied {
            grants: [SIGHT.to_owned()].into(),
            rules: BTreeSet::new(),
            errors: vec![format!("{} does not see every database, table and column", caps.user)],
        });
    }
    Ok(())
}

/// Reads what the server is and can do, and the columns of some tables besides, by database.
///
/// # Errors
/// A server that cannot be asked, or is too old.
pub(super) async fn read<S: Servers>(
    servers: &S,
    tables: &BTreeSet<(String, String)>,
) -> Result<Caps, ObserveError> {
    let failed = |statement: &str, error: Error| ObserveError::of(Server::ClickHouse, statement, error);
    let statement = columns(tables);
    let rows = servers.rows(Query::new(&statement)).await.map_err(|error| failed(&statement, error))?;
    let mut caps = match rows.first() {
        Some(row) => identity(Some(row)),
        // Who sees no table at all is told so later, by name.
        None => {
            let statement = format!("SELECT {IDENTITY}");
            let rows =
                servers.rows(Query::new(&statement)).await.map_err(|error| failed(&statement, error))?;
            identity(rows.first())
        }
    };
    if !caps.at_least(OLDEST.0, OLDEST.1) {
        return Err(ObserveError::TooOld { version: caps.version });
    }
    for row in &rows {
        let table = format!("{}.{}", text(row, "database"), text(row, "table"));
        let columns = texts(row, "columns").into_iter().collect();
        caps.columns.insert(table, columns);
    }
    Ok(caps)
}

fn identity(row: Option<&Row>) -> Caps {
    let column = |name| row.map_or("", |row| text(row, name)).to_owned();
    Caps {
        version: column("version"),
        server_uuid: column("server_uuid"),
        ops_uuid: column("ops_uuid"),
        user: column("user"),
        now: row.map_or(0, |row| number(row, "now")),
        columns: Default::default(),
    }
}
