//! Statements that were started and whose end was never recorded: what is looked at before each
//! ([`watch`]), what is read when one is found ([`reads`]), and what follows ([`settle`]).
//!
//! Order matters: whether the query still runs is read before its tables are. What ended by then
//! cannot change them after they were looked at.

mod alter;
mod case;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use case::{Case, Logged, Mutation, Running};
pub use verdict::Verdict;

use super::ledger::{self, EVENTS};
use crate::kinds::World;
use crate::migrate::analyze::{Analysis, Replay, Role, Verb};
use crate::migrate::analyze_sql;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::{Read, Row, number, text};
use crate::model::watch::{self, Depth, Facts, Watched};
use crate::model::{Resource, Snapshot, Value, sql};

const PROCESSES: &str = "unknown_processes";
const LOG: &str = "unknown_log";
const DEFINITIONS: &str = "unknown_definitions";
const DATA: &str = "unknown_data";
const MUTATIONS: &str = "unknown_mutations";

/// Returns what is to be looked at before a statement: what it changes, where doing it twice could
/// matter. What may be repeated is repeated.
pub fn watch(statement: &str, current: &str) -> Vec<Watched> {
    let analysis = analyze_sql(statement).unwrap_or_default();
    if analysis.replay == Replay::Idempotent || analysis.flags.temporary {
        return Vec::new();
    }
    let columns = columns(&analysis, statement);
    let changed = analysis.objects.iter().filter(|object| object.role != Role::Reads);
    let keys: BTreeSet<_> = changed.filter_map(|object| case::key(object, current)).collect();
    keys.into_iter()
        .map(|(database, name)| {
            let columns = if name.is_empty() { Vec::new() } else { columns.clone() };
            Watched { database, name, columns }
        })
        .collect()
}

/// Returns the columns that a statement is about.
fn columns(analysis: &Analysis, statement: &str) -> Vec<String> {
    let created = case::columns_of_create(analysis, statement).unwrap_or_default();
    let created = created.into_iter().map(str::to_owned);
    let altered = analysis.alters.iter().filter(|command| command.action.contains("COLUMN"));
    let altered = altered.flat_map(|command| [command.target.clone(), command.renamed_to.clone()]).flatten();
    let all: BTreeSet<String> = created.chain(altered).collect();
    all.into_iter().collect()
}

/// Returns what is read where statements of wanted files have no end, in this order.
pub fn reads(wanted: &[&Resource], snapshot: &Snapshot) -> Vec<Read> {
    let identities: BTreeSet<&str> = wanted.iter().map(|resource| resource.identity.as_str()).collect();
    let started: Vec<&Row> = snapshot
        .rows(EVENTS)
        .iter()
        .filter(|row| is_open(row) && identities.contains(&*ledger::identity(row)))
        .collect();
    let Some(oldest) = started.iter().map(|row| text(row, "at")).min() else { return Vec::new() };
    let ids: Vec<String> = started.iter().map(|row| sql::literal(text(row, "query_id"))).collect();
    let ids = ids.join(", ");
    let read = |name, statement| Read::Sql { name, statement };
    let mut reads = vec![read(
        PROCESSES,
        format!(
            "SELECT query_id, toUInt64(elapsed) AS elapsed FROM system.processes WHERE query_id IN ({ids})"
        ),
    )];
    if snapshot.caps.has_table("system.query_log") {
        let day = sql::literal(oldest.get(..10).unwrap_or("1970-01-01"));
        reads.push(read(
            LOG,
            format!(
                "SELECT query_id, toString(type) AS type, written_rows, exception FROM system.query_log \
                 WHERE event_date >= toDate({day}) - 1 AND query_id IN ({ids}) \
                 ORDER BY event_time_microseconds DESC, type DESC LIMIT 1 BY query_id"
            ),
        ));
    }
    let watched: BTreeSet<Watched> =
        started.iter().filter_map(|row| before(row)).flat_map(|facts| facts.watched).collect();
    if !watched.is_empty() {
        reads.push(read(DEFINITIONS, watch::statement(&watched, Depth::Definitions)));
    }
    let tables: BTreeSet<&Watched> = watched.iter().filter(|one| !one.name.is_empty()).collect();
    if !tables.is_empty() {
        reads.push(read(DATA, watch::statement(tables.iter().copied(), Depth::Data)));
        reads.push(read(MUTATIONS, watch::mutations(tables)));
    }
    reads
}

