//! Who is granted what and is a member of whom: live, or as declared.

use std::collections::HashMap;

use crate::privileges::{AccessSet, Catalog, LeafSet, Reading, Scope, Statement, Universe, Verb};

/// A user or a role, by its place in its [`Graph`].
pub type Id = usize;

/// What a user or role is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Principal {
    /// Whether it is a user; else a role.
    pub user: bool,
    /// Its name.
    pub name: String,
}

impl Principal {
    /// Returns a user.
    pub fn user(name: &str) -> Self {
        Self { user: true, name: name.to_owned() }
    }

    /// Returns a role.
    pub fn role(name: &str) -> Self {
        Self { user: false, name: name.to_owned() }
    }
}

impl std::fmt::Display for Principal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", if self.user { "user" } else { "role" }, self.name)
    }
}

/// A principal with what it holds itself.
#[derive(Clone, Debug)]
pub struct Node {
    /// Who.
    pub principal: Principal,
    /// Its own grants and revokes, in order.
    pub statements: Vec<Statement>,
    /// The roles that it is a member of, and whether it may grant each on.
    pub roles: Vec<(Id, bool)>,
}

/// Principals with their grants and memberships.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    ids: HashMap<Principal, Id>,
}

/// A step on the way from a principal to the roles that it has: the node, and the step before.
#[derive(Clone, Copy, Debug)]
pub struct Hop {
    /// Where the step leads.
    pub node: Id,
    /// The step before, by its place; none for the principal itself.
    pub from: Option<usize>,
}

impl Graph {
    /// Returns the place of a principal, which is added where it is new.
    pub fn enter(&mut self, principal: Principal) -> Id {
        if let Some(id) = self.ids.get(&principal) {
            return *id;
        }
        let id = self.nodes.len();
        self.ids.insert(principal.clone(), id);
        self.nodes.push(Node { principal, statements: Vec::new(), roles: Vec::new() });
        id
    }

    /// Adds a statement about privileges.
    pub fn grant(&mut self, id: Id, statement: Statement) {
        self.nodes[id].statements.push(statement);
    }

    /// Adds a membership, takes it away, or takes its admin option away.
    pub fn member(&mut self, id: Id, role: &str, verb: Verb, admin: bool) {
        let role = self.enter(Principal::role(role));
        let roles = &mut self.nodes[id].roles;
        let known = roles.iter().position(|(known, _)| *known == role);
        match (verb, known) {
            (Verb::Grant, Some(at)) => roles[at].1 |= admin,
            (Verb::Grant, None) => roles.push((role, admin)),
            (Verb::RevokeOption, Some(at)) => roles[at].1 = false,
            (Verb::Revoke, Some(at)) => drop(roles.remove(at)),
            (_, None) => {}
        }
    }

    /// Returns the place of a principal.
    pub fn find(&self, principal: &Principal) -> Option<Id> {
        self.ids.get(principal).copied()
    }

    /// Returns a node.
    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// Returns the name and kind of a node.
    pub fn principal(&self, id: Id) -> &Principal {
        &self.nodes[id].principal
    }

    /// Returns all nodes by their places.
    pub fn nodes(&self) -> impl Iterator<Item = (Id, &Node)> {
        self.nodes.iter().enumerate()
    }

    /// Returns the principal and every role that it has, directly or by others, each once and by
    /// the shortest way. A granted role counts whether or not it is a default: `SET ROLE` takes it.
    pub fn hops(&self, id: Id) -> Vec<Hop> {
        let mut hops = vec![Hop { node: id, from: None }];
        let mut seen: std::collections::HashSet<Id> = [id].into();
        let mut at = 0;
        while let Some(hop) = hops.get(at).copied() {
            for (role, _) in &self.nodes[hop.node].roles {
                if seen.insert(*role) {
                    hops.push(Hop { node: *role, from: Some(at) });
                }
            }
            at += 1;
        }
        hops
    }

    /// Returns who leads to a hop: the principal first.
    pub fn path(&self, hops: &[Hop], at: usize) -> Vec<String> {
        let mut path = Vec::new();
        let mut next = Some(at);
        while let Some(hop) = next.and_then(|at| hops.get(at)) {
            path.push(self.principal(hop.node).to_string());
            next = hop.from;
        }
        path.reverse();
        path
    }
}

