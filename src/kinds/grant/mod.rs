//! Grants: who may do what, compared by meaning ([`crate::privileges`]).
//!
//! Two forms. *Whole*: all that a role or user may do, declared with it; what was granted by hand
//! besides shows as drift. *Additive*: a top-level `grant` for a grantee that another scope owns;
//! it is recorded, so that the owner leaves it alone.

mod access;
#[cfg(test)]
mod access_tests;
mod compare;
mod holes;
mod lint;
mod parts;
mod problems;
mod rename;
mod tenants;
#[cfg(test)]
mod tests;
mod widening;

use std::collections::{BTreeMap, BTreeSet};

use compare::{Comparison, Live};

use crate::diag::Diagnostic;
use crate::kinds::common::grants::{self, Grantee, GranteeType, KIND};
use crate::kinds::common::reads;
use crate::kinds::{Change, DeclaredAccess, DecodeCx, Effects, Instance, Kind, Lowered, Renamed, World};
use crate::model::finding::Finding;
use crate::model::op::Sql;
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::resource::{Declared, Desired};
use crate::model::schema::{BlockSchema, Type};
use crate::model::snapshot::{Caps, Read};
use crate::model::{Action, Addr, Attrs, Cause, Resource, Settings, Snapshot, Step, Value};

pub use crate::kinds::common::reads::{GRANTS, PRIVILEGES};

/// The kind.
pub struct Grant;

