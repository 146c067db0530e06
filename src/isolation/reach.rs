//! What a principal may do with each tenant's database, less what is declared.
//!
//! Most principals touch one database, so nothing is computed for pairs: the databases that a
//! principal's grants name are looked at one by one, all that only a prefix or `*.*` takes in are
//! alike and are looked at once.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Cover, Graph, Hop, Id, Principal, Words, covers, leaves, meet, scopes};
use super::observed::Observed;
use super::tenants::{TenantSet, Tenants};
use crate::isolation::declared::Declared;
use crate::privileges::{LeafSet, Scope, Statement, Universe, Verb};

/// A grant on the way: the hop that holds it, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The hop.
    pub hop: usize,
    /// The statement of its node.
    pub statement: usize,
    /// How it takes the database in.
    pub cover: Cover,
}

/// What a principal may do undeclared with some tenants' databases.
#[derive(Clone, Debug)]
pub struct Excess {
    /// Which.
    pub tenants: TenantSet,
    /// What may be used.
    pub rights: LeafSet,
    /// What may be passed on.
    pub options: LeafSet,
    /// The grants that give it.
    pub causes: Vec<Cause>,
}

/// What the proof works on.
pub struct Prover<'a> {
    /// What was read.
    pub observed: &'a Observed,
    /// What is declared.
    pub declared: &'a Declared,
    /// What the names of privileges mean.
    pub words: Words<'a>,
    /// For each live principal, the roles that it has.
    pub hops: Vec<Vec<Hop>>,
}

/// A statement of a side: its hop, and its place there.
type At = (usize, usize);

/// Grants with the hops of a principal in them.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    graph: &'a Graph,
    hops: Vec<Hop>,
    /// The statements that name a database, by it.
    named: BTreeMap<&'a str, BTreeSet<At>>,
    /// The statements that may take in databases which they do not name.
    broad: BTreeSet<At>,
}

impl<'a> Side<'a> {
    /// Returns the side of a principal; empty where it is not there.
    pub fn of(graph: &'a Graph, principal: &Principal) -> Self {
        Self::new(graph, graph.find(principal).map(|id| graph.hops(id)).unwrap_or_default())
    }

    fn new(graph: &'a Graph, hops: Vec<Hop>) -> Self {
        let (mut named, mut broad) = (BTreeMap::<&str, BTreeSet<At>>::new(), BTreeSet::new());
        for (hop, at) in hops.iter().enumerate() {
            for (place, statement) in graph.node(at.node).statements.iter().enumerate() {
                for element in &statement.elements {
                    match &element.on {
                        Scope::Global | Scope::Database { wildcard: true, .. } => {
                            broad.insert((hop, place));
                        }
                        Scope::Database { name, .. } | Scope::Table { database: name, .. } => {
                            named.entry(name).or_default().insert((hop, place));
                        }
                        Scope::Object { .. } => {}
                    }
                }
            }
        }
        Self { graph, hops, named, broad }
    }

    fn statements(&self) -> impl Iterator<Item = &'a Statement> + '_ {
        self.hops.iter().flat_map(|hop| &self.graph.node(hop.node).statements)
    }

    /// Returns the databases that the statements name; none where one of them takes in others, too.
    pub fn databases(&self) -> Option<BTreeSet<&'a str>> {
        self.broad.is_empty().then(|| self.named.keys().copied().collect())
    }

    /// Returns the statements that take a database in, and how, in the order of the hops.
    fn covering(&self, database: &str) -> impl Iterator<Item = (At, &'a Statement, Cover)> + use<'a> {
        let mut places = self.broad.clone();
        places.extend(self.named.get(database).into_iter().flatten());
        let (graph, database) = (self.graph, database.to_owned());
        let nodes: Vec<Id> = places.iter().map(|(hop, _)| self.hops[*hop].node).collect();
        places.into_iter().zip(nodes).filter_map(move |(at, node)| {
            let statement = &graph.node(node).statements[at.1];
            Some((at, statement, covers(statement, &database)?))
        })
    }

    /// Returns the same, together what one hop holds.
    fn by_hop(&self, database: &str) -> Vec<Vec<&'a Statement>> {
        let mut hops: BTreeMap<usize, Vec<&Statement>> = BTreeMap::new();
        for ((hop, _), statement, _) in self.covering(database) {
            hops.entry(hop).or_default().push(statement);
        }
        hops.into_values().collect()
    }
}

