//! The order of steps: what a resource depends on comes first, what depended on a removed object is
//! changed or removed before it; removals come last, ties are broken by address.

use std::collections::{BTreeMap, BTreeSet};

use super::registry;
use crate::kinds::Kinds;
use crate::model::graph::Graph;
use crate::model::registry::{Entry, Registry};
use crate::model::{Action, Addr, Step};

/// Puts steps into an order in which they can run; fills their `id` and `after`.
pub fn arrange(mut steps: Vec<Step>, graph: &Graph, registry: &Registry, kinds: &Kinds) -> Vec<Step> {
    steps.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut before = vec![BTreeSet::new(); steps.len()];
    forward(&steps, graph, &mut before);
    backward(&steps, registry, kinds, &mut before);
    let order = topological(&before);
    let mut place = vec![0; steps.len()];
    for (id, index) in order.iter().enumerate() {
        place[*index] = id;
    }
    for (index, step) in steps.iter_mut().enumerate() {
        step.id = place[index];
        // An edge against the order is one of a cycle of old records; see `topological`.
        let after = before[index].iter().map(|other| place[*other]);
        step.after = after.filter(|other| *other < place[index]).collect();
        step.after.sort_unstable();
    }
    steps.sort_by_key(|step| step.id);
    steps
}

fn key(step: &Step) -> (bool, &Addr, &str, &str) {
    (is_removal(step), &step.addr, &step.kind, &step.identity)
}

/// Adds the edges between what is declared: to the nearest steps below, through resources that
/// have none.
fn forward(steps: &[Step], graph: &Graph, before: &mut [BTreeSet<usize>]) {
    let index = by_addr(steps);
    let mut nearest: BTreeMap<Addr, BTreeSet<usize>> = BTreeMap::new();
    for addr in graph.order() {
        let mut reached = BTreeSet::new();
        for other in graph.before(&addr) {
            match index.get(other) {
                Some(step) => _ = reached.insert(*step),
                None => reached.extend(nearest.get(other).into_iter().flatten()),
            }
        }
        if let Some(step) = index.get(&addr) {
            before[*step].extend(&reached);
        }
        nearest.insert(addr, reached);
    }
}

/// Adds the edges of removals: to the steps of all that was recorded to depend on the object, and
/// to the step that replaces it at its address. What ends first goes before those of its own block
/// that are removed, too ([`crate::kinds::Kind::ends_first`]).
fn backward(steps: &[Step], registry: &Registry, kinds: &Kinds, before: &mut [BTreeSet<usize>]) {
    let mut dependents: BTreeMap<Addr, Vec<&Entry>> = BTreeMap::new();
    for entry in registry.all_mine() {
        for addr in registry::after(entry) {
            dependents.entry(addr).or_default().push(entry);
        }
    }
    let replacements = by_addr(steps);
    let objects: BTreeMap<(&str, &str), usize> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| ((step.kind.as_str(), step.identity.as_str()), index))
        .collect();
    for (index, step) in steps.iter().enumerate() {
        if !is_removal(step) {
            continue;
        }
        before[index].extend(replacements.get(&step.addr));
        let ends_first = kinds.get(&step.kind).is_some_and(|kind| kind.ends_first());
        let mut seen = BTreeSet::from([&step.addr]);
        let mut open = vec![&step.addr];
        while let Some(addr) = open.pop() {
            for entry in dependents.get(addr).into_iter().flatten() {
                let object = (entry.kind.as_str(), entry.identity.as_str());
                if let Some(other) = objects.get(&object).copied().filter(|other| *other != index) {
                    let turned = ends_first && goes_with(step, &steps[other]);
                    let (first, then) = if turned { (index, other) } else { (other, index) };
                    before[then].insert(first);
                }
                if seen.insert(&entry.addr) {
                    open.push(&entry.addr);
                }
            }
        }
    }
}

/// Returns whether a step takes an object away, or its record.
fn is_removal(step: &Step) -> bool {
    matches!(step.action, Action::Delete | Action::Forget)
}

/// Returns whether another step removes a part of the same block.
fn goes_with(step: &Step, other: &Step) -> bool {
    is_removal(other) && other.addr.block() == step.addr.block()
}

/// Returns the steps by address, removals left out.
fn by_addr(steps: &[Step]) -> BTreeMap<&Addr, usize> {
    let kept = steps.iter().enumerate().filter(|(_, step)| !is_removal(step));
    kept.map(|(index, step)| (&step.addr, index)).collect()
}

/// Returns the indices in topological order, smallest first. Declarations have no cycles; records
/// of different runs may, and then the smallest of what is left goes first.
fn topological(before: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = before.iter().map(BTreeSet::len).collect();
    let mut unlocks = vec![Vec::new(); before.len()];
    for (index, others) in before.iter().enumerate() {
        for other in others {
            unlocks[*other].push(index);
        }
    }
    let mut left: BTreeSet<usize> = (0..before.len()).collect();
    let mut ready: BTreeSet<usize> = left.iter().copied().filter(|at| waiting[*at] == 0).collect();
    let mut order = Vec::with_capacity(before.len());
    while let Some(next) = ready.pop_first().or_else(|| left.first().copied()) {
        left.remove(&next);
        order.push(next);
        for index in &unlocks[next] {
            waiting[*index] = waiting[*index].saturating_sub(1);
            if waiting[*index] == 0 && left.contains(index) {
                ready.insert(*index);
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_of_records_still_has_an_order() {
        let before = [BTreeSet::from([1]), BTreeSet::from([0]), BTreeSet::from([1])];
        assert_eq!(topological(&before), [0, 1, 2]);
    }

    #[test]
    fn ties_go_to_the_smallest() {
        let before = [BTreeSet::from([2]), BTreeSet::new(), BTreeSet::new()];
        assert_eq!(topological(&before), [1, 2, 0]);
    }
}