impl Kind for Grant {
    fn name(&self) -> &'static str {
        KIND
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = grants::nested_schema().required(
            "to",
            Type::Ref(&["role", "user"]),
            "Who is granted it: a role or user, also of another scope.",
        );
        Some(schema)
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let (Some(declared), Some(to)) = (grants::declared(&block.body, cx), block.body.get("to")) else {
            return Declared::default();
        };
        let name = to.value.as_str().unwrap_or_default().to_owned();
        let of = match &to.value {
            Value::Ref { addr, .. } if is_user(addr) => GranteeType::User,
            _ => GranteeType::Role,
        };
        if name.is_empty() {
            cx.diags.push(Diagnostic::error("a grant goes to nobody").at(to.span, "name a role or a user"));
            return Declared::default();
        }
        let grantee = Grantee { privileges: vec![declared], ..Grantee::new(name, of) };
        // Two scopes may use one address: each grants for itself.
        let identity = format!("{} {}", cx.settings.scope, block.addr);
        let mut resource = grants::additive(block.addr.clone(), &identity, &grantee, block.body.span);
        resource.places.insert(grants::TO.to_owned(), to.span);
        Declared { resources: vec![resource], ..Declared::default() }
    }

    /// Lets what names a declared role or user by text come after it, as a reference would.
    fn link(&self, desired: &mut Desired, _: &mut DecodeCx) {
        let kinds = [GranteeType::Role, GranteeType::User].map(GranteeType::word);
        let declared = desired.resources.values().filter(|resource| kinds.contains(&resource.kind));
        let declared: BTreeMap<String, Addr> =
            declared.map(|resource| (resource.identity.clone(), resource.addr.clone())).collect();
        // A tenant's own role and user are in order already.
        let wanted = desired.resources.values_mut();
        for resource in wanted.filter(|resource| resource.kind == KIND && resource.tenant.is_none()) {
            let grantees = grants::grantees(&resource.attrs);
            let names = grantees.iter().flat_map(|grantee| grantee.roles.iter().chain([&grantee.name]));
            resource.after.extend(names.filter_map(|name| declared.get(name)).cloned());
        }
    }

    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, caps: &Caps) -> Vec<Read> {
        vec![reads::grants(), reads::privileges(), reads::users(caps), reads::roles()]
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let (live, exempt) = (Live::of(world.snapshot), compare::exempt(world));
        let wanted = world.desired.resources.values().filter(|resource| resource.kind == KIND);
        let wanted: BTreeMap<&str, &Attrs> =
            wanted.map(|resource| (resource.identity.as_str(), &resource.attrs)).collect();
        let mut observed = BTreeMap::new();
        for identity in identities {
            let recorded = world.registry.mine(KIND, identity);
            let attrs = match (wanted.get(identity), recorded) {
                (Some(attrs), _) => live.compare(attrs, recorded, &exempt),
                (None, Some(entry)) => live.compare_removed(&recorded_attrs(entry), &exempt),
                (None, None) => None,
            };
            observed.extend(attrs.map(|attrs| ((*identity).to_owned(), attrs.into_attrs())));
        }
        observed
    }

    fn declared_access(&self, attrs: &Attrs) -> Vec<DeclaredAccess> {
        grants::grantees(attrs).iter().map(Grantee::access).collect()
    }

    fn diff(&self, _: &Resource, live: &Attrs, _: &World) -> Vec<AttrDiff> {
        Comparison::from_attrs(live).diff()
    }

    fn may_have_made(&self, _: &Resource, live: &Attrs, _: &World) -> bool {
        Comparison::from_attrs(live).extra.is_empty()
    }

    fn parts(&self, item: &str) -> Vec<String> {
        parts::of(item)
    }

    fn statement_names(&self, _: &str, cause: &Cause) -> Vec<String> {
        cause.drift.iter().map(|drift| drift.attribute.clone()).collect()
    }

    fn show(&self, attrs: &Attrs) -> Attrs {
        let grantees = grants::grantees(attrs);
        let words = |grantee: &Grantee| Value::strings(grants::words(grantee));
        grantees.iter().map(|grantee| (grantee.name.clone(), words(grantee))).collect()
    }

    fn owned_with(&self, wanted: &Resource) -> Vec<(&'static str, String)> {
        if grants::is_additive(&wanted.attrs) {
            return Vec::new();
        }
        grants::grantees(&wanted.attrs).into_iter().map(|grantee| (grantee.of.word(), grantee.name)).collect()
    }

    fn rename(&self, from: &str, to: &str, snapshot: &mut Snapshot) -> Renamed {
        rename::rename(snapshot, from, to);
        Renamed::Record
    }

    fn survey(&self, wanted: &[&Resource], world: &World) -> Vec<Finding> {
        let mut findings = lint::survey(wanted, world);
        findings.extend(holes::in_a_check(wanted, world));
        findings
    }

    fn lower(&self, change: &Change, world: &World) -> Lowered {
        let comparison = match (change.live, change.wanted) {
            (Some(live), _) => Comparison::from_attrs(live),
            (None, Some(wanted)) => compare::of_nobody(&wanted.attrs, world.snapshot),
            (None, None) => Comparison::default(),
        };
        let findings = problems::of(change, comparison.problem.as_deref(), world);
        if !findings.is_empty() {
            return Lowered { findings, ..Lowered::default() };
        }
        let ops = comparison.statements.into_iter().map(|text| Sql::new(text).into());
        let mut notes = comparison.notes;
        if change.action == Action::Delete && comparison.missing.is_empty() && comparison.extra.is_empty() {
            notes.push("goes with its role or user".to_owned());
        }
        Lowered { notes, ..Lowered::ops(ops) }
    }

    fn access(&self, steps: &[Step], world: &World) -> Effects {
        access::effects(steps, world)
    }
}

/// Returns whether an address is a user's: `user.bi`, or the part `user` of a composite. A role may
/// be labelled "user", too.
fn is_user(addr: &Addr) -> bool {
    match addr.segments() {
        [block, _] => block.word == "user",
        [.., part] => part.word == "user",
        [] => false,
    }
}

/// Returns the attributes that were recorded when these grants were last applied.
fn recorded_attrs(entry: &Entry) -> Attrs {
    match entry.spec.get("attrs").map(Value::from_json) {
        Some(Value::Map(attrs)) => attrs,
        _ => Attrs::new(),
    }
}
