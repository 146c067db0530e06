//! What is found of mutations that are not done: in the way of a file, left behind by one, or on a
//! managed table.

use std::collections::{BTreeMap, BTreeSet};

use super::{MUTATIONS, id, mutations, named, recorded, unfinished};
use crate::kinds::World;
use crate::kinds::migrations::ledger::{self, APPLIED, EVENTS};
use crate::kinds::migrations::unknown;
use crate::migrate;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::{Mutation, TableName};
use crate::model::snapshot::{Row, number, text};
use crate::model::{Resource, Value, sql};

/// How much of a reason or a command is told.
const LONGEST: usize = 300;

/// Returns a finding of a mutation of somebody else on a table that a file changes.
pub(super) fn in_the_way(wanted: &Resource, row: &Row) -> Finding {
    let fails = !text(row, "latest_fail_reason").is_empty();
    let (severity, summary) = if fails {
        (Severity::Error, "a mutation fails on a table that a migration changes")
    } else {
        (Severity::Warning, "a mutation is under way on a table that a migration changes")
    };
    let finding = Finding::new("CH425", severity, Category::Tracking, summary)
        .at(&wanted.addr)
        .compare(format!("no unfinished mutation of {}", id(row).of), state(row));
    if fails {
        finding
            .help("the server tries it again and again, and what the migration does would wait behind it")
            .help(way_out(&[id(row)]))
    } else {
        finding.help("the migration waits until it is done; to wait before that, plan again later")
    }
}

/// Returns how a mutation stands, in words.
fn state(row: &Row) -> String {
    let (one, parts) = (id(row), number(row, "parts_to_do"));
    let told = format!(
        "{} of {} since {}, with {parts} part{} to do: {}",
        one.id,
        one.of,
        text(row, "created"),
        if parts == 1 { "" } else { "s" },
        brief(text(row, "command"))
    );
    match text(row, "latest_fail_reason") {
        "" => told,
        reason => format!("{told}\nit fails: {}", brief(reason)),
    }
}

fn brief(text: &str) -> String {
    let mut brief: String = text.chars().take(LONGEST).collect();
    if brief.len() < text.len() {
        brief.push('…');
    }
    brief
}

fn way_out(mutations: &[Mutation]) -> String {
    let kills: Vec<String> = mutations
        .iter()
        .map(|Mutation { of: TableName { database, table }, id, created: _ }| {
            format!(
                "KILL MUTATION WHERE database = {} AND table = {} AND mutation_id = {}",
                sql::literal(database),
                sql::literal(table),
                sql::literal(id)
            )
        })
        .collect();
    format!(
        "mend the data that it cannot change, and it goes on by itself; or give it up: {}",
        kills.join("; ")
    )
}

/// Returns a finding where the mutation of a statement fails: it was run, and did not do its work.
pub fn failing(wanted: &Resource, at: usize, event: &Value) -> Finding {
    let said = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let mutations = mutations(event);
    let names: Vec<String> = mutations.iter().map(|one| format!("{} of {}", one.id, one.of)).collect();
    let finding = Finding::new(
        "CH426",
        Severity::Error,
        Category::Tracking,
        "the mutation of a migration's statement fails",
    )
    .at(&wanted.addr)
    .compare(
        format!("statement {} of {} done", at + 1, wanted.text("path")),
        format!("run {}: {} fails: {}", said("at"), names.join(", "), brief(said("reason"))),
    )
    .help(way_out(&mutations));
    halfway(finding, wanted, at)
}

/// Returns a finding where the mutation of a statement was killed: some parts may be changed.
pub fn killed(wanted: &Resource, at: usize, event: &Value) -> Finding {
    let said = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let names: Vec<String> = mutations(event).iter().map(|one| format!("{} of {}", one.id, one.of)).collect();
    let finding = Finding::new(
        "CH427",
        Severity::Decision,
        Category::Tracking,
        "the mutation of a migration's statement was killed",
    )
    .at(&wanted.addr)
    .compare(
        format!("statement {} of {} done", at + 1, wanted.text("path")),
        format!("run {}: {} is no longer there", said("at"), names.join(", ")),
    )
    .help(
        "look at the table: parts that were changed before the mutation was killed stay changed, the others are as \
         they were",
    );
    unknown::ways_out(halfway(finding, wanted, at), wanted, at)
}

