//! The table of kinds: a new kind is a folder and a line here.

use super::{
    Kind, database, grant, issued_user, ledger, migrations, quota, role, row_policy, secret,
    settings_profile, superset_tenant, tenant, user,
};

/// The kinds that charter knows.
#[derive(Clone)]
pub struct Kinds(Vec<&'static dyn Kind>);

impl Kinds {
    /// Returns the table of charter's kinds. A new kind is a folder and a line here; those that
    /// complete what others declare come last.
    pub fn all() -> Self {
        Self(vec![
            &tenant::Tenant,
            &database::Database,
            &role::Role,
            &user::User,
            &grant::Grant,
            &settings_profile::SettingsProfile,
            &quota::Quota,
            &row_policy::RowPolicy,
            &migrations::Migrations,
            &secret::Secret,
            &superset_tenant::SupersetTenant,
            &issued_user::IssuedUser,
            &ledger::Ledger,
        ])
    }

    /// Returns a table of these kinds.
    pub fn new(kinds: Vec<&'static dyn Kind>) -> Self {
        Self(kinds)
    }

    /// Returns a kind by name.
    pub fn get(&self, name: &str) -> Option<&'static dyn Kind> {
        self.iter().find(|kind| kind.name() == name)
    }

    /// Returns all kinds in their order.
    pub fn iter(&self) -> impl Iterator<Item = &'static dyn Kind> + '_ {
        self.0.iter().copied()
    }
}
