//! What lives on the servers and nothing declares, as `charter import` asks the kinds for it: first
//! which blocks there would be, and once their labels are known, the blocks.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::World;
use crate::model::block::{Block, Expr};
use crate::model::files::Files;

/// An object of a server that a block would declare.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// The kind.
    pub kind: &'static str,
    /// The real object.
    pub identity: String,
    /// What the block that declares it is called after.
    pub name: String,
    /// The part of the block that it is (`tenant.acme.role`); none where it has a block of its own.
    pub part: Option<&'static str>,
}

/// Objects that are written together: the block's own one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The kind that writes them.
    pub kind: &'static str,
    /// What its block is called after.
    pub name: String,
    /// The objects.
    pub objects: Vec<Object>,
}

/// An object that is left alone, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// The kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
}

/// What a kind found.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// What can be written.
    pub groups: Vec<Group>,
    /// What cannot, or should not.
    pub left: Vec<Left>,
}

/// What finding may use.
pub struct FindCx<'a> {
    /// The servers, and what is declared.
    pub world: World<'a>,
    /// The folder of the configuration.
    pub files: &'a dyn Files,
    /// What is declared, or written as a part of something else, or another scope's.
    pub taken: &'a BTreeSet<(String, String)>,
    /// Whether objects of this kind were asked for by name.
    pub asked: bool,
}

/// What writing may use.
pub struct WriteCx<'a> {
    /// The servers, and what is declared.
    pub world: World<'a>,
    /// The folder of the configuration.
    pub files: &'a dyn Files,
    /// How the language refers to objects: those that are declared, and those that are written.
    pub references: &'a BTreeMap<(String, String), String>,
}

impl Group {
    /// Returns a group of one object with a block of its own.
    pub fn of(kind: &'static str, identity: &str, name: &str) -> Self {
        let object = Object { kind, identity: identity.to_owned(), name: name.to_owned(), part: None };
        Self { kind, name: name.to_owned(), objects: vec![object] }
    }

    /// Adds an object.
    #[must_use]
    pub fn with(
        mut self,
        kind: &'static str,
        identity: &str,
        name: &str,
        part: Option<&'static str>,
    ) -> Self {
        self.objects.push(Object { kind, identity: identity.to_owned(), name: name.to_owned(), part });
        self
    }

    /// Returns the identity of the object of a kind.
    pub fn identity_of(&self, kind: &str) -> Option<&str> {
        self.objects.iter().find(|object| object.kind == kind).map(|object| object.identity.as_str())
    }
}

impl Inventory {
    /// Adds an object with a block of its own, or says why a name cannot be declared.
    pub fn add(
        &mut self,
        kind: &'static str,
        identity: &str,
        name: &str,
        rule: fn(&str) -> Result<(), String>,
    ) {
        match rule(name) {
            Ok(()) => self.groups.push(Group::of(kind, identity, name)),
            Err(reason) => self.leave(kind, identity, format!("its name cannot be declared: {reason}")),
        }
    }

    /// Leaves an object alone.
    pub fn leave(&mut self, kind: &'static str, name: &str, why: impl Into<String>) {
        self.left.push(Left { kind, name: name.to_owned(), why: why.into() });
    }
}

impl FindCx<'_> {
    /// Returns whether an object is no longer to be found.
    pub fn is_taken(&self, kind: &str, identity: &str) -> bool {
        self.taken.contains(&(kind.to_owned(), identity.to_owned()))
    }
}

impl WriteCx<'_> {
    /// Returns the empty block of an object, with its label.
    pub fn block(&self, kind: &str, identity: &str) -> Block {
        let known = self.reference(kind, identity);
        let label = known.and_then(|text| text.split_once('.')).map_or(identity, |(_, label)| label);
        Block::labelled(kind, label)
    }

    /// Returns how the language refers to an object; none where nothing declares it.
    pub fn reference(&self, kind: &str, identity: &str) -> Option<&str> {
        self.references.get(&(kind.to_owned(), identity.to_owned())).map(String::as_str)
    }

    /// Returns a reference to an object of one of these kinds, or its name as a text.
    pub fn refer(&self, kinds: &[&str], name: &str) -> Expr {
        let known = kinds.iter().find_map(|kind| self.reference(kind, name));
        known.map_or_else(|| name.into(), |text| Expr::Ref(text.to_owned()))
    }

    /// Returns a list of references, or names.
    pub fn refer_all<'n>(&self, kinds: &[&str], names: impl IntoIterator<Item = &'n str>) -> Expr {
        Expr::List(names.into_iter().map(|name| self.refer(kinds, name)).collect())
    }
}
