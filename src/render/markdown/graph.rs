//! The order of a small plan as a mermaid graph.

use std::collections::BTreeMap;

use super::View;
use super::escape::label;
use crate::render::escape;
use crate::render::tree::Object;

/// The most objects of which a graph is of use.
const MOST: usize = 20;

/// How long a name in the graph may be.
const WIDTH: usize = 60;

/// Adds the graph, where there is an order to show and few enough objects.
pub fn section(out: &mut String, view: &View) {
    let objects: Vec<&Object> = view.groups.iter().flat_map(|group| &group.objects).collect();
    let numbers: BTreeMap<usize, usize> =
        objects.iter().enumerate().map(|(number, object)| (object.step.id, number)).collect();
    let edges = objects.iter().enumerate().flat_map(|(number, object)| {
        let before = object.step.after.iter().filter_map(|id| numbers.get(id));
        before.map(move |before| (*before, number))
    });
    let edges: Vec<(usize, usize)> = edges.collect();
    if objects.len() > MOST || edges.is_empty() {
        return;
    }
    out.push_str("<details><summary>Order of the steps</summary>\n\n```mermaid\nflowchart LR\n");
    for (number, object) in objects.iter().enumerate() {
        let text = format!("{} {}", object.mark.sign, object.addr);
        out.push_str(&format!("  s{number}[{}]\n", label(&escape::elide(&text, WIDTH))));
    }
    for (before, after) in reduced(&edges) {
        out.push_str(&format!("  s{before} --> s{after}\n"));
    }
    out.push_str("```\n\n</details>\n\n");
}

/// Returns edges without those that follow from others.
fn reduced(edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let follows = |from: usize, to: usize| {
        let mut open: Vec<usize> =
            edges.iter().filter(|(a, b)| *a == from && *b != to).map(|(_, b)| *b).collect();
        let mut seen = Vec::new();
        while let Some(at) = open.pop() {
            if at == to {
                return true;
            }
            if !seen.contains(&at) {
                seen.push(at);
                open.extend(edges.iter().filter(|(a, _)| *a == at).map(|(_, b)| *b));
            }
        }
        false
    };
    edges.iter().copied().filter(|(from, to)| !follows(*from, *to)).collect()
}