/// The tenants that grants take in, by how they do.
#[derive(Debug, Default)]
struct Touched<'a> {
    named: BTreeSet<usize>,
    prefixes: BTreeSet<&'a str>,
    all: bool,
}

impl<'a> Touched<'a> {
    fn of(statements: impl Iterator<Item = &'a Statement>, tenants: &Tenants) -> Self {
        let mut touched = Self::default();
        for element in statements.flat_map(|statement| &statement.elements) {
            match &element.on {
                Scope::Global => touched.all = true,
                Scope::Database { name, wildcard: true } if tenants.under(name).len() == tenants.len() => {
                    touched.all = true;
                }
                Scope::Database { name, wildcard: true } => drop(touched.prefixes.insert(name)),
                Scope::Database { name, .. } | Scope::Table { database: name, .. } => {
                    touched.named.extend(tenants.find(name));
                }
                Scope::Object { .. } => {}
            }
        }
        touched
    }

    /// Tells whether something of it takes a tenant in.
    fn has(&self, tenants: &Tenants, place: usize) -> bool {
        let under = |prefix: &&str| tenants.get(place).database.starts_with(*prefix);
        self.all || self.named.contains(&place) || self.prefixes.iter().any(under)
    }

    fn set(&self, tenants: &Tenants) -> TenantSet {
        if self.all {
            return TenantSet::all();
        }
        let under = self.prefixes.iter().flat_map(|prefix| tenants.under(prefix));
        TenantSet::of(self.named.iter().copied().chain(under))
    }

    /// Sorts the tenants into those that no grant of either side tells apart.
    fn parts(&self, declared: &Self, tenants: &Tenants) -> Vec<TenantSet> {
        let also = declared.named.iter().copied().filter(|place| self.has(tenants, *place));
        let mut seen: BTreeSet<usize> = self.named.iter().copied().chain(also).collect();
        let mut parts: Vec<TenantSet> = seen.iter().map(|place| TenantSet::of([*place])).collect();
        let mut prefixes: Vec<&str> = self.prefixes.union(&declared.prefixes).copied().collect();
        prefixes.sort_by_key(|prefix| std::cmp::Reverse(prefix.len()));
        for prefix in prefixes {
            if self.all || self.prefixes.iter().any(|own| prefix.starts_with(own)) {
                let part: Vec<usize> = tenants.under(prefix).filter(|place| seen.insert(*place)).collect();
                parts.push(TenantSet::of(part));
            }
        }
        if self.all {
            parts.push(TenantSet::all_but(seen));
        }
        parts.retain(|part| !part.is_empty(tenants));
        parts
    }
}

impl<'a> Prover<'a> {
    /// Prepares the proof.
    pub fn new(observed: &'a Observed, declared: &'a Declared) -> Self {
        let words = Words::new(&observed.catalog);
        let hops = observed.graph.nodes().map(|(id, _)| observed.graph.hops(id)).collect();
        Self { observed, declared, words, hops }
    }

