//! The dependency graph as DOT (Graphviz) and as mermaid: boxes with labels, grouped by tenant, and
//! arrows from what comes first to what comes after it. Arrows that follow from others are left out.
//!
//! Sources: <https://graphviz.org/doc/info/lang.html>, quoted strings;
//! <https://mermaid.js.org/syntax/flowchart.html>.

use std::collections::{BTreeMap, BTreeSet};

use super::escape;
use super::markdown::escape::label;
use crate::model::Addr;
use crate::model::graph::Graph;
use crate::model::resource::Desired;

/// How long a label of mermaid's may be.
const WIDTH: usize = 60;

/// A box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What stands in it.
    pub label: String,
    /// The group that it is drawn in (a tenant); none where empty.
    pub group: String,
}

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawing {
    nodes: Vec<Node>,
    /// By numbers of nodes: what comes first, and what comes after it.
    edges: Vec<(usize, usize)>,
}

impl Drawing {
    /// Draws nodes with for each its number the numbers of those that come before it.
    pub fn new(nodes: Vec<Node>, before: &[Vec<usize>]) -> Self {
        let edges = reduced(before);
        Self { nodes, edges }
    }

    /// Draws what is declared, of the addresses that are asked for.
    pub fn of(desired: &Desired, wanted: &BTreeSet<Addr>) -> Self {
        let graph = Graph::of(desired);
        let shown: Vec<&Addr> = desired.resources.keys().filter(|addr| wanted.contains(*addr)).collect();
        let numbers: BTreeMap<&Addr, usize> =
            shown.iter().enumerate().map(|(number, addr)| (*addr, number)).collect();
        let before: Vec<Vec<usize>> = shown
            .iter()
            .map(|addr| graph.before(addr).filter_map(|before| numbers.get(before).copied()).collect())
            .collect();
        let node = |addr: &&Addr| Node {
            label: addr.to_string(),
            group: desired.resources[*addr].tenant.clone().unwrap_or_default(),
        };
        Self::new(shown.iter().map(node).collect(), &before)
    }

    /// Returns whether nothing comes before anything.
    pub fn has_no_edges(&self) -> bool {
        self.edges.is_empty()
    }

    fn groups(&self) -> BTreeMap<&str, Vec<usize>> {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, node) in self.nodes.iter().enumerate() {
            groups.entry(&node.group).or_default().push(number);
        }
        groups
    }

    /// Returns the graph for Graphviz.
    pub fn dot(&self) -> String {
        let mut out = String::from(
            "digraph charter {\n  rankdir = \"LR\"\n  node [shape = \"box\", style = \"rounded\"]\n",
        );
        for (index, (group, numbers)) in self.groups().into_iter().enumerate() {
            let node =
                |number: &usize| format!("n{number} [label = {}]\n", quoted(&self.nodes[*number].label));
            if group.is_empty() {
                numbers.iter().for_each(|number| out.push_str(&format!("  {}", node(number))));
                continue;
            }
            out.push_str(&format!("  subgraph cluster_{index} {{\n    label = {}\n", quoted(group)));
            numbers.iter().for_each(|number| out.push_str(&format!("    {}", node(number))));
            out.push_str("  }\n");
        }
        for (before, after) in &self.edges {
            out.push_str(&format!("  n{before} -> n{after}\n"));
        }
        out + "}\n"
    }

    /// Returns the graph for mermaid.
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for (index, (group, numbers)) in self.groups().into_iter().enumerate() {
            let node = |number: &usize| {
                format!("s{number}[{}]\n", label(&escape::elide(&self.nodes[*number].label, WIDTH)))
            };
            if group.is_empty() {
                numbers.iter().for_each(|number| out.push_str(&format!("  {}", node(number))));
                continue;
            }
            out.push_str(&format!("  subgraph g{index}[{}]\n", label(&escape::elide(group, WIDTH))));
            numbers.iter().for_each(|number| out.push_str(&format!("    {}", node(number))));
            out.push_str("  end\n");
        }
        for (before, after) in &self.edges {
            out.push_str(&format!("  s{before} --> s{after}\n"));
        }
        out
    }
}

/// Returns a text as a quoted string of DOT, in which `\n` and the like would mean something.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escape::line(text).replace('\\', "\\\\").replace('"', "\\\""))
}

/// Returns the edges without those that follow from others, by what comes after.
fn reduced(before: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let mut edges = Vec::new();
    for (after, direct) in before.iter().enumerate() {
        let mut left: BTreeSet<usize> = direct.iter().copied().collect();
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = direct.iter().flat_map(|number| &before[*number]).copied().collect();
        // Where one is left, it follows from none.
        while let Some(number) = open.pop().filter(|_| left.len() > 1) {
            if seen.insert(number) {
                left.remove(&number);
                open.extend(&before[number]);
            }
        }
        edges.extend(left.into_iter().map(|first| (first, after)));
    }
    edges.sort_unstable();
    edges
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn node(label: &str, group: &str) -> Node {
        Node { label: label.to_owned(), group: group.to_owned() }
    }

    fn drawing() -> Drawing {
        let nodes = vec![
            node("database.reporting", ""),
            node("tenant.acme.database", "acme"),
            node("tenant.acme.grants[\"a\\b\"]", "acme"),
        ];
        Drawing::new(nodes, &[vec![], vec![0], vec![0, 1]])
    }

    #[test]
    fn for_graphviz() {
        assert_snapshot!(drawing().dot(), @r#"
        digraph charter {
          rankdir = "LR"
          node [shape = "box", style = "rounded"]
          n0 [label = "database.reporting"]
          subgraph cluster_1 {
            label = "acme"
            n1 [label = "tenant.acme.database"]
            n2 [label = "tenant.acme.grants[\"a\\b\"]"]
          }
          n0 -> n1
          n1 -> n2
        }
        "#);
    }

    #[test]
    fn for_mermaid() {
        assert_snapshot!(drawing().mermaid(), @r#"
        flowchart LR
          s0["database.reporting"]
          subgraph g1["acme"]
            s1["tenant.acme.database"]
            s2["tenant.acme.grants#91;#34;a#92;b#34;#93;"]
          end
          s0 --> s1
          s1 --> s2
        "#);
    }

    #[test]
    fn an_edge_that_follows_from_others_is_left_out() {
        let before = [vec![], vec![0], vec![1, 0], vec![2, 1, 0], vec![0]];
        assert_eq!(reduced(&before), [(0, 1), (0, 4), (1, 2), (2, 3)]);
    }

    #[test]
    fn a_label_cannot_leave_its_quotes() {
        let hostile = Drawing::new(vec![node("\"];\nx -> y\\", "\"}\n")], &[vec![]]);
        let dot = hostile.dot();
        assert_eq!(dot.lines().count(), 8, "{dot}");
        assert!(dot.contains(r#"label = "\"];"#), "{dot}");
        assert_eq!(hostile.mermaid().lines().count(), 4);
    }
}
