//! Objects that pending statements need and nobody will have made when they run.
//!
//! The statements of a block are gone through in their order: what one makes is there for the next,
//! what one drops is not. What another block makes counts as there, as their order is not known. Past a
//! statement whose effects are unknown nothing is said.

use std::collections::{BTreeMap, BTreeSet};

use super::{Pending, excerpt};
use crate::diag::nearest;
use crate::kinds::World;
use crate::kinds::migrations::there::{self, THERE};
use crate::migrate::analyze::{Analysis, ObjectKind, ObjectRef, Role, Verb};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::text;
use crate::model::{Addr, sql};

type Name = (String, String);

/// Returns the full name of a table, view or dictionary; none for other objects and those of the server.
fn resolve(statement: &Pending, object: &ObjectRef) -> Option<Name> {
    let (database, name) = there::resolve(object, statement.database)?;
    Some((database.to_owned(), name.to_owned()))
}

/// Tells whether a statement may make objects that it does not name.
fn is_blind(analysis: &Analysis) -> bool {
    match analysis.verb {
        Verb::Unknown | Verb::Restore => true,
        // `SYSTEM RESTORE …`, `SYSTEM ENABLE …`: not about tables.
        Verb::Create | Verb::Attach | Verb::Rename | Verb::Detach | Verb::Undrop => {
            analysis.objects.is_empty() && !analysis.flags.access
                || analysis.objects.iter().any(|object| {
                    object.kind == ObjectKind::Database
                        && !(analysis.verb == Verb::Create && object.role == Role::Creates)
                })
        }
        _ => false,
    }
}

/// Tells whether a statement fails where an object of this role is missing.
fn needs(analysis: &Analysis, role: Role) -> bool {
    let flags = &analysis.flags;
    let swaps = analysis.verb == Verb::Exchange;
    match analysis.verb {
        _ if flags.if_exists || flags.temporary || flags.on_cluster => false,
        // Parts run side by side; a dictionary is loaded when it is used; `ATTACH` trusts its metadata.
        Verb::Parallel | Verb::Attach | Verb::Undrop | Verb::Unknown => false,
        Verb::Create if flags.if_not_exists || flags.window => false,
        _ => match role {
            Role::Reads | Role::Writes | Role::Alters | Role::Drops | Role::RenamesFrom => true,
            Role::RenamesTo => swaps,
            Role::Creates => false,
        },
    }
}

/// What is there while the statements of one block run.
struct There<'a> {
    live: &'a BTreeSet<(&'a str, &'a str)>,
    made: BTreeSet<Name>,
    gone: BTreeSet<Name>,
}

impl There<'_> {
    fn has(&self, name: &Name) -> bool {
        self.made.contains(name)
            || self.live.contains(&(name.0.as_str(), name.1.as_str())) && !self.gone.contains(name)
    }

    fn run(&mut self, statement: &Pending) {
        let analysis = &statement.analysis;
        if analysis.verb == Verb::Exchange || analysis.flags.temporary {
            return;
        }
        for object in &analysis.objects {
            if object.kind == ObjectKind::Database && object.role == Role::Drops {
                self.made.retain(|(database, _)| *database != object.name);
                let here = self.live.iter().filter(|(database, _)| *database == object.name);
                self.gone.extend(here.map(|(database, name)| ((*database).to_owned(), (*name).to_owned())));
            }
            let Some(name) = resolve(statement, object) else { continue };
            match object.role {
                Role::Creates | Role::RenamesTo => {
                    self.gone.remove(&name);
                    self.made.insert(name);
                }
                Role::Drops | Role::RenamesFrom => {
                    self.made.remove(&name);
                    self.gone.insert(name);
                }
                Role::Alters | Role::Writes | Role::Reads => {}
            }
        }
    }

    /// Returns the name that was probably meant, of the same database.
    fn nearest(&self, name: &Name) -> Option<String> {
        let live = self.live.iter().filter(|(database, _)| *database == name.0).map(|(_, table)| *table);
        let live = live.filter(|table| !self.gone.contains(&(name.0.clone(), (*table).to_owned())));
        let made = self.made.iter().filter(|(database, _)| *database == name.0).map(|(_, table)| &**table);
        nearest(&name.1, live.chain(made)).map(str::to_owned)
    }
}

/// Finds the objects that are missing when a statement needs them.
pub fn missing(pending: &[Pending], stopped: &BTreeSet<Addr>, world: &World) -> Vec<Finding> {
    let rows = world.snapshot.rows(THERE);
    let live: BTreeSet<(&str, &str)> =
        rows.iter().map(|row| (text(row, "database"), text(row, "table"))).collect();
    let mut makers: BTreeMap<Name, BTreeSet<&Addr>> = BTreeMap::new();
    for statement in pending {
        for object in &statement.analysis.objects {
            if let (Some(name), Role::Creates | Role::RenamesTo) = (resolve(statement, object), object.role) {
                makers.entry(name).or_default().insert(&statement.owner);
            }
        }
    }
    let owners: BTreeSet<&Addr> = pending.iter().map(|statement| &statement.owner).collect();
    let mut findings = Vec::new();
    for owner in owners.into_iter().filter(|owner| !stopped.contains(owner)) {
        let mut there = There { live: &live, made: BTreeSet::new(), gone: BTreeSet::new() };
        let elsewhere = |name: &Name| makers.get(name).is_some_and(|all| all.iter().any(|one| *one != owner));
        for statement in pending.iter().filter(|statement| statement.owner == *owner) {
            if is_blind(&statement.analysis) {
                break;
            }
            let mut told = BTreeSet::new();
            for object in &statement.analysis.objects {
                let dictionary = statement.analysis.verb == Verb::Create
                    && statement.analysis.objects.iter().any(|one| one.kind == ObjectKind::Dictionary);
                if dictionary || !needs(&statement.analysis, object.role) {
                    continue;
                }
                let Some(name) = resolve(statement, object) else { continue };
                if !there.has(&name) && !elsewhere(&name) && told.insert(name.clone()) {
                    findings.push(finding(statement, &name, &there));
                }
            }
            there.run(statement);
        }
    }
    findings
}

fn finding(statement: &Pending, name: &Name, there: &There) -> Finding {
    let full = format!("{}.{}", sql::ident(&name.0), sql::ident(&name.1));
    let what = "a pending statement needs an object that is not there";
    let found = if there.gone.contains(name) {
        format!(
            "{}: it is gone by then, by an earlier statement: {}",
            statement.place,
            excerpt(statement.sql)
        )
    } else {
        format!(
            "{}: nothing of that name, and no statement before makes it: {}",
            statement.place,
            excerpt(statement.sql)
        )
    };
    let finding = statement.finding("CH451", Severity::Error, Category::Tracking, what).compare(full, found);
    match there.nearest(name) {
        Some(near) => finding.help(format!("did you mean {}?", sql::ident(&near))),
        None => finding.help("correct the name, or put the file that makes it before this one"),
    }
}
