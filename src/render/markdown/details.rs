//! What happens to each tenant, folded: objects and their attributes as a diff, then the operations.

use super::escape::fenced;
use super::sections::summary_line;
use super::{LIMIT, Level, View};
use crate::render::cost::costs;
use crate::render::page::{Options, Page};
use crate::render::tree::{Attr, Delta, Group, Mark, Object};
use crate::render::{escape, sql};

/// The width of operations, which are read in a box that scrolls.
const WIDTH: usize = 120;

/// Adds the details of each group.
pub fn groups(out: &mut String, view: &View, level: Level) {
    for group in &view.groups {
        // Nothing of what is too long is used.
        if out.len() > LIMIT {
            return;
        }
        out.push_str(&format!("<details><summary>{}</summary>\n\n", summary_line(group)));
        let lines: Vec<String> = group.objects.iter().flat_map(|object| diff(object, level)).collect();
        out.push_str(&fenced("diff", &lines.join("\n")));
        if level == Level::Full {
            out.push_str(&operations(group));
        }
        out.push_str("\n</details>\n\n");
    }
}

/// Returns the lines of an object. Their first column is what a diff is coloured by.
fn diff(object: &Object, level: Level) -> Vec<String> {
    let [addr, kind, identity] = object.cells();
    let sign = sign(object.mark);
    let mut lines = vec![format!("{sign} {addr}  {kind}  {identity}")];
    if level >= Level::Lines {
        return lines;
    }
    object.attrs.iter().for_each(|attr| attribute(&mut lines, attr, level));
    lines.extend(costs(&object.step.costs).iter().map(|cost| format!("!     cost: {}", escape::line(cost))));
    for access in &object.access {
        lines.push(format!("!     {}", access.whose));
        for line in &access.lines {
            let sign = match line.lead.trim() {
                "gains" => '+',
                "loses" => '-',
                _ => '!',
            };
            lines.push(format!("{sign}       {}{}", line.lead, line.text));
        }
    }
    lines.extend(object.cause.iter().map(|line| format!("#     cause: {line}")));
    if level == Level::Full {
        lines.extend(object.notes.iter().map(|note| format!("#     note: {note}")));
    }
    lines
}

/// Returns the first column of an object's line: viewers colour `!`, and not `~`.
fn sign(mark: Mark) -> &'static str {
    if mark.sign == "~" { "!" } else { mark.sign }
}

fn attribute(lines: &mut Vec<String>, attr: &Attr, level: Level) {
    let Attr { path, delta } = attr;
    match delta {
        Delta::Added(node) => lines.push(format!("+     {path}: {}", node.inline())),
        Delta::Removed(node) => lines.push(format!("-     {path}: {}", node.inline())),
        Delta::Changed(before, after) => {
            lines.push(format!("-     {path}: {}", before.inline()));
            lines.push(format!("+     {path}: {}", after.inline()));
        }
        Delta::Items { removed, added, .. } => {
            lines.push(format!("!     {path}:"));
            lines.extend(removed.iter().map(|item| format!("-       {}", item.inline())));
            lines.extend(added.iter().map(|item| format!("+       {}", item.inline())));
        }
        Delta::Lines(all) => {
            lines.push(format!("!     {path}:"));
            let shown = all.iter().filter(|(sign, _)| *sign != ' ' || level == Level::Full);
            lines.extend(shown.map(|(sign, text)| match sign {
                '@' => text.clone(),
                sign => format!("{sign}       {text}"),
            }));
        }
    }
}

/// Returns the operations of a group in their order, as they will be run.
fn operations(group: &Group) -> String {
    let mut page = Page::new(&Options { width: WIDTH, sql: true, ..Options::default() });
    for object in &group.objects {
        page.line(
            0,
            &[(crate::render::page::Tone::Plain, &*escape::elide(&format!("-- {}", object.addr), WIDTH))],
        );
        for (index, op) in object.step.ops.iter().enumerate() {
            let place = sql::Place { indent: 0, number: index + 1, step: &object.step, plan: &group.plan };
            sql::operation(&mut page, &place, op);
        }
    }
    format!("\n{}", fenced("sql", &page.finish()))
}
