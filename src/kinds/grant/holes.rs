//! The holes of a tenant's base grants: what a tenant may do with them besides working in its database.
//!
//! `SELECT, INSERT, ALTER, CREATE, DROP` is the default because other programs expect it. A dictionary reads from any
//! ClickHouse account without a password, and opens connections with no right to a source (ClickHouse issue 119600). One
//! finding tells of all tenants with the same privileges: a plan that grants them warns of what is severe, a check notes
//! all of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::World;
use crate::kinds::common::grants;
use crate::model::access::listed;
use crate::model::{Addr, Category, Finding, Resource, Severity};
use crate::privileges::{Catalog, LeafSet, Portion, Scope};

/// A hole: the code, the privileges that make it, and what follows.
struct Hole {
    code: &'static str,
    privileges: &'static [&'static str],
    follows: &'static str,
    /// Whether a plan that opens it warns.
    severe: bool,
}

const HOLES: [Hole; 3] = [
    Hole {
        code: "CH250",
        privileges: &["CREATE DICTIONARY"],
        follows: "may CREATE DICTIONARY, which reads other databases through any account without a password and connects to other servers",
        severe: true,
    },
    Hole {
        code: "CH251",
        privileges: &["DROP DATABASE", "CREATE DATABASE"],
        follows: "may drop its database as a whole, and make it anew",
        severe: true,
    },
    Hole {
        code: "CH252",
        privileges: &["ALTER DATABASE"],
        follows: "may alter the settings and the comment of its database",
        severe: false,
    },
];

/// What to do about any of them.
const MEND: &str = "privileges = charter.presets.confined closes this";

/// How many tenants are named.
const NAMED: usize = 4;

/// A hole of a tenant's grants.
pub struct Found {
    hole: &'static Hole,
    /// The privileges as they are declared.
    words: Vec<String>,
    tenant: String,
    addr: Addr,
}

/// Returns the holes of declared grants that are among what is gained.
pub fn found(
    catalog: &Catalog,
    tenant: &str,
    addr: &Addr,
    declared: &[grants::Declared],
    gained: &[&Portion],
) -> Vec<Found> {
    let mut all = Vec::new();
    for grant in declared {
        let opened = holes_of(catalog, grant).into_iter().filter(|hole| {
            let leaves = leaves(catalog, hole);
            let on = |portion: &&&Portion| portion.scope.to_string() == grant.on;
            gained.iter().filter(on).any(|portion| !portion.leaves.and(&leaves).is_empty())
        });
        all.extend(opened.map(|hole| Found {
            hole,
            words: grant.privileges.clone(),
            tenant: tenant.to_owned(),
            addr: addr.clone(),
        }));
    }
    all
}

/// Returns the findings of a plan that grants these.
pub fn in_a_plan(found: &[Found]) -> Vec<Finding> {
    findings(found.iter().filter(|one| one.hole.severe), Severity::Warning)
}

/// Returns the findings of a check: the holes of all that is declared.
pub fn in_a_check(wanted: &[&Resource], world: &World) -> Vec<Finding> {
    let catalog = super::compare::catalog(world.snapshot);
    let mut known: BTreeMap<Vec<String>, Vec<&'static Hole>> = BTreeMap::new();
    let mut all = Vec::new();
    for resource in wanted {
        let Some(tenant) = &resource.tenant else { continue };
        for grant in grants::grantees(&resource.attrs).into_iter().flat_map(|grantee| grantee.privileges) {
            let holes = known.entry(grant.privileges.clone()).or_insert_with(|| holes_of(&catalog, &grant));
            all.extend(holes.iter().map(|hole| Found {
                hole,
                words: grant.privileges.clone(),
                tenant: tenant.clone(),
                addr: resource.addr.clone(),
            }));
        }
    }
    findings(&all, Severity::Note)
}

/// Returns the holes of a grant on a whole database.
fn holes_of(catalog: &Catalog, grant: &grants::Declared) -> Vec<&'static Hole> {
    let Ok(parsed) = grant.parse() else { return Vec::new() };
    if !matches!(parsed.on, Scope::Database { wildcard: false, .. }) {
        return Vec::new();
    }
    let mut granted = LeafSet::empty(catalog.len());
    for id in parsed.privileges.iter().filter_map(|spec| catalog.find(&spec.name)) {
        granted.extend(&catalog.leaves(id).and(catalog.at_depth(1)));
    }
    HOLES.iter().filter(|hole| !granted.and(&leaves(catalog, hole)).is_empty()).collect()
}

fn leaves(catalog: &Catalog, hole: &Hole) -> LeafSet {
    let mut leaves = LeafSet::empty(catalog.len());
    for id in hole.privileges.iter().filter_map(|name| catalog.find(name)) {
        leaves.extend(&catalog.leaves(id));
    }
    leaves
}

/// Returns one finding for each hole of each list of privileges.
fn findings<'a>(found: impl IntoIterator<Item = &'a Found>, severity: Severity) -> Vec<Finding> {
    let mut groups: BTreeMap<(&str, &[String]), Vec<&Found>> = BTreeMap::new();
    for one in found {
        groups.entry((one.hole.code, &one.words)).or_default().push(one);
    }
    groups.into_values().filter_map(|group| finding(&group, severity)).collect()
}

fn finding(group: &[&Found], severity: Severity) -> Option<Finding> {
    let first = group.first()?;
    let tenants: BTreeSet<&str> = group.iter().map(|found| found.tenant.as_str()).collect();
    let tenants: Vec<String> = tenants.into_iter().map(str::to_owned).collect();
    let who = match tenants.as_slice() {
        [_] => first.addr.block().to_string(),
        many => format!("each of {} tenants ({})", many.len(), listed(many, NAMED)),
    };
    let summary = format!("{who} {}", first.hole.follows);
    let mut finding = Finding::new(first.hole.code, severity, Category::Access, summary).help(MEND);
    if tenants.len() == 1 {
        finding = finding.at(&first.addr.block());
    }
    Some(finding)
}
