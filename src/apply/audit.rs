//! Who did what: rows of `ops.charter_runs` and `ops.charter_steps`.
//!
//! The audit goes beside the run and never holds it up. Until the tables are there (a step of the
//! plan may create them) rows are held back; what cannot be written by the end is a warning.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout, timeout_at};

use super::Run;
use super::ledger::is_not_there;
use super::ops::Log;
use super::report::Report;
use super::retry::is_transient_insert;
use crate::backend::{Error, Insert, Servers};
use crate::model::ledger::{RUNS, STEPS};
use crate::model::plan::{Plan, Step};
use crate::model::snapshot::Row;

/// How long the end of a run may wait for the audit.
const LAST_CALL: Duration = Duration::from_secs(10);

/// How often rows are written: each insert costs the server what a statement costs it.
const PACE: Duration = Duration::from_millis(250);

/// How many rows are taken at once.
const BATCH: usize = 512;

/// The tables, in the order in which they are written.
const TABLES: [&str; 2] = [RUNS, STEPS];

type Record = (&'static str, Row);

/// The end that steps report to. The writer ends when it is dropped.
pub(super) struct Audit {
    sender: UnboundedSender<Record>,
    run: Row,
    scope: String,
}

/// The end that writes.
pub(super) struct Writer<S> {
    servers: Arc<S>,
    run: String,
    receiver: UnboundedReceiver<Record>,
    held: [Vec<Row>; 2],
    inserts: usize,
}

/// Starts the audit of a run.
pub(super) fn start<S: Servers>(servers: Arc<S>, plan: &Plan, run: &Run) -> (Audit, Writer<S>) {
    let (sender, receiver) = unbounded_channel();
    let audit = Audit { sender, run: run_row(plan, run), scope: plan.scope.clone() };
    audit.record_run(json!({"event": "started"}));
    let writer = Writer { servers, run: run.id.clone(), receiver, held: Default::default(), inserts: 0 };
    (audit, writer)
}

fn run_row(plan: &Plan, run: &Run) -> Row {
    let mut row = row(json!({
        "run_id": run.id,
        "scope": plan.scope,
        "environment": plan.environment,
        "actor": run.actor,
        "host": run.host,
        "purpose": run.purpose,
        "git_revision": run.git_revision,
        "plan_digest": plan.digest(),
        "charter_version": env!("CARGO_PKG_VERSION"),
    }));
    if !run.plan.is_empty() {
        row.insert("plan_id".to_owned(), run.plan.as_str().into());
    }
    row
}

impl Audit {
    /// Records how a step ended.
    pub(super) fn step(&self, step: &Step, log: &Log, outcome: &str, error: &str, elapsed: Duration) {
        let state = log.state();
        self.record(
            STEPS,
            json!({
                "run_id": self.run.get("run_id"),
                "scope": self.scope,
                "step": step.id,
                "address": step.addr,
                "kind": step.kind,
                "action": super::events::verb(step.action).word,
                "outcome": outcome,
                "query_ids": state.query_ids,
                "written_rows": state.written_rows,
                "duration_ms": millis(elapsed),
                "error": super::cut(error),
            }),
        );
    }

    /// Records how the run ended.
    pub(super) fn finished(&self, report: &Report) {
        self.record_run(json!({
            "event": "finished",
            "outcome": report.outcome().word(),
            "done": report.done.len(),
            "failed": report.failed.len(),
            "unknown": report.unknown.len(),
            "not_started": report.not_started.len(),
            "duration_ms": millis(report.duration),
        }));
    }

    fn record_run(&self, more: Json) {
        let mut whole = self.run.clone();
        whole.extend(row(more));
        self.send(RUNS, whole);
    }

    fn record(&self, table: &'static str, content: Json) {
        self.send(table, row(content));
    }

    fn send(&self, table: &'static str, row: Row) {
        // The writer outlives every sender: it ends when the last one is dropped.
        let _ = self.sender.send((table, row));
    }
}

impl<S: Servers> Writer<S> {
    /// Writes until the run is over, and returns what could not be written, if anything.
    pub(super) async fn write(mut self) -> Option<String> {
        let mut worth_trying = true;
        let (mut next, mut fresh) = (Instant::now(), false);
        loop {
            let mut records = Vec::new();
            let received = self.receiver.recv_many(&mut records, BATCH);
            match if fresh && worth_trying { timeout_at(next, received).await } else { Ok(received.await) } {
                Ok(0) => return self.last_call().await,
                Ok(_) => {
                    fresh = true;
                    for (table, row) in records {
                        self.held[usize::from(table != RUNS)].push(row);
                    }
                }
                Err(_) => {
                    worth_trying = self.try_flush().await;
                    (next, fresh) = (Instant::now() + PACE, false);
                }
            }
        }
    }

    /// Writes what is held back, and returns whether it is worth trying again before the end:
    /// tables come to be when a step is done, other failures last.
    async fn try_flush(&mut self) -> bool {
        match timeout(LAST_CALL, self.flush()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => is_not_there(&error),
            Err(_) => false,
        }
    }

    async fn last_call(&mut self) -> Option<String> {
        let deadline = Instant::now() + LAST_CALL;
        let mut wait = Duration::from_millis(500);
        loop {
            let (error, passes) = match timeout_at(deadline, self.flush()).await {
                Ok(Ok(())) => return None,
                Ok(Err(error)) => (error.to_string(), is_transient_insert(&error)),
                Err(_) => ("no answer in time".to_owned(), false),
            };
            if !passes || Instant::now() + wait >= deadline {
                let rows: usize = self.held.iter().map(Vec::len).sum();
                let rows = super::events::plural(rows, "row");
                return Some(format!("{rows} of the audit could not be written: {error}"));
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }

    /// Writes what is held back. Rows leave it only when they are on the server.
    async fn flush(&mut self) -> Result<(), Error> {
        for (index, table) in TABLES.into_iter().enumerate() {
            if self.held[index].is_empty() {
                continue;
            }
            self.inserts += 1;
            let insert = Insert {
                table,
                rows: self.held[index].clone(),
                query_id: format!("{}-audit-{}", self.run, self.inserts),
                comment: super::comment(&self.run, None),
            };
            self.servers.insert(insert).await?;
            self.held[index].clear();
        }
        Ok(())
    }
}

fn row(content: Json) -> Row {
    match content {
        Json::Object(row) => row,
        _ => Row::new(),
    }
}

/// Returns whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
