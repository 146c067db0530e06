//! A plan for people, in a manner that terraform's users know: by tenant, one line an object, then
//! what changes, then on demand every operation; at the end what it comes to. Tenants to which the
//! same happens are shown once, unless they are to be expanded.

use super::cause;
use super::cost::costs;
use super::findings::{self, finding};
use super::fold::Told;
use super::page::{Page, Tone};
use super::tree::{self, Attr, Delta, Group, Mark, Node, Object};
use super::{access, allowed, escape, fold, gates, sql, widening};
use crate::model::plan::Counts;
use crate::model::{Action, Finding, Plan, Severity};
use crate::plan::lint;

pub use super::page::Options;

/// The columns before an address: indent, sign and space.
const MARGIN: usize = 4;
/// The fewest columns in which a kind and a name are of use.
const NARROW: usize = 24;
/// Where attributes, notes and operations begin.
const INDENT: usize = 6;
/// What is said where nothing differs.
pub const NO_CHANGES: &str = "No changes. ClickHouse and Kubernetes match the configuration.";

/// Returns a plan as text.
pub fn plan(plan: &Plan, options: &Options) -> String {
    let mut page = Page::new(options);
    let expand = options.expand;
    let groups = if expand { tree::groups(plan) } else { fold::groups(plan) };
    header(&mut page, plan, &groups);
    if groups.iter().any(Group::is_folded) {
        files(&mut page, plan);
    }
    for group in &groups {
        heading(&mut page, group, &groups);
        objects(&mut page, group);
    }
    let (kept, found): (Vec<&Finding>, Vec<&Finding>) =
        plan.findings.iter().partition(|finding| finding.code == lint::RETAINED.code);
    retained(&mut page, plan, &kept);
    let found: Vec<&Finding> = found.into_iter().filter(|finding| !lint::widens(finding)).collect();
    let found = if expand { fold::one_by_one(&found) } else { fold::findings(&found, plan) };
    section(&mut page, "Findings", &found);
    section(&mut page, "Access that widens", &widening::of(plan, expand));
    allowed::section(&mut page, &plan.allowed);
    page.gap();
    end(&mut page, plan);
    page.finish()
}

fn section(page: &mut Page, heading: &str, findings: &[Told]) {
    if !findings.is_empty() {
        page.heading(heading);
    }
    for told in findings {
        finding(page, 2, &told.finding);
        if let Some(whom) = told.whom(usize::MAX) {
            page.wrapped(4, &[(Tone::Info, "for ")], Tone::Plain, &whom);
        }
        if let Some(by) = &told.allowed {
            page.wrapped(4, &[(Tone::Info, "allowed by ")], Tone::Plain, by);
        }
    }
}

/// Adds which files run for many tenants, and how many of those lag behind.
fn files(page: &mut Page, plan: &Plan) {
    let files = fold::files(plan);
    if !files.is_empty() {
        page.heading("Migrations of many tenants");
    }
    for file in files {
        let name = &*escape::elide(&file.name, page.room(2) / 2);
        page.wrapped(
            2,
            &[(Tone::Info, "> "), (Tone::Plain, name), (Tone::Plain, "  ")],
            Tone::Faint,
            &file.words(),
        );
    }
}

fn header(page: &mut Page, plan: &Plan, groups: &[Group]) {
    if groups.is_empty() {
        return;
    }
    let text = format!(
        "Scope {}, environment {}, ClickHouse {}.",
        escape::line(&plan.scope),
        escape::line(&plan.environment),
        escape::line(&plan.servers.clickhouse_version)
    );
    page.wrapped(0, &[], Tone::Faint, &text);
    let used =
        |mark: &Mark| groups.iter().flat_map(|group| &group.objects).any(|object| object.mark == *mark);
    let marks = Mark::ALL.into_iter().filter(used);
    let legend: Vec<String> = marks.map(|mark| format!("{} {}", mark.sign, mark.meaning)).collect();
    page.line(0, &[(Tone::Faint, &legend.join("   "))]);
}

fn heading(page: &mut Page, group: &Group, groups: &[Group]) {
    match group.tenants.as_slice() {
        [] if groups.len() > 1 => page.heading("Outside of tenants"),
        [] => page.gap(),
        [slug] => page.heading(&format!("Tenant {slug}")),
        many => {
            page.heading(&format!("{} tenants, the same for each", many.len()));
            page.wrapped(2, &[], Tone::Faint, &fold::tenants(group));
            page.gap();
        }
    }
}

