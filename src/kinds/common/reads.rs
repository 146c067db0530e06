//! Reads that several kinds share. A shared read has one name and one text, so it is run once.

use crate::model::snapshot::Read;

/// Rows of `system.databases`: name, engine, comment, uuid.
pub const DATABASES: &str = "databases";
/// Rows of `system.users`, and of `system.roles` as `is_role`.
pub const USERS: &str = "users";
/// Rows of `system.roles`: name, storage.
pub const ROLES: &str = "roles";

/// Lines of `SHOW GRANTS FOR ALL`, one a row.
pub const GRANTS: &str = "grants";
/// Rows of `system.privileges`.
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

/// Reads the users with their limits.
pub fn users() -> Read {
    let statement = "SELECT name, toString(id) AS id, storage, host_ip, host_names, host_names_regexp, \
                     host_names_like, default_roles_all, default_roles_list, default_roles_except, \
                     default_database, grantees_any, grantees_list FROM system.users";
    Read::Sql { name: USERS, statement: statement.into() }
}
