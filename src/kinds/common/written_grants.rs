//! What a role or user is granted, as the language writes it: the server's own lines where they say
//! it, else the same rights in other words. Whatever is written was compared with the server's lines
//! by meaning before.

use std::collections::{BTreeMap, BTreeSet};

use super::{reads, written};
use crate::kinds::found::WriteCx;
use crate::model::access::GrantOption;
use crate::model::block::{Block, Expr};
use crate::model::snapshot::{Snapshot, text};
use crate::privileges::{
    Catalog, Compare, Except, Grant, Mode, Place, PrivilegeSpec, Scope, ShowGrant, Source, Statement, Verb,
    diff, memberships, parse_show_grants,
};

/// The grants of all roles and users.
pub struct LiveGrants {
    catalog: Catalog,
    lines: BTreeMap<String, Vec<ShowGrant>>,
    unreadable: BTreeSet<String>,
    /// The names that a role and a user share.
    pub ambiguous: BTreeSet<String>,
}

/// What a role or user is granted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Granted {
    /// The privileges; none where no words say them.
    pub grants: Option<Vec<Grant>>,
    /// The roles, and whether each may be granted on.
    pub roles: BTreeMap<String, bool>,
    /// The lines about privileges, as the server prints them.
    pub lines: Vec<String>,
}

impl LiveGrants {
    /// Reads what was observed.
    pub fn of(snapshot: &Snapshot) -> Self {
        let names = |read: &str| -> BTreeSet<String> {
            snapshot.rows(read).iter().map(|row| text(row, "name").to_owned()).collect()
        };
        let mut live = Self {
            catalog: reads::catalog(snapshot),
            lines: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            ambiguous: names(reads::USERS).intersection(&names(reads::ROLES)).cloned().collect(),
        };
        for row in snapshot.rows(reads::GRANTS) {
            let line = row.values().find_map(serde_json::Value::as_str).unwrap_or_default();
            match parse_show_grants(line) {
                Ok(grant) => live.lines.entry(grant.grantee().to_owned()).or_default().push(grant),
                Err(_) => {
                    let tail = line.rsplit_once(" TO ").map_or("", |(_, tail)| tail);
                    let name = tail.split(' ').next().unwrap_or_default();
                    live.unreadable.insert(name.trim_matches('`').to_owned());
                }
            }
        }
        live
    }

    /// Returns what one role or user is granted.
    pub fn granted(&self, name: &str) -> Granted {
        let lines = self.lines.get(name).map_or(&[][..], Vec::as_slice);
        let statements: Vec<&Statement> = lines.iter().filter_map(privileges).collect();
        let printed = as_printed(&statements).filter(|grants| self.says(grants, lines));
        let grants = match printed {
            _ if self.unreadable.contains(name) => None,
            Some(grants) if words(&grants) <= MANY => Some(grants),
            printed => {
                let other = self.in_other_words(lines).filter(|grants| self.says(grants, lines));
                other.into_iter().chain(printed).min_by_key(|grants| words(grants))
            }
        };
        Granted {
            grants,
            roles: memberships(lines),
            lines: lines.iter().filter(|line| privileges(line).is_some()).map(ShowGrant::sql).collect(),
        }
    }

    /// Returns why what a role or user is granted cannot be compared with any declaration.
    pub fn obstacle(&self, name: &str) -> Option<String> {
        if self.ambiguous.contains(name) {
            return Some(written::SHARED_NAME.to_owned());
        }
        if self.unreadable.contains(name) {
            return Some("what it is granted cannot be read".to_owned());
        }
        let lines = self.lines.get(name).map_or(&[][..], Vec::as_slice);
        diff(&self.catalog, &[], lines, &[], Mode::Additive).err().map(|error| error.to_string())
    }

    /// Returns whether declared grants are what the lines say, no more and no less.
    pub fn says(&self, grants: &[Grant], lines: &[ShowGrant]) -> bool {
        let reparsed: Option<Vec<Grant>> = grants.iter().map(reparsed).collect();
        reparsed.is_some_and(|grants| {
            diff(&self.catalog, &grants, lines, &[], Mode::Whole).is_ok_and(|diff| diff.is_empty())
        })
    }

    /// Returns whether these grants are all that a role or user has.
    pub fn are_all_of(&self, grants: &[Grant], name: &str) -> bool {
        self.says(grants, self.lines.get(name).map_or(&[], Vec::as_slice))
    }

    fn in_other_words(&self, lines: &[ShowGrant]) -> Option<Vec<Grant>> {
        let source = Source { role: None, lines: lines.iter().collect() };
        let effect = Compare::new(&self.catalog).effect(&[], &[source], &[]);
        let mut grants = Vec::new();
        for portion in effect.gains {
            let spec = |text: &String| PrivilegeSpec::parse(text).ok();
            grants.push(Grant {
                privileges: portion.privileges.iter().map(spec).collect::<Option<Vec<_>>>()?,
                on: portion.scope,
                grant_option: portion.option != GrantOption::No,
                except: portion.except.iter().map(except).collect(),
            });
        }
        Some(grants)
    }
}

/// How many words are worth looking for fewer.
const MANY: usize = 12;

fn words(grants: &[Grant]) -> usize {
    grants.iter().map(|grant| grant.privileges.len() + grant.except.len()).sum()
}

