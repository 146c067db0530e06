//! One step: its operations in their order, and a log of what was sent for it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::events::{Event, Progress, seconds};
use super::ledger::{Ledger, Recorded};
use super::slots::Slots;
use super::{Options, Run, kube, mutations, statement};
use crate::backend::{Error, ErrorKind, LoginVerdict, Servers};
use crate::model::op::{LedgerRow, Op, Part, Probe, Sql, Text};
use crate::model::plan::Step;
use crate::model::registry::TABLE;
use crate::model::snapshot::Row;
use crate::model::watch::Watched;

/// How often in a row it may be impossible to tell whether a login works.
const UNPROVED_LIMIT: usize = 3;

/// Why a step is not done.
#[derive(Debug)]
pub(super) struct Trouble {
    /// Whether nobody knows if it is.
    pub(super) unknown: bool,
    /// Why.
    pub(super) error: String,
    /// The query that it is about.
    pub(super) query_id: Option<String>,
    /// What to do, a line each.
    pub(super) help: Vec<String>,
    /// Whether a person must decide before this can go on.
    pub(super) decide: bool,
    /// Which statement of how many of the file; none where it is not about one.
    pub(super) statement: Option<(u64, u64)>,
}

impl Trouble {
    /// Returns a failure.
    pub(super) fn failed(error: impl Into<String>) -> Self {
        let (query_id, help, statement) = (None, Vec::new(), None);
        Self { unknown: false, error: error.into(), query_id, help, decide: false, statement }
    }

    /// Returns that nobody knows.
    pub(super) fn unknown(error: impl Into<String>) -> Self {
        Self { unknown: true, ..Self::failed(error) }
    }

    /// Adds the query that it is about.
    pub(super) fn query(mut self, query_id: &str) -> Self {
        self.query_id = Some(query_id.to_owned());
        self
    }

    /// Adds which statement of a file it is about.
    pub(super) fn of(mut self, sql: &Sql) -> Self {
        let row = sql.journal.as_ref().map(|journal| &journal.row);
        let number = |column: &str| row?.get(column)?.as_u64();
        self.statement = number("statement").zip(number("statements"));
        self
    }

    /// Adds what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds what to do about a kind of error.
    pub(super) fn help_for(self, kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Denied => self.help("give the user that runs it the rights that are named"),
            ErrorKind::Login => self.help("check the user and the password that log in"),
            ErrorKind::Unreachable => self.help("check that the server can be reached"),
            ErrorKind::Conflict => {
                self.help("it changed since the plan was made: `charter plan` shows how it is now")
            }
            ErrorKind::LockLost => {
                self.help("another run of the scope may be under way: `charter plan` shows how things are")
            }
            ErrorKind::Refused | ErrorKind::Unknown | ErrorKind::Missing => self,
        }
    }
}

/// What was sent for a step, kept outside of it so that it survives when the step is dropped.
#[derive(Default)]
pub(super) struct Log(Mutex<State>);

/// What is in a [`Log`].
#[derive(Default)]
pub(super) struct State {
    /// The queries, in their order.
    pub(super) query_ids: Vec<String>,
    /// The rows that they wrote.
    pub(super) written_rows: u64,
    /// Whether anything may have been changed, charter's own tables aside.
    pub(super) changed: bool,
    /// How many questions were asked about them.
    pub(super) questions: usize,
    /// The query that has no answer yet, and whether it is a migration's.
    pub(super) in_flight: Option<(String, bool)>,
}

impl Log {
    /// Returns what is in it.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds that a statement did its work.
    pub(super) fn wrote(&self, rows: u64) {
        let mut state = self.state();
        state.changed = true;
        state.written_rows += rows;
    }
}

/// What all steps of a run share.
pub(super) struct Cx<'a, S> {
    pub(super) servers: &'a S,
    pub(super) slots: &'a Slots,
    pub(super) ledger: &'a Ledger<S>,
    pub(super) run: &'a Run,
    pub(super) options: &'a Options,
    pub(super) events: &'a UnboundedSender<Event>,
}