fn objects(page: &mut Page, group: &Group) {
    let columns = Columns::of(group.objects.iter().map(Object::cells), page);
    for object in &group.objects {
        let mark = object.mark;
        let lead = format!("{} ", mark.sign);
        row(page, 2, &[(mark.tone(), &lead)], object.cells(), columns);
        for attr in &object.attrs {
            attribute(page, attr, mark);
        }
        losses(page, object, group);
        for line in &object.cause {
            page.wrapped(INDENT, &[(Tone::Info, "cause: ")], Tone::Plain, line);
        }
        for note in &object.notes {
            page.wrapped(INDENT, &[(Tone::Info, "note: ")], Tone::Plain, note);
        }
        for cost in costs(&object.step.costs) {
            page.wrapped(INDENT, &[(Tone::Change, "cost: ")], Tone::Plain, &escape::line(&cost));
        }
        for access in &object.access {
            access::add(page, INDENT, access);
        }
        if page.options().sql {
            operations(page, object, &group.plan);
        }
    }
}

/// Adds what goes away, by name. What the lines of one object say already is not said again.
fn losses(page: &mut Page, object: &Object, group: &Group) {
    let said = object.step.action == Action::Delete && !group.is_folded();
    for loss in object.losses.iter().filter(|_| !said) {
        let right = loss.verb.ends_with(':');
        if right && !object.access.is_empty() && !group.is_folded() {
            continue;
        }
        let lead = format!("{}{} ", loss.verb, if group.is_folded() && !right { ":" } else { "" });
        page.wrapped(INDENT, &[(Tone::Bad, &lead)], Tone::Plain, &loss.objects.join(", "));
    }
}

fn operations(page: &mut Page, object: &Object, plan: &Plan) {
    for (index, op) in object.step.ops.iter().enumerate() {
        let place = sql::Place { indent: INDENT, number: index + 1, step: &object.step, plan };
        sql::operation(page, &place, op);
    }
    page.gap();
}

/// The widths of the first two columns.
#[derive(Clone, Copy)]
struct Columns {
    addr: usize,
    kind: usize,
}

impl Columns {
    /// Returns columns that leave room for a name: longer addresses stick out.
    fn of<'a>(rows: impl Iterator<Item = [&'a str; 3]>, page: &Page) -> Self {
        let mut widths = [0; 3];
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        let [addr, kind, identity] = widths;
        let room = page.room(MARGIN + 4 + kind + identity.min(NARROW));
        Self { addr: addr.min(room), kind }
    }
}

/// Adds a line of an address, a kind and a name. What does not fit goes to a line of its own; what
/// does not fit there loses its middle.
fn row(page: &mut Page, indent: usize, lead: &[(Tone, &str)], cells: [&str; 3], columns: Columns) {
    let [addr, kind, identity] = cells;
    let margin = indent + lead.iter().map(|(_, text)| text.len()).sum::<usize>();
    let addr = escape::elide(addr, page.room(margin));
    let addr = format!("{addr:<width$}", width = columns.addr);
    let tail = format!("{kind:<width$}  {identity}", width = columns.kind);
    let room = page.options().width.saturating_sub(margin + addr.chars().count() + 2);
    let mut spans = lead.to_vec();
    spans.push((Tone::Plain, &addr));
    if tail.chars().count() <= room {
        spans.extend([(Tone::Plain, "  "), (Tone::Faint, &*tail)]);
        page.line(indent, &spans);
    } else {
        page.line(indent, &spans);
        let tail = format!("{kind}  {identity}");
        page.line(margin + 2, &[(Tone::Faint, &*escape::elide(&tail, page.room(margin + 2)))]);
    }
}

/// Adds an attribute: on one line where it fits, else spread over several.
fn attribute(page: &mut Page, attr: &Attr, mark: Mark) {
    let Attr { path, delta } = attr;
    let path = &*escape::elide(path, page.room(INDENT) / 2);
    let room = page.room(INDENT + path.chars().count() + 4);
    let fits = |text: &str| text.chars().count() <= room;
    match delta {
        Delta::Added(node) => {
            // The parts of what comes to be need no sign of their own.
            let lead = if mark.sign == "+" { "" } else { "+ " };
            value(page, (Tone::Good, lead), path, node);
        }
        Delta::Removed(node) => value(page, (Tone::Bad, "- "), path, node),
        Delta::Changed(before, after) | Delta::Items { before, after, .. } if fits(&arrow(before, after)) => {
            page.line(
                INDENT,
                &[(Tone::Change, "~ "), (Tone::Plain, &format!("{path}: {}", arrow(before, after)))],
            );
        }
        Delta::Changed(before, after) => {
            page.line(INDENT, &[(Tone::Change, "~ "), (Tone::Plain, &format!("{path}:"))]);
            signed(page, '-', &before.inline());
            signed(page, '+', &after.inline());
        }
        Delta::Items { removed, added, .. } => {
            page.line(INDENT, &[(Tone::Change, "~ "), (Tone::Plain, &format!("{path}:"))]);
            removed.iter().for_each(|item| signed(page, '-', &item.inline()));
            added.iter().for_each(|item| signed(page, '+', &item.inline()));
        }
        Delta::Lines(lines) => {
            page.line(INDENT, &[(Tone::Change, "~ "), (Tone::Plain, &format!("{path}:"))]);
            lines.iter().for_each(|(sign, text)| signed(page, *sign, text));
        }
    }
}

