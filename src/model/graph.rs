//! The dependency graph of resources: cycles, and an order that is stable.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::addr::Addr;
use super::resource::Desired;

/// Edges between resources: for each address the addresses that must be there before it.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    before: BTreeMap<Addr, BTreeSet<Addr>>,
}

impl Graph {
    /// Builds the graph of what is declared. An edge to a group is an edge to each of its members;
    /// an edge to what is not declared is none (references were checked before).
    pub fn of(desired: &Desired) -> Self {
        let mut groups: BTreeMap<&Addr, BTreeSet<Addr>> = BTreeMap::new();
        for resource in desired.resources.values() {
            for addr in resource.after.iter().filter(|addr| !desired.resources.contains_key(*addr)) {
                groups.entry(addr).or_insert_with(|| desired.matching(addr));
            }
        }
        let edges = desired.resources.values().map(|resource| {
            let mut before = BTreeSet::new();
            for addr in &resource.after {
                match groups.get(addr) {
                    Some(members) => before.extend(members.iter().cloned()),
                    None => _ = before.insert(addr.clone()),
                }
            }
            (resource.addr.clone(), before)
        });
        Self { before: edges.collect() }
    }

    /// Builds a graph from edges.
    pub fn from_edges(before: BTreeMap<Addr, BTreeSet<Addr>>) -> Self {
        Self { before }
    }

    /// Returns what must be there before an address, directly.
    pub fn before(&self, addr: &Addr) -> impl Iterator<Item = &Addr> {
        self.before.get(addr).into_iter().flatten()
    }

    /// Returns the addresses and everything that they depend on.
    pub fn closure(&self, roots: impl IntoIterator<Item = Addr>) -> BTreeSet<Addr> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<Addr> = roots.into_iter().collect();
        while let Some(addr) = open.pop() {
            if seen.insert(addr.clone()) {
                open.extend(self.before(&addr).cloned());
            }
        }
        seen
    }

    /// Returns every cycle, each as its addresses in the order of their edges, smallest first.
    pub fn cycles(&self) -> Vec<Vec<Addr>> {
        let mut graph: DiGraphMap<&Addr, ()> = DiGraphMap::new();
        for (addr, before) in &self.before {
            graph.add_node(addr);
            for other in before {
                graph.add_edge(addr, other, ());
            }
        }
        let mut cycles: Vec<Vec<Addr>> = tarjan_scc(&graph)
            .into_iter()
            .filter(|part| part.len() > 1 || part.iter().any(|addr| graph.contains_edge(addr, addr)))
            .map(|part| self.walk(&part.into_iter().collect()))
            .collect();
        cycles.sort();
        cycles
    }

    /// Walks one cycle inside a strongly connected part, from its smallest address.
    fn walk(&self, part: &BTreeSet<&Addr>) -> Vec<Addr> {
        let mut path: Vec<Addr> = part.first().map(|addr| (*addr).clone()).into_iter().collect();
        while let Some(next) = path.last().and_then(|last| self.before(last).find(|addr| part.contains(addr)))
        {
            if let Some(start) = path.iter().position(|addr| addr == next) {
                return path.split_off(start);
            }
            path.push(next.clone());
        }
        path
    }

    /// Returns the addresses in an order in which each comes after what it depends on, ties broken
    /// by address. Members of cycles are left out: callers report those first.
    pub fn order(&self) -> Vec<Addr> {
        let mut waiting: BTreeMap<&Addr, usize> = BTreeMap::new();
        let mut unlocks: BTreeMap<&Addr, Vec<&Addr>> = BTreeMap::new();
        for (addr, before) in &self.before {
            let known = before.iter().filter(|other| self.before.contains_key(*other));
            waiting.insert(addr, known.clone().count());
            known.for_each(|other| unlocks.entry(other).or_default().push(addr));
        }
        let free = waiting.iter().filter(|(_, count)| **count == 0);
        let mut ready: BinaryHeap<Reverse<&Addr>> = free.map(|(addr, _)| Reverse(*addr)).collect();
        let mut order = Vec::with_capacity(self.before.len());
        while let Some(Reverse(addr)) = ready.pop() {
            order.push(addr.clone());
            for next in unlocks.remove(addr).unwrap_or_default() {
                if let Some(count) = waiting.get_mut(next) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(Reverse(next));
                    }
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let addr = |name: &str| Addr::new("role", name);
        let edges = edges.iter().map(|(name, before)| (addr(name), before.iter().map(|b| addr(b)).collect()));
        Graph::from_edges(edges.collect())
    }

    fn names(addrs: &[Addr]) -> Vec<String> {
        addrs.iter().map(|addr| addr.segments()[1].word.clone()).collect()
    }

    #[test]
    fn order_follows_edges_then_addresses() {
        let graph = graph(&[("c", &[]), ("b", &["d"]), ("a", &["c"]), ("d", &[])]);
        assert_eq!(names(&graph.order()), ["c", "a", "d", "b"]);
        assert!(graph.cycles().is_empty());
    }

    #[test]
    fn the_whole_cycle_is_named() {
        let graph = graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("x", &["a"])]);
        let cycles = graph.cycles();
        assert_eq!(cycles.len(), 1);
        assert_eq!(names(&cycles[0]), ["a", "b", "c"]);
    }
}