fn privileges(line: &ShowGrant) -> Option<&Statement> {
    match line {
        ShowGrant::Privileges { statement, .. } => Some(statement),
        ShowGrant::Roles { .. } => None,
    }
}

fn except((scope, column): &Place) -> Except {
    Except { on: scope.clone(), columns: column.iter().cloned().collect() }
}

/// Returns a grant as it is read from what is written.
fn reparsed(grant: &Grant) -> Option<Grant> {
    let words: Vec<String> = grant.privileges.iter().map(ToString::to_string).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let except = grant.except.iter().map(|except| Except::parse(&except.to_string()).ok());
    let parsed = Grant::parse(&words, &grant.on.to_string(), grant.grant_option).ok()?;
    Some(parsed.excepting(except.collect::<Option<Vec<_>>>()?))
}

/// Returns the grants of the lines, each partial revoke as what its grant leaves out; none where that
/// cannot be said.
fn as_printed(statements: &[&Statement]) -> Option<Vec<Grant>> {
    let mut grants: Vec<Grant> = Vec::new();
    for statement in statements {
        for element in &statement.elements {
            match statement.verb {
                Verb::Grant => grants.push(Grant {
                    privileges: element.privileges.clone(),
                    on: element.on.clone(),
                    grant_option: statement.grant_option,
                    except: Vec::new(),
                }),
                Verb::Revoke => {
                    for revoked in &element.privileges {
                        leave_out(&mut grants, revoked, &element.on);
                    }
                }
                Verb::RevokeOption => return None,
            }
        }
    }
    Some(merged(grants))
}

/// Lets the grants of a privilege leave out a part of their scope: split from what stands with it.
fn leave_out(grants: &mut Vec<Grant>, revoked: &PrivilegeSpec, on: &Scope) {
    let mut split = Vec::new();
    for grant in grants.iter_mut().filter(|grant| grant.on.covers(on)) {
        let is_it = |spec: &PrivilegeSpec| spec.name.eq_ignore_ascii_case(&revoked.name);
        let (it, rest): (Vec<_>, Vec<_>) = grant.privileges.drain(..).partition(is_it);
        if !it.is_empty() {
            let mut narrowed = Grant { privileges: it, ..grant.clone() };
            narrowed.except.push(Except { on: on.clone(), columns: revoked.columns.clone() });
            split.push(narrowed);
        }
        grant.privileges = rest;
    }
    grants.extend(split);
    grants.retain(|grant| !grant.privileges.is_empty());
}

/// Unites grants that differ in their privileges alone.
fn merged(grants: Vec<Grant>) -> Vec<Grant> {
    let mut merged: Vec<Grant> = Vec::new();
    for grant in grants {
        let same = |other: &&mut Grant| {
            (&other.on, other.grant_option, &other.except) == (&grant.on, grant.grant_option, &grant.except)
        };
        match merged.iter_mut().find(same) {
            Some(other) => other.privileges.extend(grant.privileges),
            None => merged.push(grant),
        }
    }
    merged
}

/// Adds what is granted to the block of a role or user.
pub fn into_block(block: &mut Block, granted: &Granted, cx: &WriteCx) {
    let (admin, plain): (Vec<_>, Vec<_>) = granted.roles.iter().partition(|(_, admin)| **admin);
    if !plain.is_empty() {
        block.attr("roles", cx.refer_all(&["role"], plain.iter().map(|(role, _)| role.as_str())));
    }
    if granted.grants.is_none() {
        block.remark("no declaration says all that it is granted, so that it is left alone:");
        granted.lines.iter().for_each(|line| block.remark(format!("  {line}")));
        block.attr("ignore_unmanaged_grants", true);
    }
    for (role, _) in admin {
        let mut grant = Block::new("role_grant");
        grant.attr("role", cx.refer(&["role"], role));
        grant.attr("admin_option", true);
        block.block(grant);
    }
    for grant in granted.grants.iter().flatten() {
        let mut nested = Block::new("grant");
        grant_into(&mut nested, grant, cx);
        block.block(nested);
    }
}

/// Adds the attributes of one grant.
pub fn grant_into(block: &mut Block, grant: &Grant, cx: &WriteCx) {
    block.attr("privileges", Expr::texts(grant.privileges.iter().map(ToString::to_string)));
    block.attr("on", scope(&grant.on, cx));
    if !grant.except.is_empty() {
        block.attr("except", Expr::texts(grant.except.iter().map(ToString::to_string)));
    }
    if grant.grant_option {
        block.attr("grant_option", true);
    }
}

/// Returns a scope; its database as a reference where one declares it and no quotes are needed.
fn scope(on: &Scope, cx: &WriteCx) -> Expr {
    let whole = on.to_string();
    let database = match on {
        Scope::Database { name, wildcard: false } => name,
        Scope::Table { database, .. } => database,
        Scope::Global | Scope::Database { .. } | Scope::Object { .. } => return whole.into(),
    };
    let rest = whole.strip_prefix(database.as_str()).filter(|rest| rest.starts_with('.'));
    let known = cx.reference("database", database);
    match (known, rest) {
        (Some(known), Some(rest)) => Expr::Join(vec![Expr::Ref(written::name_of(known)), rest.into()]),
        _ => whole.into(),
    }
}
