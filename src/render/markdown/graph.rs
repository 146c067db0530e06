//! The order of a small plan as a mermaid graph.

use std::collections::BTreeMap;

use super::View;
use crate::render::graph::{Drawing, Node};
use crate::render::tree::Object;

/// The most objects of which a graph is of use.
const MOST: usize = 20;

/// Adds the graph, where there is an order to show and few enough objects.
pub fn section(out: &mut String, view: &View) {
    let objects: Vec<&Object> = view.groups.iter().flat_map(|group| &group.objects).collect();
    if objects.len() > MOST {
        return;
    }
    let numbers: BTreeMap<usize, usize> =
        objects.iter().enumerate().map(|(number, object)| (object.step.id, number)).collect();
    let before = |object: &&Object| {
        object.step.after.iter().filter_map(|id| numbers.get(id).copied()).collect::<Vec<_>>()
    };
    let node = |object: &&Object| Node {
        label: format!("{} {}", object.mark.sign, object.addr),
        group: String::new(),
    };
    let drawing =
        Drawing::new(objects.iter().map(node).collect(), &objects.iter().map(before).collect::<Vec<_>>());
    if drawing.has_no_edges() {
        return;
    }
    out.push_str("<details><summary>Order of the steps</summary>\n\n```mermaid\n");
    out.push_str(&drawing.mermaid());
    out.push_str("```\n\n</details>\n\n");
}
