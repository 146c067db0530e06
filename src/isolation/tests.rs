//! Tests of the proof: small estates, each with one way in, against what is told of them.
//!
//! A name that begins with `u` is a user's, any other a role's. Each tenant `x` has the database `t_x`, the
//! role `r_x` and the user `u_x`, declared and there.

mod bench;
mod properties;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::declared::Declared;
use super::graph::{Graph, Principal};
use super::observed::{Observed, reads};
use super::tenants::{Tenant, Tenants};
use super::*;
use crate::kinds::common::reads as shared;
use crate::model::Snapshot;
use crate::model::snapshot::{Caps, Read, Row};
use crate::privileges::{ShowGrant, parse_show_grants};

/// An estate as the server tells it, and what is declared of it.
#[derive(Debug, Default)]
pub(super) struct Estate {
    lines: Vec<String>,
    users: BTreeMap<String, Row>,
    objects: Vec<Row>,
    policies: Vec<Row>,
    open: BTreeSet<String>,
    pub(super) declared: Declared,
}

pub(super) fn principal(name: &str) -> Principal {
    if name.starts_with('u') { Principal::user(name) } else { Principal::role(name) }
}

pub(super) fn row(value: serde_json::Value) -> Row {
    value.as_object().cloned().unwrap()
}

fn enter(graph: &mut Graph, line: &str) {
    let show = parse_show_grants(line).unwrap();
    let id = graph.enter(principal(show.grantee()));
    match show {
        ShowGrant::Privileges { statement, .. } => graph.grant(id, statement),
        ShowGrant::Roles { verb, roles, admin_option, .. } => {
            roles.iter().for_each(|role| graph.member(id, role, verb, admin_option));
        }
    }
}

impl Estate {
    /// Returns the estate of some tenants, as declared.
    pub(super) fn of(slugs: &[&str]) -> Self {
        let mut estate = Self::default();
        let tenants =
            slugs.iter().map(|slug| Tenant { database: format!("t_{slug}"), slug: (*slug).to_owned() });
        estate.declared.tenants = Tenants::new(tenants);
        for slug in slugs {
            let grants = format!(
                "GRANT SELECT, INSERT, ALTER TABLE, CREATE TABLE, DROP TABLE ON t_{slug}.* TO r_{slug}"
            );
            estate.declared(&[&grants, &format!("GRANT r_{slug} TO u_{slug}")]);
            for name in [format!("r_{slug}"), format!("u_{slug}")] {
                estate.declared.own.insert(principal(&name), (*slug).to_owned());
            }
            estate.user(&format!("u_{slug}"), json!({"grantees_any": 0}));
            estate.declared.keeping.insert(format!("u_{slug}"));
        }
        estate
    }

    /// Adds what is both declared and there.
    pub(super) fn declared(&mut self, lines: &[&str]) {
        for line in lines {
            enter(&mut self.declared.graph, line);
            enter(&mut self.declared.with_others, line);
        }
        self.live(lines);
    }

    /// Adds what is there.
    pub(super) fn live(&mut self, lines: &[&str]) {
        self.lines.extend(lines.iter().map(|line| (*line).to_owned()));
    }

    /// Adds a user with what differs from the usual.
    pub(super) fn user(&mut self, name: &str, more: serde_json::Value) {
        let mut user = row(json!({
            "name": name, "storage": "local_directory", "auth": "['sha256_password']", "host_ip": ["::/0"],
            "host_names": [], "host_names_regexp": [], "host_names_like": [], "grantees_any": 1,
            "grantees_list": [], "grantees_except": [],
        }));
        user.extend(row(more));
        self.users.insert(name.to_owned(), user);
    }

    pub(super) fn object(&mut self, database: &str, name: &str, engine: &str, query: &str) {
        let object = json!({"database": database, "name": name, "engine": engine, "query": query});
        self.objects.push(row(object));
    }

    /// Returns what was read.
    pub(super) fn observed(&self) -> Observed {
        let mut users = self.users.clone();
        let mut roles: BTreeSet<String> = BTreeSet::new();
        for show in self.lines.iter().filter_map(|line| parse_show_grants(line).ok()) {
            let member = principal(show.grantee());
            if member.user && !users.contains_key(&member.name) {
                let mut one = Self::default();
                one.user(&member.name, json!({}));
                users.extend(one.users);
            }
            roles.extend((!member.user).then_some(member.name));
            if let ShowGrant::Roles { roles: granted, .. } = show {
                roles.extend(granted);
            }
        }
        let lines = self.lines.iter().map(|line| row(json!({"GRANTS": line}))).collect();
        let privileges: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../tests/data/privileges-26.9.json")).unwrap();
        let mut snapshot = Snapshot::default();
        snapshot.caps.user = "uadmin".into();
        snapshot.rows.insert(shared::GRANTS, lines);
        snapshot.rows.insert(shared::PRIVILEGES, privileges.into_iter().map(row).collect());
        snapshot.rows.insert(shared::ROLES, roles.iter().map(|name| row(json!({"name": name}))).collect());
        let users: Vec<Row> = users.into_values().collect();
        for (read, rows) in [("users", &users), ("objects", &self.objects), ("policies", &self.policies)] {
            let name = reads(&Caps::default()).into_iter().find_map(|asked| match asked {
                Read::Sql { name, .. } if name == format!("isolation_{read}") => Some(name),
                _ => None,
            });
            snapshot.rows.insert(name.unwrap(), rows.clone());
        }
        Observed::new(&snapshot, self.open.clone())
    }

    pub(super) fn report(&self) -> Report {
        prove(&self.observed(), &self.declared)
    }

    /// Returns what is told, a line each: code, severity, summary, and what was found.
    pub(super) fn told(&self) -> String {
        let lines = findings(&self.report()).into_iter().map(|finding| {
            let severity = format!("{:?}", finding.severity).to_lowercase();
            let found = finding.found.replace('\n', "\n    ");
            let found = if found.is_empty() { String::new() } else { format!("\n    {found}") };
            format!("{} {severity}: {}{found}", finding.code, finding.summary)
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
