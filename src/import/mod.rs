//! `charter import`: what lives on the servers and nothing declares, written as declarations.
//!
//! The kinds find what there is and write it ([`Kind::find`], [`Kind::write`]); here it is decided
//! what is asked for, what each block is called and how blocks refer to each other. Pure: the servers
//! were read before.

pub mod hcl;
pub mod pattern;
pub mod prove;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::found::{FindCx, Group, Left, Object, WriteCx};
use crate::kinds::{Kind, Kinds, World};
use crate::model::Addr;
use crate::model::block::Block;
use crate::model::files::Files;
use crate::model::resource::Desired;
use crate::model::snapshot::{Caps, Read};
use crate::model::{Resource, Settings};
use pattern::Pattern;

/// What was found, and what of it is asked for.
#[derive(Default)]
pub struct Found {
    /// What is written: by kind, in the kinds' order.
    pub groups: Vec<Group>,
    /// What was asked for and is left alone.
    pub left: Vec<Left>,
    /// How many objects belong to other scopes.
    pub others: usize,
    /// What was asked for and is not there, with what is known of it.
    pub missing: Vec<(String, String)>,
}

/// What is written.
#[derive(Default)]
pub struct Written {
    /// The blocks, in order.
    pub blocks: Vec<Block>,
}

impl Written {
    /// Returns the addresses of the blocks.
    pub fn addrs(&self) -> BTreeSet<Addr> {
        let addr = |block: &Block| Some(Addr::new(&block.word, block.label.as_deref()?));
        self.blocks.iter().filter_map(addr).collect()
    }
}

/// Returns what must be read besides, to find everything.
pub fn reads(kinds: &Kinds, desired: &Desired, settings: &Settings, caps: &Caps) -> Vec<Read> {
    let of_kind = |kind: &'static dyn Kind| {
        let wanted: Vec<&Resource> =
            desired.resources.values().filter(|resource| resource.kind == kind.name()).collect();
        kind.find_reads(&wanted, settings, caps)
    };
    let written = kinds.iter().filter(|kind| kind.schema().is_some());
    written.flat_map(of_kind).collect::<BTreeSet<Read>>().into_iter().collect()
}

/// Finds what nothing declares; all of it where no pattern says what.
pub fn find(kinds: &Kinds, world: &World, files: &dyn Files, patterns: &[Pattern]) -> Found {
    let (mut taken, others) = taken(kinds, world);
    let mut found = Found { others, ..Found::default() };
    let mut unasked = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.schema().is_some()) {
        let asked = patterns.iter().any(|pattern| pattern.is_of(kind.name()));
        let mut inventory = kind.find(&FindCx { world: World { ..*world }, files, taken: &taken, asked });
        inventory.groups.sort_by(|a, b| (&a.name, names(a)).cmp(&(&b.name, names(b))));
        inventory.left.sort();
        for group in inventory.groups {
            taken
                .extend(group.objects.iter().map(|object| (object.kind.to_owned(), object.identity.clone())));
            match is_asked(&group, patterns) {
                true => found.groups.push(group),
                false => unasked.push(group),
            }
        }
        let left = inventory.left.into_iter();
        found
            .left
            .extend(left.filter(|left| patterns.is_empty() || takes(patterns, left.kind, &[&left.name])));
    }
    found.missing = missing(&found, &unasked, world.desired, patterns);
    found
}

fn takes(patterns: &[Pattern], kind: &str, names: &[&str]) -> bool {
    patterns.iter().any(|pattern| pattern.takes(kind, names))
}

fn is_asked(group: &Group, patterns: &[Pattern]) -> bool {
    patterns.is_empty() || takes(patterns, group.kind, &names(group))
}

fn names(group: &Group) -> Vec<&str> {
    let own = group.objects.first().map(|object| object.identity.as_str());
    [group.name.as_str()].into_iter().chain(own).collect()
}

/// Returns what is declared, what other scopes own and what has no block, and how many objects others
/// own.
fn taken(kinds: &Kinds, world: &World) -> (BTreeSet<(String, String)>, usize) {
    let declared = world.desired.resources.values();
    let mut taken: BTreeSet<(String, String)> =
        declared.map(|resource| (resource.kind.to_owned(), resource.identity.clone())).collect();
    let before = taken.len();
    for kind in kinds.iter() {
        let others = world.registry.others(kind.name());
        taken.extend(others.map(|entry| (entry.kind.clone(), entry.identity.clone())));
    }
    let others = taken.len() - before;
    // What charter makes without a block (a login for an hour) is nobody's to declare.
    for entry in world.registry.all_mine() {
        if kinds.get(&entry.kind).is_some_and(|kind| kind.schema().is_none()) {
            taken.extend(kinds.iter().map(|kind| (kind.name().to_owned(), entry.identity.clone())));
        }
    }
    (taken, others)
}