/// Returns whether a statement has no end, or one that may have left a part of its work behind.
fn is_open(row: &Row) -> bool {
    match text(row, "status") {
        "started" => true,
        "failed" => !text(row, "before_facts").is_empty(),
        _ => false,
    }
}

/// Returns what was recorded with a start; none where nothing was.
fn before(row: &Row) -> Option<Facts> {
    serde_json::from_str(text(row, "before_facts")).ok()
}

/// A statement of a file that was started, and nothing after it.
pub struct Started<'a> {
    /// The file.
    pub wanted: &'a Resource,
    /// The statement.
    pub statement: &'a Value,
    /// Its index.
    pub at: usize,
    /// Whether it is the one that was started.
    pub same: bool,
}

/// What is known of it, and what it was called.
pub struct Settled {
    /// Whether it did its work.
    pub verdict: Verdict,
    /// The id of its query.
    pub query_id: String,
    /// When it was started.
    pub when: String,
    /// What the verdict rests on, a line each.
    evidence: Vec<String>,
}

/// Decides what became of a statement.
pub fn settle(started: &Started, world: &World) -> Settled {
    let nothing = Row::new();
    let row = row_of(started, world).unwrap_or(&nothing);
    let case = case_of(started, row, world);
    Settled {
        verdict: verdict::decide(&case),
        query_id: text(row, "query_id").to_owned(),
        when: text(row, "at").to_owned(),
        evidence: case.evidence(),
    }
}

/// Returns what there is to ask of an `INSERT` that failed: one that wrote a part of its rows must not
/// be run again as it is. None where it wrote nothing, and where that was never looked at.
pub fn half_done(started: &Started, world: &World) -> Option<Finding> {
    let row = row_of(started, world).filter(|row| started.same && is_open(row))?;
    let inserts = started.statement.get("sql").and_then(Value::as_str).and_then(|sql| analyze_sql(sql).ok());
    if inserts?.verb != Verb::Insert {
        return None;
    }
    let settled = settle(started, world);
    let Verdict::Ask(why) = &settled.verdict else { return None };
    let finding = Finding::new(
        "CH417",
        Severity::Decision,
        Category::Tracking,
        "an INSERT that failed may have written a part of its rows",
    )
    .at(&started.wanted.addr)
    .compare(
        format!("statement {} of {} without an error", started.at + 1, started.wanted.text("path")),
        format!("failed {} with query id {}: {}", settled.when, settled.query_id, text(row, "error")),
    )
    .help(format!("why: {why}"));
    Some(settled.ask(finding, started))
}

fn row_of<'a>(started: &Started, world: &'a World) -> Option<&'a Row> {
    let mut rows =
        world.snapshot.rows(EVENTS).iter().filter(|row| ledger::identity(row) == started.wanted.identity);
    rows.find(|row| number(row, "statement") == started.at as u64 + 1)
}

fn case_of(started: &Started, row: &Row, world: &World) -> Case {
    let statement = started.statement.get("sql").and_then(Value::as_str).unwrap_or_default();
    let query_id = text(row, "query_id");
    let before = before(row);
    Case {
        sql: statement.to_owned(),
        analysis: analyze_sql(statement).unwrap_or_default(),
        database: started.wanted.text("database").to_owned(),
        edited: !started.same,
        now: before.as_ref().and_then(|before| now(&before.watched, world.snapshot)),
        before,
        running: running(query_id, world.snapshot),
        logged: logged(query_id, world.snapshot),
        mutations: world.snapshot.rows.get(MUTATIONS).map(|rows| rows.iter().map(mutation).collect()),
    }
}

