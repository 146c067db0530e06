//! Whose a database, a role or a user is: of the tenant that declares or recorded it, or by the names of the convention.

use std::collections::BTreeMap;

use crate::kinds::World;
use crate::kinds::common::convention;
use crate::model::access::Principal;
use crate::model::names;
use crate::privileges::Scope;

/// The tenants by what is theirs.
#[derive(Debug, Default)]
pub struct Tenants {
    databases: BTreeMap<String, String>,
    roles: BTreeMap<String, String>,
    users: BTreeMap<String, String>,
}

impl Tenants {
    /// Collects what is declared, and what any scope recorded.
    pub fn of(world: &World) -> Self {
        let mut tenants = Self::default();
        for kind in ["database", "role", "user"] {
            let recorded = world.registry.all_mine().filter(|entry| entry.kind == kind);
            for entry in recorded.chain(world.registry.others(kind)) {
                if let Some(slug) = entry.spec.get("tenant").and_then(serde_json::Value::as_str) {
                    tenants.add(kind, &entry.identity, slug);
                }
            }
        }
        for resource in world.desired.resources.values() {
            if let Some(slug) = &resource.tenant {
                tenants.add(resource.kind, &resource.identity, slug);
            }
        }
        tenants
    }

    fn add(&mut self, kind: &str, identity: &str, slug: &str) {
        let map = match kind {
            "database" => &mut self.databases,
            "role" => &mut self.roles,
            "user" => &mut self.users,
            _ => return,
        };
        map.insert(identity.to_owned(), slug.to_owned());
    }

    /// Returns the tenant of a role or user.
    pub fn of_principal<'a>(&'a self, of: Principal, name: &'a str) -> Option<&'a str> {
        let (known, convention) = match of {
            Principal::Role => (&self.roles, convention::role("")),
            Principal::User => (&self.users, convention::user("")),
        };
        known.get(name).map(String::as_str).or_else(|| by_convention(name, &convention))
    }

    /// Returns the tenant of a database.
    pub fn of_database<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let known = self.databases.get(name).map(String::as_str);
        known.or_else(|| by_convention(name, &convention::database("")))
    }

    /// Returns whether a scope is a database of a tenant, or within one.
    pub fn is_home(&self, tenant: &str, scope: &Scope) -> bool {
        match scope {
            Scope::Database { name, wildcard: false } | Scope::Table { database: name, .. } => {
                self.of_database(name) == Some(tenant)
            }
            Scope::Global | Scope::Database { .. } | Scope::Object { .. } => false,
        }
    }

    /// Returns the tenants of the databases that a scope reaches by name or by prefix, with the databases.
    pub fn reached<'a>(&'a self, scope: &'a Scope) -> Vec<(&'a str, &'a str)> {
        match scope {
            Scope::Database { name, wildcard: false } | Scope::Table { database: name, .. } => {
                self.of_database(name).map(|tenant| (tenant, name.as_str())).into_iter().collect()
            }
            Scope::Database { name: prefix, wildcard: true } => {
                let known = self.databases.range(prefix.clone()..);
                let known = known.take_while(|(name, _)| name.starts_with(prefix.as_str()));
                known.map(|(name, tenant)| (tenant.as_str(), name.as_str())).collect()
            }
            Scope::Global | Scope::Object { .. } => Vec::new(),
        }
    }
}

fn by_convention<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    name.strip_prefix(prefix).filter(|slug| names::slug(slug).is_ok())
}