fn arrow(before: &Node, after: &Node) -> String {
    format!("{} -> {}", before.inline(), after.inline())
}

fn value(page: &mut Page, sign: (Tone, &str), path: &str, node: &Node) {
    let text = node.inline();
    let room = page.room(INDENT + sign.1.len() + path.chars().count() + 2);
    let label = format!("{path}: ");
    let parts: Vec<String> = match node {
        Node::List(items) if items.iter().any(Node::is_compound) => items.iter().map(Node::inline).collect(),
        Node::Map(entries) => {
            entries.iter().map(|(name, node)| format!("{name} = {}", node.inline())).collect()
        }
        Node::List(_) | Node::Nothing | Node::Sensitive | Node::Scalar(_) => Vec::new(),
    };
    if parts.is_empty() || text.chars().count() <= room {
        page.wrapped(INDENT, &[sign, (Tone::Plain, &label)], Tone::Plain, &text);
        return;
    }
    page.line(INDENT, &[sign, (Tone::Plain, &label)]);
    for part in parts {
        page.wrapped(INDENT + 4, &[], Tone::Plain, &part);
    }
}

fn signed(page: &mut Page, sign: char, text: &str) {
    let (lead, tone) = match sign {
        '-' => ("- ", Tone::Bad),
        '+' => ("+ ", Tone::Good),
        '@' => ("", Tone::Info),
        _ => ("  ", Tone::Plain),
    };
    page.wrapped(INDENT + 4, &[(tone, lead)], tone, text);
}

fn retained(page: &mut Page, plan: &Plan, kept: &[&Finding]) {
    if plan.retained.is_empty() {
        return;
    }
    page.heading("No longer declared, kept on the servers");
    let shown: Vec<[String; 3]> = plan
        .retained
        .iter()
        .map(|object| {
            [object.addr.to_string(), object.kind.clone(), object.identity.clone()]
                .map(|text| escape::line(&text).into_owned())
        })
        .collect();
    let columns = Columns::of(shown.iter().map(|row| row.each_ref().map(String::as_str)), page);
    for [addr, kind, identity] in &shown {
        row(page, 2, &[], [addr, kind, identity], columns);
    }
    for told in fold::findings(kept, plan) {
        for help in &told.finding.help {
            page.wrapped(2, &[(Tone::Info, "help: ")], Tone::Plain, &escape::line(help));
        }
    }
}

/// Adds what the plan comes to.
fn end(page: &mut Page, plan: &Plan) {
    if !plan.steps.is_empty() {
        if let Some(rollout) = &plan.rollout {
            page.wrapped(0, &[], Tone::Plain, &format!("Rollout: {}.", rollout.summary()));
        }
        page.line(0, &[(Tone::Strong, &summary(plan.counts()))]);
        if let Some(causes) = cause::summary(plan) {
            page.wrapped(0, &[], Tone::Plain, &causes);
        }
    } else if plan.worst().is_none_or(|worst| worst == Severity::Note) && plan.retained.is_empty() {
        page.line(0, &[(Tone::Good, NO_CHANGES)]);
    } else {
        let text = format!("Nothing to apply, but {}.", findings::count(&plan.findings));
        page.wrapped(0, &[], Tone::Strong, &text);
    }
    match obstacle(plan) {
        Some(text) => page.wrapped(0, &[], Tone::Bad, &text),
        None => {
            for (lead, text) in gates::lines(plan) {
                page.wrapped(0, &[(Tone::Bad, &lead)], Tone::Plain, &text);
            }
        }
    }
}

/// Returns why a plan cannot be applied, if it cannot.
pub fn obstacle(plan: &Plan) -> Option<String> {
    if matches!(plan.worst(), Some(Severity::Error | Severity::Decision)) {
        return Some(
            "This plan cannot be applied before its errors are mended and its decisions made.".into(),
        );
    }
    let mut codes: Vec<&str> = plan.denied().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    (!codes.is_empty()).then(|| {
        format!(
            "This plan cannot be applied: the lint block denies {}. Mend it, or allow it where it stands, with the reason.",
            codes.join(", ")
        )
    })
}

/// Returns how many objects change in which way, in a sentence.
pub fn summary(counts: Counts) -> String {
    let Counts { create, update, adopt, delete, forget, migrations, statements } = counts;
    let mut text = format!("Plan: {create} to create, {update} to change, {delete} to destroy");
    if adopt > 0 {
        text.push_str(&format!(", {adopt} to adopt"));
    }
    if forget > 0 {
        text.push_str(&format!(", {forget} to forget"));
    }
    if migrations > 0 {
        let count = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        text.push_str(&format!("; {} ({})", count(migrations, "migration"), count(statements, "statement")));
    }
    text + "."
}
