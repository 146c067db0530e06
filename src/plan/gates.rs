//! Gates: which flags an apply of a plan needs. A removal of what holds data needs one, whatever it
//! holds; so does a plan that takes objects from more than a tenth of the recorded blocks and from
//! more than three. Blocks are counted, as people declare them: a tenant is one.

use std::collections::BTreeSet;

use crate::model::gate::{Flag, Gate, Gated};

/// From how many blocks a plan may take objects, whatever share of all they are.
pub const FEW: usize = 3;
/// From which part of all blocks it may: one in so many.
pub const SHARE: usize = 10;

/// Returns the gates of a plan that removes these objects, of so many recorded blocks.
pub fn of(mut removed: Vec<Gated>, managed: usize) -> Vec<Gate> {
    removed.sort_by(|a, b| (&a.addr, &a.kind, &a.identity).cmp(&(&b.addr, &b.kind, &b.identity)));
    let blocks: BTreeSet<_> = removed.iter().map(|object| object.addr.block()).collect();
    let gate = |flag, objects| Gate { flag, removed: blocks.len(), managed, objects };
    let lost: Vec<Gated> = removed.iter().filter(|object| object.stake.is_some()).cloned().collect();
    let mut gates = Vec::new();
    if !lost.is_empty() {
        gates.push(gate(Flag::DataLoss, lost));
    }
    if is_mass(blocks.len(), managed) {
        let bare = removed.into_iter().map(|object| Gated { stake: None, ..object });
        gates.push(gate(Flag::MassRemoval, bare.collect()));
    }
    gates
}

/// Returns whether so many blocks of so many are too many to remove unasked.
pub fn is_mass(removed: usize, managed: usize) -> bool {
    removed > FEW && removed.saturating_mul(SHARE) > managed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Addr;
    use crate::model::gate::Stake;

    fn object(name: &str, part: &str, stake: Option<Stake>) -> Gated {
        let addr = Addr::new("tenant", name).part(part);
        Gated { addr, kind: part.into(), identity: name.into(), stake }
    }

    #[test]
    fn the_border_is_more_than_three_and_more_than_a_tenth() {
        for (removed, managed, mass) in [
            (0, 0, false),
            (3, 3, false),
            (3, 10, false),
            (4, 4, true),
            (4, 39, true),
            (4, 40, false),
            (5, 49, true),
            (5, 50, false),
            (1_000, 10_000, false),
            (1_001, 10_000, true),
        ] {
            assert_eq!(is_mass(removed, managed), mass, "{removed} of {managed}");
        }
    }

    #[test]
    fn a_block_counts_once_whatever_it_is_made_of() {
        let parts = ["user", "role", "grants", "secret", "superset"];
        let removed: Vec<Gated> =
            ["a", "b", "c"].iter().flat_map(|name| parts.map(|part| object(name, part, None))).collect();
        assert_eq!(of(removed.clone(), 5), []);
        let more = [removed, vec![object("d", "user", None)]].concat();
        let gates = of(more, 5);
        assert_eq!((gates.len(), gates[0].flag, gates[0].removed), (1, Flag::MassRemoval, 4));
        assert_eq!(gates[0].objects.len(), 16, "all of them are named");
    }

    #[test]
    fn what_holds_data_needs_a_flag_even_where_it_is_empty_or_unknown() {
        let empty = Stake { tables: Some(0), rows: Some(0), bytes: Some(0), uncounted: Some(0) };
        let gates = of(
            vec![object("b", "database", Some(Stake::default())), object("a", "database", Some(empty))],
            100,
        );
        let names: Vec<_> = gates[0].objects.iter().map(|object| object.identity.as_str()).collect();
        assert_eq!((gates.len(), gates[0].flag, names), (1, Flag::DataLoss, vec!["a", "b"]));
    }

    proptest! {
        #[test]
        fn removing_more_or_managing_less_never_opens_the_gate(removed in 0usize..200, managed in 0usize..2_000) {
            if is_mass(removed, managed) {
                prop_assert!(is_mass(removed + 1, managed));
                prop_assert!(is_mass(removed, managed.saturating_sub(1)));
                prop_assert!(removed > FEW && removed * SHARE > managed);
            }
        }
    }
}
