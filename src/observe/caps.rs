//! What the ClickHouse server is: one row about itself, and the columns of the tables that charter
//! reads. Neither needs a privilege: ClickHouse shows everybody what they may see of these
//! (`src/Access/ContextAccess.cpp`, tables that are always accessible).

use super::{ObserveError, Server, plain};
use crate::backend::{Error, Servers};
use crate::model::snapshot::{Caps, Row, text, texts};

/// The oldest version that charter works with.
const OLDEST: (u32, u32) = (23, 8);

/// One row: the server's identity, and the UUID of database `ops` where there is one.
const IDENTITY: &str = "SELECT version() AS version, toString(serverUUID()) AS server_uuid, \
    currentUser() AS user, \
    (SELECT ifNull(any(toString(uuid)), '') FROM system.databases WHERE name = 'ops') AS ops_uuid";

/// The columns by table: of `system` those that reads choose from, of `ops` charter's own.
const COLUMNS: &str = "SELECT database, table, groupArray(name) AS columns FROM system.columns \
    WHERE (database = 'system' AND table IN ('users', 'roles', 'grants', 'role_grants', 'databases', \
    'tables', 'columns', 'privileges', 'mutations', 'settings_profile_elements', 'quotas', \
    'row_policies', 'parts', 'query_log')) \
    OR (database = 'ops' AND (startsWith(table, 'charter_') OR startsWith(table, 'schema_migrations_'))) \
    GROUP BY database, table";

/// Reads what the server is and can do.
///
/// # Errors
/// A server that cannot be asked, or is too old.
pub(super) async fn read<S: Servers>(servers: &S) -> Result<Caps, ObserveError> {
    let failed = |statement, error: Error| ObserveError::of(Server::ClickHouse, statement, error);
    let rows = servers.rows(plain(IDENTITY)).await.map_err(|error| failed(IDENTITY, error))?;
    let mut caps = identity(rows.first());
    if !caps.at_least(OLDEST.0, OLDEST.1) {
        return Err(ObserveError::TooOld { version: caps.version });
    }
    let rows = servers.rows(plain(COLUMNS)).await.map_err(|error| failed(COLUMNS, error))?;
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
        columns: Default::default(),
    }
}
