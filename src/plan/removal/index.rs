//! Which addresses lie within which: found by their blocks, so that a plan of ten thousand removals
//! does not compare each with each.

use std::collections::BTreeMap;

use crate::model::Addr;
use crate::model::resource::{Desired, Removal, within};

/// Addresses, and what belongs to each.
pub struct Covers<T> {
    blocks: BTreeMap<Addr, Vec<(Addr, T)>>,
    /// Those that name no block, or one by an unusual address.
    wide: Vec<(Addr, T)>,
}

impl<T> Covers<T> {
    /// Takes addresses down.
    pub fn of(items: impl Iterator<Item = (Addr, T)>) -> Self {
        let mut covers = Self { blocks: BTreeMap::new(), wide: Vec::new() };
        for (addr, item) in items {
            match addr.segments() {
                [first, _, ..] if first.key.is_none() => {
                    covers.blocks.entry(addr.block()).or_default().push((addr, item));
                }
                _ => covers.wide.push((addr, item)),
            }
        }
        covers
    }

    /// Returns the addresses that an address is at or below, with what belongs to each.
    pub fn over(&self, addr: &Addr) -> impl Iterator<Item = &(Addr, T)> {
        let block = addr.block();
        let group = block.without_keys();
        let group = (group != block).then_some(group);
        let near = [Some(block), group].into_iter().flatten().filter_map(|block| self.blocks.get(&block));
        near.flatten().chain(&self.wide).filter(|(of, _)| addr.is_within(of))
    }

    /// Returns whether one of the addresses is at or below an address.
    pub fn has_below(&self, addr: &Addr) -> bool {
        let block = addr.block();
        let mut near = within(&self.blocks, &block).flat_map(|(_, all)| all).chain(&self.wide);
        near.any(|(of, _)| of.is_within(addr))
    }
}

/// The `removed` blocks by what they remove.
pub struct Removals<'a>(Covers<&'a Removal>);

impl<'a> Removals<'a> {
    /// Returns those of a configuration.
    pub fn of(desired: &'a Desired) -> Self {
        Self(Covers::of(desired.removals.iter().map(|removal| (removal.from.clone(), removal))))
    }

    /// Returns the block that an address falls under: the one that names it most closely.
    pub fn about(&self, addr: &Addr) -> Option<&'a Removal> {
        let about = self.0.over(addr).map(|(_, removal)| *removal);
        about.max_by_key(|removal| {
            let segments = removal.from.segments();
            (segments.len(), segments.iter().filter(|segment| segment.key.is_some()).count())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> Addr {
        Addr::parse(text).unwrap()
    }

    #[test]
    fn what_is_found_by_blocks_is_what_comparing_all_finds() {
        let texts = [
            "tenant",
            "tenant.a",
            "tenant.a.role",
            "tenant.ab.role",
            "tenant.listed",
            "tenant.listed[\"x\"]",
            "tenant.listed[\"x\"].migration",
            "tenant.listed[\"x\"].migration[\"f\"]",
            "tenant.listed.migration[\"f\"]",
            "tenant.listed[\"y\"].role",
            "role.a",
            "tenant[\"odd\"].a.role",
        ];
        let all: Vec<Addr> = texts.into_iter().map(addr).collect();
        for many in [1, 4, all.len()] {
            for some in all.windows(many) {
                let covers = Covers::of(some.iter().cloned().map(|addr| (addr, ())));
                for one in &all {
                    let mut over: Vec<&Addr> = covers.over(one).map(|(of, ())| of).collect();
                    over.sort();
                    let mut wanted: Vec<&Addr> = some.iter().filter(|of| one.is_within(of)).collect();
                    wanted.sort();
                    assert_eq!(over, wanted, "over {one}");
                    let below = some.iter().any(|of| of.is_within(one));
                    assert_eq!(covers.has_below(one), below, "{some:?} below {one}");
                }
            }
        }
    }
}
