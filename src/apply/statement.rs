//! One statement: skipped where it is not needed, recorded where it is a migration's, sent again
//! only where that is safe, and looked up on the server where its answer was lost.

use std::time::Duration;

use backon::BackoffBuilder;
use tokio::time::Instant;

use super::events::Progress;
use super::journal::Journal;
use super::lookup::{Evidence, look_up};
use super::mutations::Left;
use super::ops::{At, Trouble};
use super::retry::{backoff, is_transient, is_unknown, was_not_run};
use super::{ddl_queue, mutations};
use crate::backend::{Error, ErrorKind, LoginVerdict, Query, Servers};
use crate::model::op::{Login, Part, Probe, Sql, Text};

/// What became of a statement.
pub(super) enum End {
    /// It did its work.
    Done { written_rows: u64 },
    /// It did not do its work, or not all of it.
    Failed { error: String, kind: ErrorKind },
    /// Nobody knows.
    Unknown { error: String },
    /// It left mutations behind that are not done.
    Left(Left),
}

/// A query that was sent, and when.
pub(super) struct Sent {
    /// Its id.
    pub(super) query_id: String,
    /// When it was sent.
    pub(super) begun: Instant,
}

/// Runs a statement.
pub(super) async fn run<S: Servers>(at: &At<'_, S>, sql: &Sql) -> Result<(), Trouble> {
    let query = resolve(at, sql).await?;
    let journal = Journal::of(at, sql).await?;
    let mut waits = backoff().build();
    let mut attempt = 0;
    loop {
        attempt += 1;
        if let Some(probe) = &sql.unless
            && at.try_login(probe).await? == LoginVerdict::Works
        {
            let Probe::Login { user, .. } = probe;
            at.emit(Progress::NotNeeded { user: user.clone() });
            return Ok(());
        }
        let (sent, answer) = send(at, &query, &journal).await?;
        let error = match answer {
            Ok(written_rows) => {
                let end = mutations::after(at, sql, &sent).await.end(End::Done { written_rows }, true);
                return finish(at, &journal, &sent, end).await;
            }
            Err(error) => error,
        };
        let again = if journal.is_kept() { was_not_run(&error) } else { is_transient(&error) };
        match waits.next() {
            Some(wait) if again => {
                at.emit_retry(attempt, wait, &error);
                tokio::time::sleep(wait).await;
            }
            _ => {
                let end = end(at, sql, &sent, error).await;
                return finish(at, &journal, &sent, end).await;
            }
        }
    }
}

/// Resolves everything but the query's id.
async fn resolve<S: Servers>(at: &At<'_, S>, sql: &Sql) -> Result<Query, Trouble> {
    let mut params = Vec::with_capacity(sql.params.len());
    for (name, text) in &sql.params {
        params.push((name.clone(), at.text(text).await?));
    }
    let login = match &sql.login {
        Login::Charter => None,
        Login::User { name, slot } => {
            let password = Text::Slot(slot.clone(), Part::Password);
            Some((name.clone(), at.text(&password).await?))
        }
    };
    Ok(Query {
        statement: sql.statement.clone(),
        params,
        sensitive: bears_secrets(sql),
        login,
        database: sql.database.clone(),
        settings: sql.settings.clone(),
        query_id: String::new(),
        comment: at.comment(),
    })
}

/// Records that a statement runs, and runs it once.
async fn send<S: Servers>(
    at: &At<'_, S>,
    query: &Query,
    journal: &Journal<'_, S>,
) -> Result<(Sent, Result<u64, Error>), Trouble> {
    let query = Query { query_id: at.next_query_id(), ..query.clone() };
    let query_id = query.query_id.clone();
    journal.started(&query_id).await?;
    at.log.state().in_flight = Some((query_id.clone(), journal.is_kept()));
    tracing::debug!(query_id, addr = %at.step.addr, "sending a statement");
    let begun = Instant::now();
    let answer = at.cx.servers.execute(query).await;
    at.log.state().in_flight = None;
    let answer = answer.map(|stats| stats.written_rows);
    Ok((Sent { query_id, begun }, answer))
}

