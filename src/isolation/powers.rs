//! Rights on no data that lead to data all the same: becoming another user, joining any role,
//! having a view read with another's rights, defining a source, reading logs.
//!
//! `ROLE ADMIN` grants and revokes roles that one does not have; `ALTER USER` sets a password;
//! `IMPERSONATE` runs as another; `SET DEFINER` and `ALLOW SQL SECURITY NONE` make views that read with
//! the rights of another, or with none checked (ClickHouse: statements/grant, statements/create/view).
//! `CREATE USER` and `CREATE ROLE` lead nowhere by themselves: what is made has no rights.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, Id, leaves, meet, scopes};
use super::reach::Prover;
use crate::privileges::{AccessSet, LeafSet, Scope, Universe};

/// A power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// Sets another's password.
    AlterUser,
    /// Runs statements as another.
    Impersonate,
    /// Makes views that read as another.
    SetDefiner,
    /// Gives itself any role.
    RoleAdmin,
    /// Makes views that no rights are checked for.
    SecurityNone,
    /// Defines dictionaries.
    CreateDictionary,
    /// Queries servers, this one among them.
    Remote,
    /// Reads or writes what is outside.
    External,
    /// Reads the logs of statements.
    QueryLog,
}

/// A power with the right that gives it, and whether that is on users, each by name.
const POWERS: [(Power, &str, bool); 8] = [
    (Power::AlterUser, "ALTER USER", true),
    (Power::Impersonate, "IMPERSONATE", true),
    (Power::SetDefiner, "SET DEFINER", true),
    (Power::RoleAdmin, "ROLE ADMIN", false),
    (Power::SecurityNone, "ALLOW SQL SECURITY NONE", false),
    (Power::CreateDictionary, "CREATE DICTIONARY", false),
    (Power::Remote, "REMOTE", false),
    (Power::Remote, "CLUSTER", false),
];

/// The old words of the sources other than other ClickHouse servers; `READ` and `WRITE` are the new ones.
const SOURCES: [&str; 16] = [
    "SOURCES", "READ", "WRITE", "URL", "S3", "AZURE", "HDFS", "MYSQL", "POSTGRES", "MONGO", "REDIS", "ODBC",
    "JDBC", "KAFKA", "NATS", "RABBITMQ",
];

/// Powers, each with the users that it is over: all of them for what is not over users.
pub type Powers = BTreeMap<Power, BTreeSet<String>>;

impl Prover<'_> {
    /// Returns the powers that each principal of a graph has of its own, by place.
    pub fn powers(&self, graph: &Graph) -> Vec<Powers> {
        let catalog = self.words.catalog();
        let mut any = leaves(catalog, &SOURCES);
        any.extend(&leaves(catalog, &POWERS.map(|(_, name, _)| name)));
        graph.nodes().map(|(id, _)| self.own_powers(graph, id, &any)).collect()
    }

    fn own_powers(&self, graph: &Graph, id: Id, any: &LeafSet) -> Powers {
        let statements = &graph.node(id).statements;
        let mut powers = Powers::new();
        if self.reads_logs(graph, id) {
            powers.insert(Power::QueryLog, BTreeSet::new());
        }
        if !statements.iter().any(|statement| meet(&self.words.named(statement), any)) {
            return powers;
        }
        let catalog = self.words.catalog();
        let over_users = leaves(catalog, &["ALTER USER", "IMPERSONATE", "SET DEFINER"]);
        let over_users = statements.iter().any(|statement| meet(&self.words.named(statement), &over_users));
        let names = self.observed.users.keys().filter(|_| over_users);
        let users: Vec<(&String, Scope)> = names
            .map(|name| (name, Scope::Object { name: name.clone(), wildcard: false, filter: None }))
            .collect();
        let known = users.iter().map(|(_, scope)| (scope, &[][..]));
        let universe = Universe::new(scopes(statements).chain(known));
        let access = AccessSet::of(&self.words.reading, &universe, statements);
        let everywhere = access.within(&universe, &Scope::Global).0;
        for (power, name, by_user) in POWERS {
            let leaf = leaves(catalog, &[name]);
            if meet(&everywhere, &leaf) {
                let over = powers.entry(power).or_default();
                if by_user {
                    let global = meet(&leaf, catalog.at_depth(0));
                    let has = |scope: &Scope| global || meet(&access.within(&universe, scope).0, &leaf);
                    over.extend(
                        users.iter().filter(|(_, scope)| has(scope)).map(|(name, _)| (*name).clone()),
                    );
                }
            }
        }
        if meet(&everywhere, &leaves(catalog, &SOURCES)) {
            powers.insert(Power::External, BTreeSet::new());
        }
        powers
    }

    /// Tells whether a principal's own grants let it read the log of statements.
    fn reads_logs(&self, graph: &Graph, id: Id) -> bool {
        let select = leaves(self.words.catalog(), &["SELECT"]);
        let scope = Scope::Table { database: "system".into(), table: "query_log".into(), wildcard: false };
        let statements = &graph.node(id).statements;
        let relevant = |on: &Scope| match on {
            Scope::Global => true,
            Scope::Database { name, wildcard } => {
                name == "system" || (*wildcard && "system".starts_with(name.as_str()))
            }
            Scope::Table { database, .. } => database == "system",
            Scope::Object { .. } => false,
        };
        if !statements.iter().flat_map(|statement| &statement.elements).any(|element| relevant(&element.on)) {
            return false;
        }
        let universe = Universe::new(scopes(statements).chain([(&scope, &[][..])]));
        let access = AccessSet::of(&self.words.reading, &universe, statements);
        meet(&access.within(&universe, &scope).0, &select)
    }
}
