//! Mutations that migrations made, or that stand in their way; and what is told not to wait.
//!
//! `system.mutations` is read once a plan: what is not done in the databases of the files, and what
//! earlier runs recorded that they left behind. A statement whose mutation goes on is waited for by
//! the next apply; one whose mutation fails, or was killed, is never run again unasked: the
//! definition of the table may show already what its data is not (`MODIFY COLUMN`, code 341).

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{self, APPLIED, EVENTS};
use crate::kinds::{Lowered, World};
use crate::migrate::analyze::{ObjectKind, Role, Verb};
use crate::migrate::{self, Analysis};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::{Mutation, TableName};
use crate::model::snapshot::{Read, Row, number, text};
use crate::model::{Attrs, Resource, Snapshot, Value, sql};

/// The rows of `system.mutations` that matter.
pub const MUTATIONS: &str = "migrations_mutations";

/// How much of a reason or a command is told.
const LONGEST: usize = 300;

/// Returns the read of mutations: those that are not done, and those that are recorded.
pub fn reads(wanted: &[&Resource], snapshot: &Snapshot) -> Vec<Read> {
    let databases: BTreeSet<&str> = wanted.iter().flat_map(|resource| databases(resource)).collect();
    if databases.is_empty() {
        return Vec::new();
    }
    let databases: Vec<String> = databases.into_iter().map(sql::literal).collect();
    let recorded = snapshot.rows(EVENTS).iter().flat_map(|row| recorded(text(row, "mutations")));
    let recorded: BTreeSet<String> = recorded
        .map(|one| {
            let [database, table, id] =
                [&one.of.database, &one.of.table, &one.id].map(|text| sql::literal(text));
            format!("({database}, {table}, {id})")
        })
        .collect();
    let recorded = match recorded.is_empty() {
        true => String::new(),
        false => format!(
            " OR (database, table, mutation_id) IN ({})",
            recorded.into_iter().collect::<Vec<_>>().join(", ")
        ),
    };
    let statement = format!(
        "SELECT database, table, mutation_id, command, toString(create_time) AS created, parts_to_do, is_done, \
         latest_fail_reason FROM system.mutations WHERE database IN ({}) AND (NOT is_done{recorded}) \
         ORDER BY database, table, create_time, mutation_id",
        databases.join(", ")
    );
    vec![Read::Sql { name: MUTATIONS, statement }]
}

/// Returns the databases that a file's statements touch.
fn databases(resource: &Resource) -> BTreeSet<&str> {
    let own = Some(resource.text("database")).filter(|database| !database.is_empty());
    own.into_iter().chain(named(resource, 0).into_iter().map(|(database, _)| database)).collect()
}

/// Returns the tables that a file's statements name to change them, from a statement on.
pub fn named(resource: &Resource, first: usize) -> BTreeSet<(&str, &str)> {
    let statements = resource.attrs.get("statements").map_or(&[][..], Value::items);
    let pairs = statements.iter().skip(first).flat_map(|statement| {
        ["touches", "writes"].into_iter().filter_map(|name| statement.get(name)).flat_map(Value::items)
    });
    pairs
        .filter_map(|pair| match pair.items() {
            [Value::String(database), Value::String(table)] => Some((database.as_str(), table.as_str())),
            _ => None,
        })
        .collect()
}

/// Reads mutations as an event has them: `[["database", "table", "id"], …]`.
fn recorded(json: &str) -> Vec<Mutation> {
    let rows: Vec<[String; 3]> = serde_json::from_str(json).unwrap_or_default();
    rows.into_iter().map(|[database, table, id]| Mutation { of: TableName { database, table }, id }).collect()
}

/// What became of what a statement left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It left nothing behind.
    None,
    /// Its mutations go on, or are done meanwhile.
    GoesOn,
    /// One of them fails.
    Fails,
    /// One of them is gone: it was killed.
    Killed,
}

/// Returns what an event's row left behind, and what became of it, as attributes of the event.
pub fn left(row: &Row, world: &World) -> BTreeMap<String, Value> {
    let json = text(row, "mutations");
    let mutations = recorded(json);
    // Who may not see mutations cannot say that they are gone.
    if mutations.is_empty() || !world.snapshot.rows.contains_key(MUTATIONS) {
        return BTreeMap::new();
    }
    let found: Vec<Option<&Row>> = mutations.iter().map(|one| find(one, world)).collect();
    let failing = |row: &&Row| number(row, "is_done") == 0 && !text(row, "latest_fail_reason").is_empty();
    let mut attrs = BTreeMap::from([("mutations".to_owned(), json.into())]);
    let fate = match found.iter().flatten().copied().find(failing) {
        Some(row) => {
            attrs.insert("reason".into(), text(row, "latest_fail_reason").into());
            "fails"
        }
        None if found.contains(&None) => "killed",
        None => "goes_on",
    };
    attrs.insert("fate".into(), fate.into());
    attrs
}