/// Finds out how a statement ended that was answered with an error, or not at all. What it began
/// may go on: mutations, or work on other hosts.
async fn end<S: Servers>(at: &At<'_, S>, sql: &Sql, sent: &Sent, error: Error) -> End {
    if !is_unknown(&error) {
        return settle(at, sql, &sent.query_id, error).await;
    }
    let answered = error.code.is_some();
    if let Some(entry) = ddl_queue::entry(&error) {
        return ddl_queue::follow(at, entry, &error).await;
    }
    let followed = mutations::after(at, sql, sent).await;
    let ours = answered || followed.is_of(at, sql).await;
    let end = settle(at, sql, &sent.query_id, error).await;
    followed.end(end, ours)
}

/// Finds out what an error means: where the answer was lost, by asking the server.
async fn settle<S: Servers>(at: &At<'_, S>, sql: &Sql, query_id: &str, error: Error) -> End {
    if !is_unknown(&error) {
        return End::Failed { error: error.message, kind: error.kind };
    }
    if error.code.is_some() {
        // The server answered that it does not know (UNFINISHED, UNKNOWN_STATUS_OF_INSERT), or that
        // its time was up: what it began goes on, and its own log calls that a failure.
        return End::Unknown { error: error.message };
    }
    at.log.state().in_flight = Some((query_id.to_owned(), sql.journal.is_some()));
    at.emit(Progress::LookingUp { query_id: query_id.to_owned() });
    let evidence = look_up(at, query_id, bears_secrets(sql)).await;
    at.log.state().in_flight = None;
    match evidence {
        Evidence::Finished { written_rows } => End::Done { written_rows },
        Evidence::Failed { error } => End::Failed { error, kind: ErrorKind::Refused },
        Evidence::None { why } => End::Unknown { error: format!("{}; {why}", error.message) },
    }
}

fn bears_secrets(sql: &Sql) -> bool {
    sql.params.iter().any(|(_, text)| !matches!(text, Text::Plain(_)))
}

/// Records how a statement ended.
async fn finish<S: Servers>(
    at: &At<'_, S>,
    journal: &Journal<'_, S>,
    sent: &Sent,
    end: End,
) -> Result<(), Trouble> {
    let took = sent.begun.elapsed();
    match end {
        End::Done { written_rows } => {
            at.log.wrote(written_rows);
            done(journal, sent, took).await
        }
        End::Failed { error, kind } => {
            // A migration's statement may have done some of its work.
            at.log.state().changed |= journal.is_kept() && kind != ErrorKind::Unreachable;
            let recorded = journal.failed(&sent.query_id, took, &error).await;
            let trouble = Trouble::failed(error).query(&sent.query_id).help_for(kind);
            Err(match recorded {
                Ok(()) if journal.is_kept() => trouble.help(
                    "the statements before it are recorded as applied; the next apply goes on with this one",
                ),
                Ok(()) => trouble,
                Err(unrecorded) => trouble.help(unrecorded.error),
            })
        }
        End::Unknown { error } => {
            at.log.state().changed = true;
            Err(unknown(journal, sent, error))
        }
        End::Left(left) => {
            at.log.state().changed = true;
            let recorded = journal.left(&sent.query_id, took, &left).await;
            let trouble = left.trouble().query(&sent.query_id);
            Err(match recorded {
                Ok(()) => trouble,
                Err(unrecorded) => trouble.help(unrecorded.error),
            })
        }
    }
}

async fn done<S: Servers>(journal: &Journal<'_, S>, sent: &Sent, took: Duration) -> Result<(), Trouble> {
    let recorded = journal.applied(&sent.query_id, took).await;
    recorded.map_err(|unrecorded| {
        let error = format!("the statement was run, but {}", unrecorded.error);
        unknown(journal, sent, error)
    })
}

fn unknown<S: Servers>(journal: &Journal<'_, S>, sent: &Sent, error: String) -> Trouble {
    let trouble = Trouble::unknown(error).query(&sent.query_id);
    if journal.is_kept() {
        let decide = trouble.help(
            "find out whether the statement did its work; the next plan says how to record what you found",
        );
        Trouble { decide: true, ..decide }
    } else {
        trouble.help("run `charter apply` again: it reads how things are")
    }
}