/// What the names of privileges mean here, as sets of leaves of the server's own tree.
#[derive(Clone, Debug)]
pub struct Words<'c> {
    /// How statements are read.
    pub reading: Reading<'c>,
    /// Reads rows, or what is kept of them.
    pub read: LeafSet,
    /// Changes rows, or what holds them.
    pub change: LeafSet,
}

impl<'c> Words<'c> {
    /// Sorts the server's privileges. What may be granted on a database, reads nothing and is
    /// neither about names (`SHOW`, `CHECK`) nor about operation (`SYSTEM`) counts as a change, so
    /// that what a later version adds is not overlooked.
    pub fn new(catalog: &'c Catalog) -> Self {
        let read = leaves(catalog, &["SELECT", "dictGet", "BACKUP"]);
        let neither = leaves(catalog, &["SHOW", "SHOW ACCESS", "CHECK", "SYSTEM"]);
        let change = catalog.at_depth(1).minus(&read).minus(&neither);
        Self { reading: Reading::new(catalog, [], []), read, change }
    }

    /// Returns the tree.
    pub fn catalog(&self) -> &'c Catalog {
        self.reading.catalog()
    }

    /// Returns the leaves that a statement names.
    pub fn named(&self, statement: &Statement) -> LeafSet {
        let specs = statement.elements.iter().flat_map(|element| &element.privileges);
        let ids = specs.filter_map(|spec| self.catalog().find(&spec.name));
        ids.fold(LeafSet::empty(self.catalog().len()), |mut all, id| {
            all.extend(&self.catalog().leaves(id));
            all
        })
    }

    /// Returns what statements of several principals give together, each principal's replayed by
    /// itself. Every scope of theirs must be in the universe.
    pub fn access<'s>(
        &self,
        universe: &Universe<'_>,
        parts: impl IntoIterator<Item = Vec<&'s Statement>>,
    ) -> AccessSet {
        let sets = parts.into_iter().map(|part| AccessSet::of(&self.reading, universe, part));
        sets.reduce(|all, set| all.union(&set)).unwrap_or_else(|| AccessSet::empty(&self.reading, universe))
    }
}

/// Returns the leaves of some privileges; those that the server does not know have none.
pub fn leaves(catalog: &Catalog, names: &[&str]) -> LeafSet {
    let ids = names.iter().filter_map(|name| catalog.find(name));
    ids.fold(LeafSet::empty(catalog.len()), |mut all, id| {
        all.extend(&catalog.leaves(id));
        all
    })
}

/// Tells whether two sets have something in common.
pub fn meet(a: &LeafSet, b: &LeafSet) -> bool {
    !a.and(b).is_empty()
}

/// Returns the scopes of statements with their columns, as a universe takes them.
pub fn scopes<'s>(
    statements: impl IntoIterator<Item = &'s Statement>,
) -> impl Iterator<Item = (&'s Scope, &'s [String])> {
    let elements = statements.into_iter().flat_map(|statement| &statement.elements);
    elements.flat_map(|element| {
        let specs = element.privileges.iter().map(|spec| (&element.on, spec.columns.as_slice()));
        std::iter::once((&element.on, &[][..])).chain(specs)
    })
}

/// How a scope takes in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cover {
    /// It names it, or a table in it.
    Named,
    /// Its prefix is the beginning of its name.
    Prefix,
    /// It is everything.
    All,
}

/// Tells how a statement takes in a database, most directly first; none where it does not.
pub fn covers(statement: &Statement, database: &str) -> Option<Cover> {
    let covers = statement.elements.iter().filter_map(|element| match &element.on {
        Scope::Global => Some(Cover::All),
        Scope::Database { name, wildcard: true } if name.is_empty() => Some(Cover::All),
        Scope::Database { name, wildcard: true } => {
            database.starts_with(name.as_str()).then_some(Cover::Prefix)
        }
        Scope::Database { name, wildcard: false } | Scope::Table { database: name, .. } => {
            (name == database).then_some(Cover::Named)
        }
        Scope::Object { .. } => None,
    });
    covers.min()
}