fn find<'a>(wanted: &Mutation, world: &'a World) -> Option<&'a Row> {
    world.snapshot.rows(MUTATIONS).iter().find(|row| id(row) == *wanted)
}

fn id(row: &Row) -> Mutation {
    let [database, table, id] =
        ["database", "table", "mutation_id"].map(|column| text(row, column).to_owned());
    Mutation { of: TableName { database, table }, id }
}

/// Returns what became of what an event's statement left behind.
pub fn fate(event: &Value) -> Fate {
    match event.get("fate").and_then(Value::as_str) {
        Some("goes_on") => Fate::GoesOn,
        Some("fails") => Fate::Fails,
        Some("killed") => Fate::Killed,
        _ => Fate::None,
    }
}

/// Returns the mutations of an event.
pub fn mutations(event: &Value) -> Vec<Mutation> {
    recorded(event.get("mutations").and_then(Value::as_str).unwrap_or_default())
}

/// Returns the statements before one, by index, whose mutations are to be waited for.
pub fn left_behind(live: &Attrs, first: usize) -> Vec<(usize, &Value)> {
    let events = live.get("events").map_or(&[][..], Value::items).iter();
    let mut left: Vec<(usize, &Value)> = events
        .filter(|event| fate(event) == Fate::GoesOn)
        .filter_map(|event| Some((super::lower::index(event)?, event)))
        .filter(|(at, _)| *at < first)
        .collect();
    left.sort_by_key(|(at, _)| *at);
    left
}

/// Returns what a reviewer should know of a statement whose mutations are waited for.
pub fn note(at: usize, event: &Value) -> String {
    let names: Vec<String> = mutations(event).iter().map(|one| format!("{} of {}", one.id, one.of)).collect();
    format!(
        "statement {} was run before; its mutation {} is waited for, where it is not done yet",
        at + 1,
        names.join(", ")
    )
}

/// Returns the tables that a statement changes by a mutation.
pub fn tables(statement: &str, current: &str) -> Vec<TableName> {
    let analysis = migrate::analyze_sql(statement).unwrap_or_default();
    if !analysis.flags.mutation || analysis.flags.temporary {
        return Vec::new();
    }
    let current = if current.is_empty() { "default" } else { current };
    let changed = analysis.objects.into_iter().filter(|object| {
        matches!(object.role, Role::Alters | Role::Writes) && object.kind == ObjectKind::Table
    });
    let tables: BTreeSet<TableName> = changed
        .map(|object| TableName {
            database: object.database.unwrap_or_else(|| current.to_owned()),
            table: object.name,
        })
        .collect();
    tables.into_iter().collect()
}

/// Finds what stands in the way of the statements that are to run, and what they do not wait for.
pub fn review(wanted: &Resource, live: &Attrs, first: usize, world: &World, lowered: &mut Lowered) {
    let own: BTreeSet<Mutation> =
        left_behind(live, first).into_iter().flat_map(|(_, event)| mutations(event)).collect();
    let touched = named(wanted, first);
    let open = unfinished(world).filter(|row| {
        touched.contains(&(text(row, "database"), text(row, "table"))) && !own.contains(&id(row))
    });
    lowered.findings.extend(open.map(|row| in_the_way(wanted, row)));
    let statements = wanted.attrs.get("statements").map_or(&[][..], Value::items);
    for (at, statement) in statements.iter().enumerate().skip(first) {
        let sql = statement.get("sql").and_then(Value::as_str).unwrap_or_default();
        let analysis = migrate::analyze_sql(sql).unwrap_or_default();
        lowered.findings.extend(dropped_late(wanted, at, sql, &analysis));
        lowered.findings.extend(not_waiting(wanted, at, sql, statement));
    }
}

fn unfinished<'a>(world: &'a World) -> impl Iterator<Item = &'a Row> {
    world.snapshot.rows(MUTATIONS).iter().filter(|row| number(row, "is_done") == 0)
}

