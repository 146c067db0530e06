//! What is to be rebuilt: tenants by the statements of their applied files.

use std::collections::{BTreeMap, BTreeSet};

use super::vet::{self, Verdict};
use crate::kinds::common::migration::{KIND, SCRATCH};
use crate::model::resource::Desired;
use crate::model::{Addr, Attrs, Resource, Value};

/// A tenant to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its block.
    pub addr: Addr,
    /// Its database.
    pub database: String,
}

/// A statement to run in the scratch database; [`SCRATCH`] stands for the database's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// The text.
    pub sql: String,
    /// Its own settings.
    pub settings: BTreeMap<String, String>,
    /// Where it comes from, for people.
    pub from: String,
}

/// Tenants whose files read the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The statements that define something, in their order.
    pub statements: Vec<Statement>,
    /// Objects that are not made, because that would reach beyond the database; not compared.
    pub left_out: BTreeSet<String>,
    /// The tenants.
    pub tenants: Vec<Tenant>,
}

/// What is rebuilt, and what cannot be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The groups.
    pub groups: Vec<Group>,
    /// The tenants that cannot be rebuilt, each with the reason.
    pub unknown: Vec<(Addr, String)>,
}

/// Plans the replay of the selected tenants. `live` has what the ledger says of each file, by identity.
pub fn plan(desired: &Desired, live: &BTreeMap<String, Attrs>, selected: &BTreeSet<Addr>) -> Plan {
    let mut files: BTreeMap<Addr, Vec<&Resource>> = BTreeMap::new();
    let ours =
        desired.resources.values().filter(|resource| resource.kind == KIND && resource.tenant.is_some());
    for file in ours.filter(|file| selected.contains(&file.addr)) {
        files.entry(file.addr.block()).or_default().push(file);
    }
    let mut groups: BTreeMap<Vec<Statement>, Group> = BTreeMap::new();
    let mut plan = Plan::default();
    for (addr, files) in files {
        let database = files.first().map_or("", |file| file.text("database")).to_owned();
        match statements(&in_order(files), live, &database) {
            Ok(None) => {}
            Ok(Some((statements, left_out))) => {
                let group = groups.entry(statements.clone());
                let group = group.or_insert(Group { statements, left_out, tenants: Vec::new() });
                group.tenants.push(Tenant { addr, database });
            }
            Err(why) => plan.unknown.push((addr, why)),
        }
    }
    plan.groups = groups.into_values().collect();
    plan
}

/// Puts a tenant's files in the order in which they are applied: each after the one that it names.
fn in_order(files: Vec<&Resource>) -> Vec<&Resource> {
    let own: BTreeSet<&Addr> = files.iter().map(|file| &file.addr).collect();
    let mut next: BTreeMap<Option<&Addr>, Vec<&Resource>> = BTreeMap::new();
    for file in &files {
        let before = file.after.iter().find(|addr| own.contains(addr));
        next.entry(before).or_default().push(file);
    }
    let mut ordered = Vec::with_capacity(files.len());
    let mut open = next.remove(&None).unwrap_or_default();
    open.reverse();
    while let Some(file) = open.pop() {
        ordered.push(file);
        open.extend(next.remove(&Some(&file.addr)).unwrap_or_default());
    }
    ordered
}

type Defined = (Vec<Statement>, BTreeSet<String>);

/// Returns what a tenant's applied files define; none where nothing is applied.
fn statements(
    files: &[&Resource],
    live: &BTreeMap<String, Attrs>,
    database: &str,
) -> Result<Option<Defined>, String> {
    let mut all = Vec::new();
    let mut left_out = BTreeSet::new();
    let mut applied = false;
    for file in files {
        let status = live.get(&file.identity).and_then(|live| live.get("status")).and_then(Value::as_str);
        match status {
            Some("applied" | "baselined" | "imported") => applied = true,
            Some("partial") => return Err(format!("{} is applied in part", file.text("path"))),
            _ => continue,
        }
        let values = file.attrs.get("statements").map_or(&[][..], Value::items);
        for (at, value) in values.iter().enumerate() {
            let text = |name: &str| value.get(name).and_then(Value::as_str);
            let Some(sql) = text("neutral").or_else(|| text("sql")) else { continue };
            let from = format!("statement {} of {}", at + 1, file.text("file"));
            match vet::vet(sql, database, &mut left_out) {
                Verdict::Run(sql) => {
                    let settings = value.get("settings").and_then(Value::as_map).into_iter().flatten();
                    let settings =
                        settings.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
                    all.push(Statement { sql, settings: settings.collect(), from });
                }
                Verdict::Skip => {}
                Verdict::Refuse(why) => return Err(format!("{from} {why}")),
            }
        }
    }
    Ok(applied.then_some((all, left_out)))
}

impl Statement {
    /// Returns the text for a scratch database of this name.
    pub fn text(&self, database: &str) -> String {
        self.sql.replace(SCRATCH, database)
    }
}
