//! Grants that cannot be made: what the server would refuse, told at the words that are to blame.

use super::compare;
use crate::kinds::common::grants::{self, Declared};
use crate::kinds::{Change, World};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::{Addr, Resource};
use crate::privileges::{Catalog, Grant, PrivilegeError, validate};

/// Returns what keeps a change from being made. `problem` is what the comparison ended with.
pub fn of(change: &Change, problem: Option<&str>, world: &World) -> Vec<Finding> {
    let mut findings = change.wanted.map(|wanted| wildcards(wanted, world)).unwrap_or_default();
    let Some(problem) = problem else { return findings };
    let catalog = compare::catalog(world.snapshot);
    findings.extend(change.wanted.into_iter().flat_map(|wanted| words(wanted, &catalog)));
    if findings.is_empty() {
        let finding = cannot(change.addr, problem);
        findings.push(match change.wanted {
            Some(wanted) => finding.at_span(wanted.span, "declared here"),
            None => finding,
        });
    }
    findings
}

fn cannot(addr: &Addr, problem: impl Into<String>) -> Finding {
    Finding::new("CH230", Severity::Error, Category::Access, "these grants cannot be made")
        .at(addr)
        .compare("grants that the server accepts", problem)
        .help(
            "correct the grant; `SELECT privilege, level FROM system.privileges` lists what the server knows",
        )
}

/// One declared grant with its place in the resource.
pub struct Place<'a> {
    /// The resource.
    pub resource: &'a Resource,
    /// The index of the grantee.
    pub grantee: usize,
    /// The index of the grant among the grantee's.
    pub declared: usize,
}

impl Place<'_> {
    /// Points a finding at one of the texts of a part: `privileges`, `on` or `except`.
    pub fn mark(&self, finding: Finding, part: &str, text: &str, label: &str) -> Finding {
        finding.at_item(grants::place_of(self.resource, self.grantee, self.declared, part), text, label)
    }
}

fn each<'a>(wanted: &'a Resource) -> impl Iterator<Item = (String, Declared, Grant, Place<'a>)> {
    grants::grantees(&wanted.attrs).into_iter().enumerate().flat_map(move |(index, grantee)| {
        let name = format!("{} {}", grantee.of.word(), grantee.name);
        grantee.privileges.into_iter().enumerate().filter_map(move |(declared, words)| {
            let place = Place { resource: wanted, grantee: index, declared };
            let grant = words.parse().ok()?;
            Some((name.clone(), words, grant, place))
        })
    })
}

/// Returns a finding for each word that the server would refuse.
fn words(wanted: &Resource, catalog: &Catalog) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, declared, grant, place) in each(wanted) {
        for (index, error) in validate(catalog, &grant) {
            let finding = cannot(&wanted.addr, format!("{name}: {error}"));
            let text = declared.privileges.get(index).map_or("", String::as_str);
            findings.push(match &error {
                PrivilegeError::NothingToExcept { .. } => {
                    let text = declared.except.first().map_or("", String::as_str);
                    place.mark(finding, "except", text, "nothing that could be left out")
                }
                _ => place.mark(finding, "privileges", text, &label(&error)),
            });
        }
    }
    findings
}

fn label(error: &PrivilegeError) -> String {
    match error {
        PrivilegeError::Unknown { nearest: Some(nearest), .. } => format!("did you mean {nearest}?"),
        PrivilegeError::Unknown { nearest: None, .. } => "unknown to this server".to_owned(),
        PrivilegeError::WrongLevel { scope, belongs, .. } => format!("belongs on {belongs}, not on {scope}"),
        PrivilegeError::ColumnsWithoutTable { scope, .. } => format!("columns, and {scope} is not one table"),
        PrivilegeError::NoColumnLevel { .. } => "not for columns".to_owned(),
        PrivilegeError::NothingToExcept { except, .. } => format!("cannot be on {except}"),
    }
}

/// Returns a finding for each wildcard on a server that has none: they came with 24.10, and are a
/// syntax error before.
fn wildcards(wanted: &Resource, world: &World) -> Vec<Finding> {
    if world.caps().at_least(24, 10) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let version = &world.caps().version;
    for (name, declared, grant, place) in each(wanted) {
        let on = grant.on.is_wildcard().then_some(("on", &declared.on));
        let parts = declared.except.iter().zip(&grant.except);
        let parts = parts.filter(|(_, except)| except.on.is_wildcard()).map(|(text, _)| ("except", text));
        for (part, text) in on.into_iter().chain(parts) {
            let finding = Finding::new(
                "CH236",
                Severity::Error,
                Category::Access,
                "this server has no wildcards in grants",
            )
            .at(&wanted.addr)
            .compare("ClickHouse 24.10 or newer", format!("{version}; {name}: {text}"))
            .help("name each database or table, with `for_each` or a list of grants; or update the server");
            findings.push(place.mark(finding, part, text, "a wildcard"));
        }
    }
    findings
}
