//! What is odd about the declared grants of roles and users: asked once, about all of them. What a
//! tenant declares by convention is left out: its words are chosen with what a database can hold in
//! mind, and its role is always its own.

use std::collections::{BTreeMap, BTreeSet};

use super::compare;
use super::problems::Place;
use crate::diag;
use crate::kinds::World;
use crate::kinds::common::grants::{self, Grantee, GranteeType};
use crate::kinds::common::reads;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::text;
use crate::model::{Addr, Resource};
use crate::privileges::{Catalog, Grant, Word, halved, lost_options, redundant};

/// How many names of dropped privileges are told.
const TOLD: usize = 6;

/// Returns what there is to say.
pub fn survey(wanted: &[&Resource], world: &World) -> Vec<Finding> {
    let declared: Vec<(&Resource, Vec<Grantee>)> = wanted
        .iter()
        .filter(|resource| resource.tenant.is_none())
        .map(|resource| (*resource, grants::grantees(&resource.attrs)))
        .collect();
    if declared.is_empty() {
        return Vec::new();
    }
    let catalog = compare::catalog(world.snapshot);
    let mut findings = unknown_roles(&declared, world);
    findings.extend(cycles(&declared));
    for (resource, grantees) in &declared {
        for (index, grantee) in grantees.iter().enumerate() {
            findings.extend(words(resource, index, grantee, &catalog));
        }
    }
    findings
}

fn finding(code: &'static str, severity: Severity, addr: &Addr, summary: &str) -> Finding {
    Finding::new(code, severity, Category::Access, summary).at(addr)
}

/// Returns a finding for each role that is granted, or granted something, and that nobody has
/// heard of: the server would refuse the statement in the middle of an apply (code 511).
fn unknown_roles(declared: &[(&Resource, Vec<Grantee>)], world: &World) -> Vec<Finding> {
    let live = |read| world.snapshot.rows(read).iter().map(|row| text(row, "name"));
    let declares = |kind: GranteeType| {
        let all = world.desired.resources.values().filter(move |resource| resource.kind == kind.word());
        all.map(|resource| resource.identity.as_str())
    };
    let roles: BTreeSet<&str> = live(reads::ROLES).chain(declares(GranteeType::Role)).collect();
    let users: BTreeSet<&str> = live(reads::USERS).chain(declares(GranteeType::User)).collect();
    let mut findings = Vec::new();
    for (resource, grantees) in declared {
        for (index, grantee) in grantees.iter().enumerate() {
            let unknown = grantee.roles.iter().filter(|role| !roles.contains(role.as_str()));
            findings.extend(unknown.map(|role| {
                let span = grants::place_of_role(resource, index, role);
                no_such(resource, "role", role, &roles).at_item(span, role, "nobody declares it")
            }));
            let known = if grantee.of == GranteeType::User { &users } else { &roles };
            let anybody = known.contains(grantee.name.as_str()) || users.contains(grantee.name.as_str());
            if grants::is_additive(&resource.attrs) && !anybody {
                let span = resource.place(grants::TO);
                let finding = no_such(resource, grantee.of.word(), &grantee.name, known);
                findings.push(finding.at_item(span, &grantee.name, "nobody declares it"));
            }
        }
    }
    findings
}

fn no_such(resource: &Resource, word: &str, name: &str, known: &BTreeSet<&str>) -> Finding {
    let summary = format!("there is no {word} {name}");
    let found = "neither declared here nor on the server";
    let finding =
        finding("CH233", Severity::Error, &resource.addr, &summary).compare(format!("{word} {name}"), found);
    match diag::nearest(name, known.iter().copied()) {
        Some(nearest) => finding.help(format!("did you mean {nearest}?")),
        None => {
            finding.help(format!("declare it with a `{word}` block, or have it made on the server first"))
        }
    }
}

/// An edge of the graph of roles: who has the role, by which resource, and as which grantee of it.
type Edge<'a> = (&'a str, &'a Resource, usize);