/// Returns the patterns that take nothing, and why, as far as it is known.
fn missing(
    found: &Found,
    unasked: &[Group],
    desired: &Desired,
    patterns: &[Pattern],
) -> Vec<(String, String)> {
    let mut missing = Vec::new();
    for pattern in patterns {
        let one = std::slice::from_ref(pattern);
        let is_found = found.groups.iter().any(|group| is_asked(group, one))
            || found.left.iter().any(|left| takes(one, left.kind, &[&left.name]));
        if is_found {
            continue;
        }
        let part_of = unasked
            .iter()
            .chain(&found.groups)
            .find(|group| group.objects.iter().any(|object| takes(one, object.kind, &[&object.identity])));
        let declared = desired.resources.values().find(|resource| {
            let word = |index: usize| resource.addr.segments().get(index).map_or("", |segment| &segment.word);
            takes(one, resource.kind, &[&resource.identity, word(1)]) || takes(one, word(0), &[word(1)])
        });
        if pattern.is_open() {
            continue;
        }
        let why = match (part_of, declared) {
            (Some(group), _) => format!("it is written as a part of {}.{}", group.kind, group.name),
            (None, Some(resource)) => format!("it is declared already, by {}", resource.addr),
            (None, None) => "nothing of this name is there that is not declared".to_owned(),
        };
        missing.push((pattern.text.clone(), why));
    }
    missing
}

/// Writes what was found.
pub fn write(kinds: &Kinds, world: &World, files: &dyn Files, groups: &[Group]) -> Written {
    let references = references(kinds, world.desired, groups);
    let cx = WriteCx { world: World { ..*world }, files, references: &references };
    let mut written = Written::default();
    for kind in kinds.iter() {
        let own: Vec<&Group> = groups.iter().filter(|group| group.kind == kind.name()).collect();
        written.blocks.extend(kind.write(&own, &cx).into_iter().flatten());
    }
    written
}

/// Returns how the language refers to what is declared and to what is written.
fn references(kinds: &Kinds, desired: &Desired, groups: &[Group]) -> BTreeMap<(String, String), String> {
    let mut references = BTreeMap::new();
    let mut labels: BTreeSet<(String, String)> = BTreeSet::new();
    for resource in desired.resources.values() {
        let segments = resource.addr.segments();
        if let [block, label, ..] = segments {
            labels.insert((block.word.clone(), label.word.clone()));
        }
        if let Some(text) = of_declared(kinds, resource) {
            references.insert((resource.kind.to_owned(), resource.identity.clone()), text);
        }
    }
    for group in groups {
        let mut block = String::new();
        for object in &group.objects {
            let text = match object.part {
                None => {
                    block = format!("{}.{}", object.kind, label(object, &mut labels));
                    block.clone()
                }
                Some(part) => format!("{block}.{part}"),
            };
            references.insert((object.kind.to_owned(), object.identity.clone()), text);
        }
    }
    references
}

/// Returns the reference to a declared object: its block, or what its block exports.
fn of_declared(kinds: &Kinds, resource: &Resource) -> Option<String> {
    let text = resource.addr.to_string();
    // A key that would begin a template, or end the line, is not written.
    if text.contains("${") || text.contains("%{") || text.contains(char::is_control) {
        return None;
    }
    match resource.addr.segments() {
        [block, _] => (block.word == resource.kind).then_some(text),
        [block, _, part] if part.key.is_none() => {
            let exports = kinds.get(&block.word)?.schema()?.exports;
            exports.contains(&part.word.as_str()).then_some(text)
        }
        _ => None,
    }
}

/// Returns a label that is a name and that no other block of the kind has.
fn label(object: &Object, labels: &mut BTreeSet<(String, String)>) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let mut plain: String = object.name.chars().map(fits).collect();
    if !plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        plain.insert(0, '_');
    }
    let candidates = (1_usize..).map(|n| if n == 1 { plain.clone() } else { format!("{plain}_{n}") });
    let mut free = candidates.filter(|label| !labels.contains(&(object.kind.to_owned(), label.clone())));
    let label = free.next().unwrap_or_else(|| plain.clone());
    labels.insert((object.kind.to_owned(), label.clone()));
    label
}