impl<S> Cx<'_, S> {
    /// Says that something happened.
    pub(super) fn send(&self, event: Event) {
        // Nobody has to listen.
        let _ = self.events.send(event);
    }
}

/// A step under way.
pub(super) struct At<'a, S> {
    pub(super) cx: &'a Cx<'a, S>,
    pub(super) step: &'a Step,
    pub(super) log: &'a Log,
}

impl<S: Servers> At<'_, S> {
    /// Runs the operations.
    pub(super) async fn run(&self) -> Result<(), Trouble> {
        // What is counted are a migration's statements; the records beside them are charter's own.
        let is_statement = |op: &&Op| matches!(op, Op::Sql(sql) if sql.journal.is_some());
        let of = self.step.ops.iter().filter(is_statement).count();
        let mut number = 0;
        for (index, op) in self.step.ops.iter().enumerate() {
            let operations = self.step.ops.len();
            tracing::debug!(addr = %self.step.addr, operation = index + 1, operations, "operation begins");
            self.reach("operation", index + 1).await;
            if is_statement(&op) {
                number += 1;
                self.emit(Progress::Statement { number, of });
            }
            if let Err(trouble) = self.operation(op, number).await {
                self.withdraw(index, &trouble).await;
                return Err(trouble);
            }
        }
        self.reach("done", 1).await;
        Ok(())
    }

    async fn operation(&self, op: &Op, number: usize) -> Result<(), Trouble> {
        match op {
            Op::Sql(sql) => statement::run(self, sql, number).await.map_err(|trouble| trouble.of(sql)),
            Op::KubeApply(apply) => kube::apply(self, apply).await,
            Op::KubeDelete(delete) => kube::delete(self, delete).await,
            Op::Await(probe) => self.wait_for(probe).await,
            Op::AwaitMutations(wanted) => mutations::wait(self, wanted).await,
            Op::Ledger(row) => self.record(row).await,
        }
    }

    /// Takes back the claim right before a statement that was sent once and surely did nothing: what has
    /// the name later is somebody else's. Where that fails, the next plan looks at what is there.
    async fn withdraw(&self, failed: usize, trouble: &Trouble) {
        let at = |index: usize| self.step.ops.get(index);
        let before = failed.checked_sub(1).and_then(at);
        let (Some(Op::Ledger(claim)), Some(Op::Sql(_))) = (before, at(failed)) else { return };
        let is_claim = claim.table == TABLE && claim.row.get("status") == Some(&"claimed".into());
        let sent_once = {
            let state = self.log.state();
            !state.changed && state.query_ids.len() <= 1
        };
        if !is_claim || trouble.unknown || !sent_once {
            return;
        }
        let mut row = claim.clone().with("status", "removed").with("salt", "").with("fingerprint", "");
        row.row.retain(|column, _| !column.starts_with("credential_"));
        if let Err(unrecorded) = self.record(&row).await {
            tracing::warn!(addr = %self.step.addr, error = unrecorded.error, "the claim stays");
        }
    }

    /// Passes a point at which a test may have it end.
    #[cfg(debug_assertions)]
    pub(super) async fn reach(&self, point: &str, number: usize) {
        super::failpoint::reach(self, point, number).await;
    }

    /// Passes a point; nothing ends there but where tests are built.
    #[cfg(not(debug_assertions))]
    pub(super) fn reach(&self, _: &str, _: usize) -> std::future::Ready<()> {
        std::future::ready(())
    }

    /// Says how the step goes on.
    pub(super) fn emit(&self, progress: Progress) {
        self.cx.send(Event::Progress { step: self.step.into(), progress });
    }

    /// Says that something is tried again.
    pub(super) fn emit_retry(&self, attempt: usize, wait: Duration, error: &Error) {
        self.cx.send(Event::Retry { step: self.step.into(), attempt, wait, error: error.to_string() });
    }

    /// Returns the id of the step's next query and puts it into the log. Each attempt has its own:
    /// the server refuses an id that still runs, and its logs must not mix two.
    pub(super) fn next_query_id(&self) -> String {
        let mut state = self.log.state();
        let number = state.query_ids.len() + 1;
        let id = format!("{}-{}-{number}", self.cx.run.id, self.step.id);
        state.query_ids.push(id.clone());
        id
    }

    /// Returns the id of a question about one of the step's queries; not a query of the step.
    pub(super) fn next_question_id(&self) -> String {
        let mut state = self.log.state();
        state.questions += 1;
        format!("{}-{}-look-{}", self.cx.run.id, self.step.id, state.questions)
    }

    /// Returns what the server's logs say of the step's queries.
    pub(super) fn comment(&self) -> String {
        super::comment(&self.cx.run.id, Some(&self.step.addr))
    }

    /// Resolves a text.
    pub(super) async fn text(&self, text: &Text) -> Result<crate::model::Secret, Trouble> {
        self.cx.slots.text(self.cx.servers, text).await
    }

    /// Tries the login of a probe.
    pub(super) async fn try_login(&self, probe: &Probe) -> Result<LoginVerdict, Trouble> {
        let Probe::Login { user, slot } = probe;
        let part = self.cx.slots.part(self.cx.servers, slot, Part::Password);
        let password = part.await?;
        Ok(self.cx.servers.login(user, &password).await)
    }

    async fn wait_for(&self, probe: &Probe) -> Result<(), Trouble> {
        let Probe::Login { user, .. } = probe;
        let limit = self.cx.options.probe_limit;
        self.emit(Progress::Login { user: user.clone() });
        let begun = Instant::now();
        let mut wait = Duration::from_millis(100);
        let mut unproved = 0;
        loop {
            match self.try_login(probe).await? {
                LoginVerdict::Works => return Ok(()),
                LoginVerdict::Fails => unproved = 0,
                LoginVerdict::Unproved(why) => {
                    unproved += 1;
                    if unproved == UNPROVED_LIMIT {
                        return Err(Trouble::failed(format!(
                            "it cannot be told whether the login of {user:?} works: {why}"
                        )));
                    }
                }
            }
            if begun.elapsed() + wait > limit {
                return Err(Trouble::failed(format!(
                    "the login of {user:?} does not work after {}",
                    seconds(begun.elapsed())
                )));
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(2));
        }
    }

    async fn record(&self, row: &LedgerRow) -> Result<(), Trouble> {
        self.append(row.table, self.fill(row).await?, Vec::new()).await.map(|_| ())
    }

    /// Completes a row: with the run, and with what slots hold.
    pub(super) async fn fill(&self, ledger_row: &LedgerRow) -> Result<Row, Trouble> {
        let columns = ledger_row.row.iter();
        let mut row: Row = columns.map(|(k, v)| (k.clone(), v.clone())).collect();
        row.insert(ledger_row.run_column(), self.cx.run.id.as_str().into());
        let began = self.cx.run.started.as_second().to_string();
        row.extend(ledger_row.times.iter().map(|column| (column.clone(), began.as_str().into())));
        for (column, text) in &ledger_row.secret {
            if matches!(text, Text::Slot(_, Part::Password)) {
                return Err(Trouble::failed("a password cannot be recorded"));
            }
            let value = self.text(text).await?;
            row.insert(column.clone(), value.expose().into());
        }
        for (column, slot, part) in &ledger_row.fill {
            if *part == Part::Password {
                return Err(Trouble::failed("a password cannot be recorded"));
            }
            let secret = self.cx.slots.part(self.cx.servers, slot, *part).await?;
            row.insert(column.clone(), secret.expose().into());
        }
        Ok(row)
    }

    /// Appends to one of charter's tables, with what is there of the objects watched; returns that.
    pub(super) async fn append(
        &self,
        table: &'static str,
        row: Row,
        watched: Vec<Watched>,
    ) -> Result<Recorded, Trouble> {
        self.cx.ledger.append(table, row, watched).await.map_err(|error| {
            let trouble = Trouble::failed(format!("recording it in ops.{table} failed: {error}"));
            trouble.help_for(error.kind)
        })
    }
}
