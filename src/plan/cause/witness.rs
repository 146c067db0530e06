//! Who moved the server, and when: charter's own records of its runs say who applied last, and
//! `system.query_log` who ran a statement that names the object since. Asked only where a server moved,
//! in two queries at most; what is not there or may not be read is left out.
//!
//! Of a logged statement its kind, user, id and time are read and never its text: that may hold a
//! password. Source: <https://clickhouse.com/docs/operations/system-tables/query_log>.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::Kinds;
use crate::model::cause::Trace;
use crate::model::snapshot::{Caps, Read, Row, text, texts};
use crate::model::{Cause, Plan, sql};

/// The name of the read of charter's runs.
pub const RUNS: &str = "cause_runs";
/// The name of the read of the query log.
pub const LOG: &str = "cause_log";

/// The table in which ClickHouse keeps who ran which statement.
pub const LOG_TABLE: &str = "system.query_log";

/// The most runs, and the most names, that are asked about.
const ASKED: usize = 500;
/// The most statements that are read.
const READ: usize = 1000;
/// The most statements that are told of one object: the newest.
const TOLD: usize = 3;
/// How long the query log is searched, in seconds.
const SECONDS: u8 = 10;

/// The log's columns that are read.
const COLUMNS: [&str; 7] = ["type", "event_date", "event_time", "query_kind", "query", "query_id", "user"];

/// An object that was changed on the server.
pub struct Suspect<'a> {
    /// The names by which statements call it; none of what is not ClickHouse's.
    pub names: Vec<String>,
    /// Why something happens to it.
    pub cause: &'a Cause,
}

/// Returns the objects that a plan's steps find changed on the server.
pub fn suspects<'a>(plan: &'a Plan, kinds: &Kinds) -> Vec<Suspect<'a>> {
    let moved = plan.steps.iter().filter(|step| step.cause.moved.by_server());
    moved
        .map(|step| {
            let kind = kinds.get(&step.kind);
            let names =
                kind.map(|kind| kind.statement_names(&step.identity, &step.cause)).unwrap_or_default();
            Suspect { names, cause: &step.cause }
        })
        .collect()
}

/// Returns what to read about objects that were changed on the server; nothing where none were.
pub fn asks(suspects: &[Suspect], caps: &Caps) -> Vec<Read> {
    [runs(suspects, caps), log(suspects, caps)].into_iter().flatten().collect()
}

fn runs(suspects: &[Suspect], caps: &Caps) -> Option<Read> {
    let since = suspects.iter().filter_map(|suspect| suspect.cause.since.as_ref());
    let runs: BTreeSet<&str> = since.map(|since| since.run.as_str()).filter(|run| !run.is_empty()).collect();
    if runs.is_empty() || !caps.has_column("ops.charter_runs", "actor") {
        return None;
    }
    let runs: Vec<String> = runs.into_iter().take(ASKED).map(sql::literal).collect();
    let statement = format!(
        "SELECT run_id, max(actor) AS actor FROM ops.charter_runs WHERE run_id IN ({}) GROUP BY run_id",
        runs.join(", ")
    );
    Some(Read::Sql { name: RUNS, statement })
}

fn log(suspects: &[Suspect], caps: &Caps) -> Option<Read> {
    let known = suspects.iter().filter_map(|suspect| {
        let at = since(suspect.cause)?;
        (!suspect.names.is_empty()).then_some((at, &suspect.names))
    });
    let known: Vec<(&str, &Vec<String>)> = known.collect();
    let first = known.iter().map(|(at, _)| *at).min()?;
    if !COLUMNS.iter().all(|column| caps.has_column(LOG_TABLE, column)) {
        return None;
    }
    let names: BTreeSet<&str> =
        known.iter().flat_map(|(_, names)| names.iter().map(String::as_str)).collect();
    // Words are found whole, so that `acme` is not found in `acme_eu`.
    let is_word = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let (words, others): (Vec<&str>, Vec<&str>) = names.into_iter().take(ASKED).partition(is_word);
    let array = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| sql::literal(name)).collect();
        format!("CAST([{}] AS Array(String))", names.join(", "))
    };
    let first = sql::literal(first);
    let statement = format!(
        "SELECT toString(user) AS user, query_id, toString(query_kind) AS kind, \
         toString(toTimeZone(event_time, 'UTC')) AS at, \
         arrayConcat(arrayIntersect(splitByRegexp('[^A-Za-z0-9_]+', query), {}), \
         arrayFilter(name -> position(query, name) > 0, {})) AS names \
         FROM system.query_log \
         WHERE event_date >= toDate({first}) - 1 AND event_time >= toDateTime({first}, 'UTC') \
         AND type = 'QueryFinish' AND NOT startsWith(query_id, 'charter-') \
         AND query_kind IN ('Create', 'Alter', 'Drop', 'Undrop', 'Rename', 'Grant', 'Revoke', 'Move', 'Restore') \
         AND notEmpty(names) ORDER BY event_time DESC LIMIT {READ} SETTINGS max_execution_time = {SECONDS}",
        array(&words),
        array(&others)
    );
    Some(Read::Sql { name: LOG, statement })
}

/// Returns when an object was last applied, to the second.
fn since(cause: &Cause) -> Option<&str> {
    cause.since.as_ref()?.at.get(..19)
}

/// Adds what the answers tell to the causes of a plan.
pub fn explain(plan: &mut Plan, kinds: &Kinds, rows: &BTreeMap<&'static str, Vec<Row>>) {
    let told = |name: &str| rows.get(name).map_or(&[][..], Vec::as_slice);
    for step in plan.steps.iter_mut().filter(|step| step.cause.moved.by_server()) {
        let kind = kinds.get(&step.kind);
        let names = kind.map(|kind| kind.statement_names(&step.identity, &step.cause)).unwrap_or_default();
        tell(&mut step.cause, &names, told(RUNS), told(LOG));
    }
}

/// Adds what rows of both reads tell of one object.
pub fn tell(cause: &mut Cause, names: &[String], runs: &[Row], log: &[Row]) {
    if let Some(since) = &mut cause.since {
        let run = runs.iter().find(|row| text(row, "run_id") == since.run);
        since.by = run.map(|row| text(row, "actor").to_owned()).unwrap_or_default();
    }
    let Some(first) = since(cause).map(str::to_owned) else { return };
    let is_meant = |row: &&Row| {
        text(row, "at") >= first.as_str() && texts(row, "names").iter().any(|name| names.contains(name))
    };
    let traces = log.iter().filter(is_meant).take(TOLD).map(|row| Trace {
        what: text(row, "kind").to_uppercase(),
        by: text(row, "user").to_owned(),
        at: text(row, "at").to_owned(),
        source: LOG_TABLE.into(),
        query_id: text(row, "query_id").to_owned(),
    });
    cause.traces.extend(traces);
}

#[cfg(test)]
#[path = "witness_tests.rs"]
mod tests;