/// Returns a finding for each circle of roles. Those that refer to each other are told when the
/// configuration is read; these name each other by text.
fn cycles(declared: &[(&Resource, Vec<Grantee>)]) -> Vec<Finding> {
    let mut edges: BTreeMap<&str, Vec<Edge>> = BTreeMap::new();
    for (resource, grantees) in declared {
        for (index, grantee) in grantees.iter().enumerate().filter(|(_, g)| g.of == GranteeType::Role) {
            let has = grantee.roles.iter().map(|role| (role.as_str(), *resource, index));
            edges.entry(&grantee.name).or_default().extend(has);
        }
    }
    let mut findings = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in edges.keys().copied() {
        if let Some(path) = circle(start, &edges, &done) {
            findings.push(circular(start, &path));
        }
        done.insert(start);
    }
    findings
}

/// Returns the edges of a way from a role back to itself that avoids those that are done with.
fn circle<'a>(
    start: &'a str,
    edges: &BTreeMap<&'a str, Vec<Edge<'a>>>,
    done: &BTreeSet<&'a str>,
) -> Option<Vec<Edge<'a>>> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut ways: Vec<(&str, Vec<Edge>)> = vec![(start, Vec::new())];
    while let Some((at, way)) = ways.pop() {
        for edge in edges.get(at).into_iter().flatten() {
            let mut longer = way.clone();
            longer.push(*edge);
            if edge.0 == start {
                return Some(longer);
            }
            if !done.contains(edge.0) && seen.insert(edge.0) {
                ways.push((edge.0, longer));
            }
        }
    }
    None
}

fn circular(start: &str, path: &[Edge]) -> Finding {
    let names: Vec<&str> = std::iter::once(start).chain(path.iter().map(|edge| edge.0)).collect();
    let addr = path.first().map_or_else(|| Addr::new("role", start), |edge| edge.1.addr.clone());
    let begun = finding("CH234", Severity::Error, &addr, "roles are granted to each other in a circle")
        .compare("roles that end somewhere", names.join(" → "))
        .help("take one of these roles away");
    let mut holders = names.iter();
    path.iter().fold(begun, |finding, (role, resource, index)| {
        let holder = holders.next().copied().unwrap_or_default();
        let span = grants::place_of_role(resource, *index, role);
        finding.at_item(span, role, format!("{holder} has {role}"))
    })
}

/// Returns what there is to say of the words of one grantee.
fn words(resource: &Resource, index: usize, grantee: &Grantee, catalog: &Catalog) -> Vec<Finding> {
    let grants = grantee.grants();
    if grants.len() != grantee.privileges.len() {
        return Vec::new();
    }
    let at = |finding: Finding, word: Word, label: &str| {
        let place = Place { resource, grantee: index, declared: word.grant };
        let texts = grantee.privileges.get(word.grant).map_or(&[][..], |declared| &declared.privileges);
        place.mark(finding, "privileges", texts.get(word.privilege).map_or("", String::as_str), label)
    };
    let addr = &resource.addr;
    let redundant = redundant(catalog, &grants).into_iter().map(|found| {
        let summary = format!("{} is granted anyway", say(&grants, found.word));
        let note = finding("CH235", Severity::Note, addr, &summary)
            .help(format!("{} covers it: leave it out", say(&grants, found.by)));
        at(note, found.word, "says nothing")
    });
    let halved = halved(catalog, &grants).into_iter().map(|found| {
        let note = finding("CH237", Severity::Note, addr, "a group is granted without all of its members")
            .compare("", format!("{} leaves out {}", say(&grants, found.word), several(&found.dropped)))
            .help("what is left out cannot be granted there; name the members that are meant to be sure");
        at(note, found.word, "only in part")
    });
    let lost = lost_options(catalog, &grants).into_iter().map(|word| {
        let summary = "the server may lose this grant option";
        let warning = finding("CH232", Severity::Warning, addr, summary)
            .compare("", format!("{} WITH GRANT OPTION, below the same right ON *.*", say(&grants, word)))
            .help("grant it with the option ON *.*, or the wide right database by database");
        at(warning, word, "WITH GRANT OPTION")
    });
    redundant.chain(halved).chain(lost).collect()
}

fn say(grants: &[Grant], word: Word) -> String {
    let grant = grants.get(word.grant);
    let spec = grant.and_then(|grant| grant.privileges.get(word.privilege));
    grant.zip(spec).map_or_else(String::new, |(grant, spec)| format!("{spec} ON {}", grant.on))
}

fn several(names: &[String]) -> String {
    let told = names.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}
