//! Who is declared to reach what: by this configuration, and by what other scopes recorded.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, Principal};
use super::tenants::{Tenant, Tenants};
use crate::kinds::{DeclaredAccess, Kinds};
use crate::model::registry::Registry;
use crate::model::resource::Desired;
use crate::model::{Attrs, Settings, Value};
use crate::privileges::{Statement, Verb};

/// What is declared, as the proof takes it.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// The tenants' databases.
    pub tenants: Tenants,
    /// The grants of this configuration.
    pub graph: Graph,
    /// Those and what other scopes recorded as theirs.
    pub with_others: Graph,
    /// The tenants' own roles and users, with the slug.
    pub own: BTreeMap<Principal, String>,
    /// The scopes that recorded grants, by grantee.
    pub scopes: BTreeMap<Principal, String>,
    /// The users that are declared to pass nothing on.
    pub keeping: BTreeSet<String>,
    /// The names of users and roles that are trusted with everything.
    pub administrators: BTreeSet<String>,
    /// The views that may show tenants' data, as `database.name`.
    pub shared: BTreeSet<String>,
}

impl Declared {
    /// Collects what the kinds know of it.
    pub fn new(kinds: &Kinds, desired: &Desired, registry: &Registry, settings: &Settings) -> Self {
        let mut declared = Self {
            administrators: settings.isolation.administrators.iter().cloned().collect(),
            shared: settings.isolation.shared.iter().cloned().collect(),
            ..Self::default()
        };
        let mut tenants = Vec::new();
        for resource in desired.resources.values() {
            let Some(kind) = kinds.get(resource.kind) else { continue };
            let data = kind.data(resource).zip(resource.tenant.clone());
            tenants.extend(data.map(|(database, slug)| Tenant { database, slug }));
            declared.keeping.extend(kind.keeps_rights(resource));
            for access in kind.declared_access(&resource.attrs) {
                let id = add(&mut declared.graph, &access);
                add(&mut declared.with_others, &access);
                let principal = declared.graph.principal(id).clone();
                declared.own.extend(resource.tenant.clone().map(|slug| (principal, slug)));
            }
        }
        declared.tenants = Tenants::new(tenants);
        declared.recorded(kinds, registry);
        declared
    }

    fn recorded(&mut self, kinds: &Kinds, registry: &Registry) {
        for kind in kinds.iter() {
            for entry in registry.others(kind.name()) {
                let Some(Value::Map(attrs)) = entry.spec.get("attrs").map(Value::from_json) else { continue };
                let attrs: Attrs = attrs;
                for access in kind.declared_access(&attrs) {
                    let id = add(&mut self.with_others, &access);
                    let principal = self.with_others.principal(id).clone();
                    self.scopes.insert(principal, entry.scope.clone());
                }
            }
        }
    }
}

/// Adds what one grantee is declared to be granted.
pub fn add(graph: &mut Graph, access: &DeclaredAccess) -> super::graph::Id {
    let id = graph.enter(Principal { user: access.user, name: access.grantee.clone() });
    access.grants.iter().flat_map(Statement::declaring).for_each(|statement| graph.grant(id, statement));
    access.roles.iter().for_each(|role| graph.member(id, &role.role, Verb::Grant, role.admin_option));
    id
}
