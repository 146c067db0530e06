//! Removals: what becomes of an object that is recorded and no longer declared, by the `removed`
//! blocks and by what the record says of it.
//!
//! What holds data or lets a customer in is kept until a `removed` block names it, and what holds
//! data until that says `data_loss = "allow"`, too. What was recorded as protected is kept until
//! a block overrides that. What a `removed` block took away says so in its tombstone, and what it
//! is about to take in its record, so that what is left is known when that block is gone.

pub mod codes;
mod findings;
pub mod index;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::survey::{Leftover, Survey};
use super::{Request, registry};
use crate::kinds::Undeclared;
use crate::model::registry::{Entry, Status};
use crate::model::resource::{Fate, Removal};
use crate::model::{Addr, Finding, Op};
use index::Covers;

pub use findings::{Kept, kept, unknown};

/// What becomes of an object that nothing declares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome<'a> {
    /// Nothing, and there is nothing to say of it here.
    Left,
    /// It is gone already: only the record changes.
    Gone,
    /// It is removed, by a block or because access that is not declared is removed.
    Removed(Option<&'a Removal>),
    /// It stays, and is no longer recorded as charter's.
    Forgotten(&'a Removal),
    /// It stays and is no longer recorded as charter's: this other scope made it, too.
    Theirs(&'a Entry),
    /// It stays, and why.
    Kept(Why<'a>),
}

/// Why an object is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<'a> {
    /// No block removes it.
    Undeclared,
    /// It is removed but for its data.
    Data(&'a Removal),
    /// A block would remove it, and it is protected.
    Protected(&'a Removal),
}

/// Returns what becomes of a leftover.
pub fn outcome<'a>(leftover: &Leftover<'a>, survey: &Survey<'a>) -> Outcome<'a> {
    let entry = leftover.entry;
    match (leftover.live, &leftover.fate) {
        (None, Undeclared::Kept(_)) if entry.status == Status::Claimed => return Outcome::Left,
        (None, _) => return Outcome::Gone,
        (Some(_), Undeclared::Kept(_)) => return Outcome::Left,
        (Some(_), Undeclared::Ended(_)) => return Outcome::Removed(None),
        (Some(_), Undeclared::Leftover) => {}
    }
    if let Some(owner) = leftover.elsewhere {
        return Outcome::Theirs(owner);
    }
    match survey.removals.about(&entry.addr) {
        Some(removal) if removal.fate == Fate::Forgotten => Outcome::Forgotten(removal),
        Some(removal) if is_protected(entry) && !removal.overrides => Outcome::Kept(Why::Protected(removal)),
        Some(removal) if removal.fate == Fate::Access && leftover.kind.holds_data() => {
            Outcome::Kept(Why::Data(removal))
        }
        Some(removal) => Outcome::Removed(Some(removal)),
        None if leftover.is_retained(survey.request.desired) => Outcome::Kept(Why::Undeclared),
        None => Outcome::Removed(None),
    }
}

/// Returns how nobody gets in any more with what is removed of the block of an object, and what is said
/// of it. What stays, or is declared elsewhere, goes on as it is.
pub fn locks_out(addr: &Addr, leaving: &BTreeMap<Addr, Vec<&Leftover>>) -> (Vec<Op>, Vec<String>) {
    let (mut ops, mut notes) = (Vec::new(), Vec::new());
    for leftover in leaving.get(&addr.block()).into_iter().flatten() {
        let locks = leftover.kind.locks_out(&leftover.entry.identity);
        if !locks.is_empty() && leftover.live.is_some() {
            notes.push(format!("{} {} is locked out first", leftover.entry.kind, leftover.entry.identity));
            ops.extend(locks);
        }
    }
    (ops, notes)
}

/// Returns what is removed, by block.
pub fn leaving<'l, 'a>(
    leftovers: &'l [Leftover<'a>],
    survey: &Survey<'a>,
) -> BTreeMap<Addr, Vec<&'l Leftover<'a>>> {
    let mut leaving: BTreeMap<Addr, Vec<&Leftover>> = BTreeMap::new();
    for leftover in leftovers.iter().filter(|one| matches!(outcome(one, survey), Outcome::Removed(_))) {
        leaving.entry(leftover.entry.addr.block()).or_default().push(leftover);
    }
    leaving
}

/// Returns whether an object was recorded as protected from removal.
pub fn is_protected(entry: &Entry) -> bool {
    entry.spec.get(registry::PROTECTED).and_then(Json::as_bool).unwrap_or(false)
}

/// Returns a record as its tombstone keeps it: with the block that took the object away, if one did.
pub fn tombstone(entry: &Entry, removal: Option<&Removal>) -> Entry {
    let mut entry = entry.clone();
    if let (Json::Object(spec), Some(removal)) = (&mut entry.spec, removal) {
        spec.insert(registry::REMOVAL.to_owned(), json!(removal.from.to_string()));
    }
    entry
}

/// Returns the addresses of the blocks that took objects away which nothing has replaced since, or
/// began to.
pub fn begun(request: &Request) -> Covers<()> {
    let there: BTreeSet<&Addr> = request.registry.all_mine().map(|entry| &entry.addr).collect();
    let gone = request.registry.tombstones().filter(|entry| !there.contains(&entry.addr));
    let here = gone.filter(|entry| entry.environment == request.settings.environment);
    let from = |entry: &Entry| Addr::parse(entry.spec.get(registry::REMOVAL)?.as_str()?).ok();
    let begun: BTreeSet<Addr> = here.chain(request.registry.all_mine()).filter_map(from).collect();
    Covers::of(begun.into_iter().map(|addr| (addr, ())))
}

/// Returns the blocks that name nothing that was ever recorded here, as far as the targets go.
pub fn strays(request: &Request) -> Vec<Finding> {
    if request.desired.removals.is_empty() {
        return Vec::new();
    }
    let ours = || request.registry.all_mine().chain(request.registry.tombstones());
    let here: BTreeSet<&Addr> =
        ours().filter(|entry| entry.environment == request.settings.environment).map(|e| &e.addr).collect();
    let taken = |addr: &Addr| {
        request.targets.is_empty() || request.targets.iter().any(|target| addr.is_within(target))
    };
    let world = request.world();
    let of_books = |removal: &Removal| {
        let kind = request.kinds.get(&removal.from.segments()[0].word);
        kind.is_some_and(|kind| kind.ended(&removal.from, &world).is_some())
    };
    let removals = request.desired.removals.iter();
    let removals = removals.filter(|removal| taken(&removal.from) && !of_books(removal));
    let recorded = Covers::of(here.iter().map(|addr| ((*addr).clone(), ())));
    let strays: Vec<&Removal> = removals.filter(|removal| !recorded.has_below(&removal.from)).collect();
    if strays.is_empty() {
        return Vec::new();
    }
    let known: BTreeSet<String> = here.iter().map(|addr| addr.block().to_string()).collect();
    strays.into_iter().map(|removal| unknown(removal, &known)).collect()
}