/// Adds what a change of a column's type leaves behind, and that an edited statement is run.
fn halfway(finding: Finding, wanted: &Resource, at: usize) -> Finding {
    let statements = wanted.attrs.get("statements").map_or(&[][..], Value::items);
    let text = statements.get(at).and_then(|statement| statement.get("sql")).and_then(Value::as_str);
    let analysis = text.and_then(|text| migrate::analyze_sql(text).ok()).unwrap_or_default();
    let columns: Vec<&str> = analysis
        .alters
        .iter()
        .filter(|command| command.retypes)
        .filter_map(|command| command.target.as_deref())
        .collect();
    let finding = match columns.is_empty() {
        true => finding,
        false => finding.help(format!(
            "the table's definition shows the new type of {} already, and the same MODIFY COLUMN would say ok and \
             change nothing: after a KILL MUTATION, first set the old type back by hand (MODIFY COLUMN)",
            columns.join(", ")
        )),
    };
    finding.help(format!(
        "once it is given up, statement {} may be edited: an edited one is run again, and the same one never unasked",
        at + 1
    ))
}

/// Finds mutations that fail on tables of the files, but for those that a plan tells at a file, and
/// says where mutations are not in sight.
pub fn survey(wanted: &[&Resource], world: &World) -> Vec<Finding> {
    let run = |resource: &&&Resource| resource.attrs.get("baselined") != Some(&Value::Bool(true));
    let Some(any) = wanted.iter().find(run) else { return Vec::new() };
    if !world.snapshot.rows.contains_key(MUTATIONS) {
        return vec![out_of_sight(any, world)];
    }
    let open: Vec<&Row> = unfinished(world).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let done: BTreeSet<String> = world.snapshot.rows(APPLIED).iter().map(ledger::identity).collect();
    let events = world.snapshot.rows(EVENTS).iter();
    let mut told: BTreeSet<Mutation> = events.flat_map(|row| recorded(text(row, "mutations"))).collect();
    let mut owners: BTreeMap<(&str, &str), &Resource> = BTreeMap::new();
    for resource in wanted.iter().filter(run) {
        let tables = named(resource, 0);
        if !done.contains(&resource.identity) {
            let here =
                open.iter().filter(|row| tables.contains(&(text(row, "database"), text(row, "table"))));
            told.extend(here.map(|row| id(row)));
        }
        owners.extend(tables.into_iter().map(|table| (table, *resource)));
    }
    let left = open.into_iter().filter(|row| !told.contains(&id(row)));
    left.filter_map(|row| {
        let owner = owners.get(&(text(row, "database"), text(row, "table")))?;
        Some(stuck(owner, row))
    })
    .collect()
}

fn stuck(owner: &Resource, row: &Row) -> Finding {
    let fails = !text(row, "latest_fail_reason").is_empty();
    let (severity, summary) = if fails {
        (Severity::Drift, "a mutation of a managed table fails")
    } else {
        (Severity::Note, "a mutation of a managed table is under way")
    };
    let addr = match owner.tenant.as_deref() {
        Some(_) => owner.addr.block(),
        None => owner.addr.clone(),
    };
    let finding = Finding::new("CH428", severity, Category::Tables, summary)
        .at(&addr)
        .compare(format!("no unfinished mutation of {}", id(row).of), state(row));
    if fails { finding.help(way_out(&[id(row)])) } else { finding }
}

fn out_of_sight(resource: &Resource, world: &World) -> Finding {
    let user = crate::privileges::quote_if_needed(&world.caps().user);
    let summary = "unfinished mutations of managed tables are out of sight";
    Finding::new("CH432", Severity::Note, Category::Tables, summary)
        .at(&resource.addr.block())
        .help(format!("GRANT SELECT ON system.mutations TO {user}"))
}
