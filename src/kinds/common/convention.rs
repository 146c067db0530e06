//! Names by convention. Other programs depend on them.

use crate::model::Settings;

/// Returns the database of a tenant.
pub fn database(slug: &str) -> String {
    format!("tenant_{slug}")
}

/// Returns the role of a tenant.
pub fn role(slug: &str) -> String {
    format!("role_tenant_{slug}")
}

/// Returns the user of a tenant.
pub fn user(slug: &str) -> String {
    format!("user_tenant_{slug}")
}

/// Returns the settings profile of a tenant with limits.
pub fn profile(slug: &str) -> String {
    format!("profile_tenant_{slug}")
}

/// Returns the quota of a tenant with limits.
pub fn quota(slug: &str) -> String {
    format!("quota_tenant_{slug}")
}

/// Returns the organization of a tenant that names none.
pub fn organization(slug: &str) -> String {
    slug.replace('_', "-")
}

/// Returns the name of the Secret that Superset's operator expects for an organization.
pub fn secret(organization: &str) -> String {
    format!("superset-tenant-{organization}-clickhouse-credentials")
}

/// The privileges of a tenant's role on its database.
pub const PRIVILEGES: [&str; 5] = ["SELECT", "INSERT", "ALTER", "CREATE", "DROP"];

/// The privileges of a tenant's role that keep it in its database: it can neither drop the database
/// nor alter it, and make no dictionary, which would read other databases. They are written as every
/// version from 23.8 on stores them, so that they read back unchanged.
pub const CONFINED: [&str; 10] = [
    "SELECT",
    "INSERT",
    "ALTER TABLE",
    "ALTER VIEW",
    "CREATE TABLE",
    "CREATE VIEW",
    "DROP TABLE",
    "DROP VIEW",
    "TRUNCATE",
    "OPTIMIZE",
];

/// Returns the folder of a tenant's migrations in the tree of an environment.
pub fn tenant_folder_in(environment: &str, slug: &str) -> String {
    format!("migrations/{environment}/tenants/{slug}")
}

/// Returns the list of the environment's active tenants.
pub fn tenants_list(settings: &Settings) -> String {
    format!("migrations/{}/tenants.txt", settings.environment)
}

/// The migrations of today's layout that a tenant block declares itself: recorded, not run.
pub const DECLARED_BOOTSTRAP: [&str; 2] =
    ["V1000__create_tenant_database.sql", "V1001__create_tenant_access.sql"];