    /// Returns the tenants.
    pub fn tenants(&self) -> &'a Tenants {
        &self.declared.tenants
    }

    /// Tells whether a principal is trusted with everything.
    pub fn is_trusted(&self, id: Id) -> bool {
        let Principal { user, name } = self.observed.graph.principal(id);
        (*user && *name == self.observed.own) || self.declared.administrators.contains(name)
    }

    /// Returns the live side of a principal.
    pub fn live(&self, id: Id) -> Side<'a> {
        Side::new(&self.observed.graph, self.hops[id].clone())
    }

    /// Returns the tenants whose data a principal comes to by grants, declared or not. What is
    /// revoked in a part of them is not taken off.
    pub fn touched(&self, side: &Side<'a>) -> TenantSet {
        let mut data = self.words.read.clone();
        data.extend(&self.words.change);
        let gives = |statement: &&Statement| {
            statement.verb == Verb::Grant && meet(&self.words.named(statement), &data)
        };
        Touched::of(side.statements().filter(gives), self.tenants()).set(self.tenants())
    }

    /// Returns what a principal may do beyond what is declared, by tenants that are alike.
    pub fn excess(&self, live: &Side<'a>, declared: &Side<'a>) -> Vec<Excess> {
        let tenants = self.tenants();
        let touched = Touched::of(live.statements(), tenants);
        let known = Touched::of(declared.statements(), tenants);
        let parts = touched.parts(&known, tenants);
        parts.into_iter().filter_map(|part| self.part(live, declared, part)).collect()
    }

    fn part(&self, live: &Side<'a>, declared: &Side<'a>, tenants: TenantSet) -> Option<Excess> {
        let place = tenants.places(self.tenants()).next()?;
        let database = &self.tenants().get(place).database;
        let (own, known) = (live.by_hop(database), declared.by_hop(database));
        let scope = Scope::Database { name: database.clone(), wildcard: false };
        let all = own.iter().chain(&known).flatten().copied();
        let universe = Universe::new(scopes(all).chain([(&scope, &[][..])]));
        let declared = self.words.access(&universe, known);
        let extra = self.words.access(&universe, own.iter().cloned()).extra(&declared);
        let (rights, options) = extra.within(&universe, &scope);
        let mut data = self.words.read.clone();
        data.extend(&self.words.change);
        let (rights, options) = (rights.and(&data), options.and(&data));
        if rights.is_empty() && options.is_empty() {
            return None;
        }
        let causes = self.causes(live, database, &rights, &options);
        Some(Excess { tenants, rights, options, causes })
    }

    fn causes(&self, live: &Side<'a>, database: &str, rights: &LeafSet, options: &LeafSet) -> Vec<Cause> {
        let gives = |statement: &Statement| {
            let named = self.words.named(statement);
            let option = statement.grant_option && meet(&named, options);
            statement.verb == Verb::Grant && (option || meet(&named, rights))
        };
        let covering = live.covering(database).filter(|(_, statement, _)| gives(statement));
        covering.map(|((hop, statement), _, cover)| Cause { hop, statement, cover }).collect()
    }

    /// Tells whether a principal may read a table, declared or not, and by which statement.
    pub fn reads(&self, live: &Side<'a>, database: &str, table: &str) -> Option<Cause> {
        let own = live.by_hop(database);
        if own.is_empty() {
            return None;
        }
        let scope = Scope::Table { database: database.to_owned(), table: table.to_owned(), wildcard: false };
        let all = own.iter().flatten().copied();
        let universe = Universe::new(scopes(all).chain([(&scope, &[][..])]));
        let access = self.words.access(&universe, own.iter().cloned());
        let read =
            leaves(self.words.catalog(), &["SELECT", "dictGet"]).and(&access.within(&universe, &scope).0);
        if read.is_empty() {
            return None;
        }
        let none = LeafSet::empty(self.words.catalog().len());
        self.causes(live, database, &read, &none).into_iter().next()
    }

    /// Tells whether a principal is declared to read anything of a tenant's database.
    pub fn is_declared_to_read(&self, declared: &Side<'a>, place: usize) -> bool {
        let database = &self.tenants().get(place).database;
        let gives = |statement: &Statement| {
            statement.verb == Verb::Grant && meet(&self.words.named(statement), &self.words.read)
        };
        declared.covering(database).any(|(_, statement, _)| gives(statement))
    }
}
