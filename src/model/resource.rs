//! What is declared: resources with their final attributes and edges.

use std::collections::{BTreeMap, BTreeSet};

use super::addr::Addr;
use super::checks::Check;
use super::lint::Inline;
use super::value::{Attrs, Value};
use crate::diag::Span;

/// A declared resource: one real object, or one thing to run.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Where it is declared.
    pub addr: Addr,
    /// The kind that knows it, by the kind's name.
    pub kind: &'static str,
    /// The real object: unique among all of its kind on the servers.
    pub identity: String,
    /// What is declared of it. A null is not declared.
    pub attrs: Attrs,
    /// What must be there before it: addresses of resources or of groups.
    pub after: BTreeSet<Addr>,
    /// The tenant (slug) that it belongs to, for grouping.
    pub tenant: Option<String>,
    /// Whether it is kept on the servers when its block goes away (it holds data, or lets a
    /// customer in).
    pub retained: bool,
    /// Whether a plan that would remove it is refused, from `lifecycle { prevent_destroy }`.
    pub protected: bool,
    /// Attributes whose differences are not mended, from `lifecycle { ignore_changes }`.
    pub ignore_changes: BTreeSet<String>,
    /// Where it is declared in the source.
    pub span: Span,
    /// Where parts of it are declared, by names that its kind chooses.
    pub places: BTreeMap<String, Span>,
    /// What comments in its file of statements allow.
    pub allows: Vec<Inline>,
}

impl Resource {
    /// Returns a resource without attributes and edges.
    pub fn new(addr: Addr, kind: &'static str, identity: impl Into<String>, span: Span) -> Self {
        Self {
            addr,
            kind,
            identity: identity.into(),
            attrs: Attrs::new(),
            after: BTreeSet::new(),
            tenant: None,
            retained: false,
            protected: false,
            ignore_changes: BTreeSet::new(),
            span,
            places: BTreeMap::new(),
            allows: Vec::new(),
        }
    }

    /// Returns where a part of it is declared, or else all of it.
    pub fn place(&self, part: &str) -> Span {
        self.places.get(part).copied().unwrap_or(self.span)
    }

    /// Sets an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attrs.insert(name.to_owned(), value.into());
        self
    }

    /// Adds something that must be there before.
    #[must_use]
    pub fn after(mut self, addr: Addr) -> Self {
        self.after.insert(addr);
        self
    }

    /// Returns the text of an attribute; empty where it is not declared.
    pub fn text(&self, name: &str) -> &str {
        self.attrs.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// What a block declares: its resources, and the values that other blocks may refer to.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// The resources.
    pub resources: Vec<Resource>,
    /// The values by the names that the schema exports.
    pub exports: BTreeMap<String, Value>,
}

/// A `moved` block: what was declared at one address is declared at another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where it was declared: a block, or one instance of it.
    pub from: Addr,
    /// Where it is declared.
    pub to: Addr,
    /// Where the block stands in the source.
    pub span: Span,
}

impl Move {
    /// Returns where something is declared now that was recorded at `addr`; none where the move
    /// does not take it.
    pub fn takes(&self, addr: &Addr) -> Option<Addr> {
        addr.is_within(&self.from).then(|| addr.rebase(&self.from, &self.to))
    }
}

/// An `import` block: what exists there and differs is taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// What is taken over, with all that is below it.
    pub to: Addr,
    /// Where the address stands in the source.
    pub span: Span,
}

/// Returns where something is declared now that was declared at an address; none where no move takes
/// it. Moves may follow on each other.
pub fn destination(addr: &Addr, moves: &[Move]) -> Option<Addr> {
    let step = |addr: &Addr| moves.iter().find_map(|moved| moved.takes(addr));
    let mut at = step(addr)?;
    for _ in moves {
        match step(&at) {
            Some(next) => at = next,
            None => break,
        }
    }
    Some(at)
}

/// A `removed` block: what was declared at an address goes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Where it was declared: a block, one instance of it or a part of it.
    pub from: Addr,
    /// What becomes of it.
    pub fate: Fate,
    /// Whether it goes though it is recorded as protected.
    pub overrides: bool,
    /// Where the block stands in the source.
    pub span: Span,
}

/// What becomes of what a `removed` block names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is removed; what holds data stays.
    Access,
    /// It is removed with its data.
    Whole,
    /// It stays as it is, and is no longer recorded as charter's.
    Forgotten,
}

/// Everything that the configuration declares.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// The resources by address.
    pub resources: BTreeMap<Addr, Resource>,
    /// Named groups of addresses that `--target` takes (`tenant.acme.access`).
    pub groups: BTreeMap<Addr, BTreeSet<Addr>>,
    /// The `moved` blocks.
    pub moves: Vec<Move>,
    /// What comments of the configuration allow.
    pub allows: Vec<Inline>,
    /// The `import` blocks.
    pub imports: Vec<Import>,
    /// How the conditions of the configuration turned out.
    pub checks: Vec<Check>,
    /// The `removed` blocks.
    pub removals: Vec<Removal>,
}

impl Desired {
    /// Returns the resources at or below an address, or in the group of that name.
    pub fn matching(&self, addr: &Addr) -> BTreeSet<Addr> {
        let group = within(&self.groups, addr).flat_map(|(_, members)| members);
        within(&self.resources, addr).map(|(below, _)| below).chain(group).cloned().collect()
    }

    /// Returns whether a resource is declared at or below an address, or in the group of that name.
    pub fn declares(&self, addr: &Addr) -> bool {
        within(&self.resources, addr).next().is_some()
            || within(&self.groups, addr).any(|(_, members)| !members.is_empty())
    }
}

/// Returns what is at or below an address. Addresses sort by their blocks, and types of blocks have no
/// keys: what is within one block stands together.
pub fn within<'m, T>(map: &'m BTreeMap<Addr, T>, addr: &'m Addr) -> impl Iterator<Item = (&'m Addr, &'m T)> {
    let block = addr.block();
    map.range(block.clone()..)
        .take_while(move |(candidate, _)| candidate.is_within(&block))
        .filter(move |(candidate, _)| candidate.is_within(addr))
}
