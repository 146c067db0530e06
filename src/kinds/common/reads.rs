//! Reads that several kinds share. A shared read has one name and one text, so it is run once.

use serde_json::Value as Json;

use crate::model::Snapshot;
use crate::model::snapshot::{Caps, Read, Row, text, texts};
use crate::privileges::{Catalog, PrivilegeRow};

/// Rows of `system.databases`: name, engine, comment, uuid.
pub const DATABASES: &str = "databases";
/// Rows of `system.users`, and of `system.roles` as `is_role`.
pub const USERS: &str = "users";
/// Rows of `system.roles`: name, storage.
pub const ROLES: &str = "roles";
/// The lines of `SHOW GRANTS FOR ALL`.
pub const GRANTS: &str = "grants";
/// Rows of `system.privileges`: privilege, aliases, level, parent_group.
pub const PRIVILEGES: &str = "privileges";

/// Reads the databases.
pub fn databases() -> Read {
    let statement = "SELECT name, engine, comment, toString(uuid) AS uuid FROM system.databases";
    Read::Sql { name: DATABASES, statement: statement.into() }
}

/// Reads the roles.
pub fn roles() -> Read {
    Read::Sql { name: ROLES, statement: "SELECT name, toString(id) AS id, storage FROM system.roles".into() }
}

/// Reads the users with their limits. What their methods are is a scalar before 24.9 and an array
/// since; when they expire is told since 26.2, in seconds since 1970, 0 for never.
pub fn users(caps: &Caps) -> Read {
    let expiry = if caps.has_column("system.users", "valid_until") {
        ", arrayMap(time -> toUnixTimestamp(time), valid_until) AS valid_until"
    } else {
        ""
    };
    let statement = format!(
        "SELECT name, toString(id) AS id, storage, auth_type, auth_params, host_ip, host_names, \
         host_names_regexp, host_names_like, default_roles_all, default_roles_list, default_roles_except, \
         default_database, grantees_any, grantees_list, grantees_except{expiry} FROM system.users"
    );
    Read::Sql { name: USERS, statement }
}

/// Reads what everybody is granted, as the server prints it.
pub fn grants() -> Read {
    Read::Sql { name: GRANTS, statement: "SHOW GRANTS FOR ALL".into() }
}

/// Reads the privileges that the server knows.
pub fn privileges() -> Read {
    let statement = "SELECT toString(privilege) AS privilege, aliases, toString(level) AS level, \
                     toString(parent_group) AS parent_group FROM system.privileges";
    Read::Sql { name: PRIVILEGES, statement: statement.into() }
}

/// Returns the tree of the privileges that were read.
pub fn catalog(snapshot: &Snapshot) -> Catalog {
    let optional = |row: &Row, column: &str| row.get(column).and_then(Json::as_str).map(str::to_owned);
    let rows = snapshot.rows(PRIVILEGES).iter().map(|row| PrivilegeRow {
        privilege: text(row, "privilege").to_owned(),
        aliases: texts(row, "aliases"),
        level: optional(row, "level"),
        parent_group: optional(row, "parent_group"),
    });
    Catalog::new(rows)
}