fn in_the_way(wanted: &Resource, row: &Row) -> Finding {
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
    let text = format!(
        "{} of {} since {}, with {parts} part{} to do: {}",
        one.id,
        one.of,
        text(row, "created"),
        if parts == 1 { "" } else { "s" },
        brief(text(row, "command"))
    );
    match text_of(row) {
        "" => text,
        reason => format!("{text}\nit fails: {}", brief(reason)),
    }
}

fn text_of(row: &Row) -> &str {
    text(row, "latest_fail_reason")
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
        .map(|Mutation { of: TableName { database, table }, id }| {
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
    let query = sql::literal(said("query_id"));
    let key = "scope, tenant, folder, version, name, statement, statements, token_sha256, status";
    let record = format!(
        "INSERT INTO ops.charter_migration_events ({key}) SELECT {} FROM ops.charter_migration_events \
         WHERE query_id = {query} LIMIT 1",
        key.replace("status", "'…'")
    );
    halfway(finding, wanted, at).help(format!(
        "or record what you found, with 'applied' or 'failed' for '…' (failed is run again): {record}"
    ))
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

/// Finds a `DROP` that lets the server remove the data later: for eight minutes its Keeper path is
/// taken, and a table that is made there meanwhile loses its nodes (ClickHouse issues 20243, 62603).
fn dropped_late(wanted: &Resource, at: usize, sql: &str, analysis: &Analysis) -> Option<Finding> {
    let stores = |kind: ObjectKind| match kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Database => true,
        ObjectKind::Dictionary | ObjectKind::Function | ObjectKind::Other => false,
    };
    let dropped: Vec<&str> = analysis
        .objects
        .iter()
        .filter(|object| object.role == Role::Drops && stores(object.kind))
        .map(|object| object.name.as_str())
        .collect();
    let late = analysis.verb == Verb::Drop && !analysis.flags.sync && !analysis.flags.temporary;
    (late && !dropped.is_empty()).then(|| {
        Finding::new("CH429", Severity::Warning, Category::Tracking, "a migration drops without SYNC")
            .at(&wanted.addr)
            .compare("", statement(wanted, at, sql))
            .help("without SYNC the server removes the data, and the path in Keeper, up to 8 minutes later \
                   (database_atomic_delay_before_drop_table_sec): a replicated table that is made again meanwhile is \
                   refused, or loses its nodes to the late removal")
            .help("write DROP … SYNC; or leave it, where UNDROP TABLE shall bring it back within that time")
    })
}

/// Settings that keep a statement from waiting until its work is done, with the values that do.
const IMPATIENT: [(&str, &[&str]); 6] = [
    ("mutations_sync", &["0"]),
    ("alter_sync", &["0"]),
    ("replication_alter_partitions_sync", &["0"]),
    ("lightweight_deletes_sync", &["0"]),
    ("async_insert", &["1", "true"]),
    ("distributed_ddl_task_timeout", &["0"]),
];

/// Finds a statement that is told not to wait, by a directive or by a setting of its own.
fn not_waiting(wanted: &Resource, at: usize, sql: &str, value: &Value) -> Option<Finding> {
    let directive = |name: &str| value.get("settings")?.get(name)?.as_str().map(str::to_owned);
    let tokens = migrate::lex(sql).unwrap_or_default();
    let tokens: Vec<&str> =
        tokens.iter().filter(|token| !token.kind.is_trivia()).map(|token| token.text).collect();
    let inline = |name: &str| {
        let mut triples = tokens.windows(3);
        triples.find(|triple| triple[0] == name && triple[1] == "=").map(|triple| triple[2].to_owned())
    };
    let found = IMPATIENT.iter().find_map(|(name, values)| {
        let value = inline(name).or_else(|| directive(name))?;
        let value = value.trim_matches('\'').to_owned();
        values.contains(&value.as_str()).then_some((*name, value))
    });
    let (name, value) = found?;
    Some(
        Finding::new("CH430", Severity::Warning, Category::Tracking, "a migration is told not to wait for its work")
            .at(&wanted.addr)
            .compare("", format!("{name} = {value} at {}", statement(wanted, at, sql)))
            .help("the next statement, and the record that this one is done, may come before its work is; leave the setting out")
            .help("mutations are waited for all the same, by system.mutations"),
    )
}

/// Returns which statement is meant, with its beginning.
fn statement(wanted: &Resource, at: usize, sql: &str) -> String {
    let line: String = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(80).collect();
    let dots = if short.len() < line.len() { "…" } else { "" };
    format!("statement {} of {}: {short}{dots}", at + 1, wanted.text("path"))
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
