//! Reads that several kinds share. A shared read has one name and one text, so it is run once.

use crate::model::snapshot::{Caps, Read};

/// Rows of `system.databases`: name, engine, comment, uuid.
pub const DATABASES: &str = "databases";
/// Rows of `system.users`, and of `system.roles` as `is_role`.
pub const USERS: &str = "users";
/// Rows of `system.roles`: name, storage.
pub const ROLES: &str = "roles";

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