/// Returns what there is now of the same objects; none where not even definitions could be read.
fn now(watched: &[Watched], snapshot: &Snapshot) -> Option<Facts> {
    let mut rows = snapshot.rows.get(DEFINITIONS)?.clone();
    rows.extend_from_slice(snapshot.rows(DATA));
    let tables = watched.iter().any(|one| !one.name.is_empty());
    let unread = if tables && !snapshot.rows.contains_key(DATA) {
        "charter's user may not read system.parts and system.mutations".to_owned()
    } else {
        String::new()
    };
    Some(Facts { unread, ..Facts::of(watched, &rows) })
}

fn running(query_id: &str, snapshot: &Snapshot) -> Running {
    match snapshot.rows.get(PROCESSES) {
        None => Running::Unread,
        Some(rows) => match rows.iter().find(|row| text(row, "query_id") == query_id) {
            Some(row) => Running::Yes { elapsed: number(row, "elapsed") },
            None => Running::No,
        },
    }
}

fn logged(query_id: &str, snapshot: &Snapshot) -> Logged {
    let Some(rows) = snapshot.rows.get(LOG) else { return Logged::Unread };
    let Some(row) = rows.iter().find(|row| text(row, "query_id") == query_id) else { return Logged::Nothing };
    let error = text(row, "exception").to_owned();
    match text(row, "type") {
        "QueryFinish" => Logged::Finished { rows: number(row, "written_rows") },
        "ExceptionBeforeStart" => Logged::Refused { error },
        "ExceptionWhileProcessing" => Logged::Failed { error },
        _ => Logged::Begun,
    }
}

fn mutation(row: &Row) -> Mutation {
    Mutation {
        database: text(row, "database").to_owned(),
        table: text(row, "table").to_owned(),
        number: number(row, "number"),
        command: text(row, "command").to_owned(),
        done: number(row, "is_done") == 1,
        failure: text(row, "latest_fail_reason").to_owned(),
    }
}

impl Settled {
    /// Returns the finding of a statement that cannot be decided.
    pub fn finding(&self, started: &Started) -> Finding {
        let statement = started.at + 1;
        let Self { query_id, when, .. } = self;
        let (code, severity, summary, why) = match &self.verdict {
            Verdict::Runs(why) => {
                ("CH416", Severity::Error, "a statement of an earlier run is still at work", why)
            }
            Verdict::Ask(why) | Verdict::Done(why) | Verdict::NotDone(why) => {
                ("CH414", Severity::Decision, "nobody knows whether a statement was run", why)
            }
        };
        let finding = Finding::new(code, severity, Category::Tracking, summary)
            .at(&started.wanted.addr)
            .compare(
                format!("an end of statement {statement} of {}", started.wanted.text("path")),
                format!("started {when} with query id {query_id}, and nothing after it"),
            )
            .help(format!("why: {why}"));
        if code == "CH416" {
            return finding.help("wait until it is over, and plan again: what it did is seen then");
        }
        self.ask(finding, started)
    }

    /// Completes a question with the evidence and the ways out.
    fn ask(&self, finding: Finding, started: &Started) -> Finding {
        let finding =
            self.evidence.iter().fold(finding, |finding, line| finding.help(format!("evidence: {line}")));
        ways_out(finding, started.wanted, started.at)
    }
}

/// Adds the three ways in which a person decides about a statement, given by its index.
pub fn ways_out(finding: Finding, wanted: &Resource, at: usize) -> Finding {
    let addr = wanted.addr.to_string().replace('\'', r"'\''");
    let repair = format!("charter migrate repair '{addr}' --statement {}", at + 1);
    finding
        .help(format!("it did its work: {repair} --applied --reason \"…\""))
        .help(format!("it did nothing, or that was undone: {repair} --retry --reason \"…\""))
        .help(format!("it is to be left out: {repair} --skip --reason \"…\""))
}
