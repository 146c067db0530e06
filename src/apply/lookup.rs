//! What became of a query whose answer was lost: `system.processes` says whether it still runs,
//! `system.query_log` how it ended. Where neither knows it, nobody does.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::ops::At;
use crate::backend::{ErrorKind, Query, Servers};
use crate::model::Secret;
use crate::model::snapshot::{Row, number, text};

/// How long the log is asked: the server writes it every 7.5 seconds
/// (`flush_interval_milliseconds`), and not every user may make it write at once.
const LOG_LIMIT: Duration = Duration::from_secs(20);

const RUNNING: &str = "SELECT count() AS running FROM system.processes WHERE query_id = {query_id:String}";

const FLUSH: &str = "SYSTEM FLUSH LOGS";

/// The id's last event. Today's and yesterday's partitions hold it: the query has just been sent.
const ENDED: &str = "SELECT toString(type) AS type, written_rows, exception_code, exception \
    FROM system.query_log \
    WHERE event_date >= today() - 1 AND query_id = {query_id:String} AND type != 'QueryStart' \
    ORDER BY event_time_microseconds DESC LIMIT 1";

/// What the server knows of a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// It did its work.
    Finished {
        /// The rows that it wrote.
        written_rows: u64,
    },
    /// It did not do its work, or not all of it.
    Failed {
        /// Why.
        error: String,
    },
    /// Nothing.
    None {
        /// What was asked in vain.
        why: String,
    },
}

/// Asks what became of a query. `secret` says that its exception must not be repeated.
pub(super) async fn look_up<S: Servers>(at: &At<'_, S>, query_id: &str, secret: bool) -> Evidence {
    let deadline = Instant::now() + at.cx.options.lookup_limit;
    if let Err(why) = wait_while_running(at, query_id, deadline).await {
        return Evidence::None { why };
    }
    let flush = ask(at, query_id, FLUSH).await;
    let deadline = Instant::now() + LOG_LIMIT;
    loop {
        let why = match ask(at, query_id, ENDED).await {
            Ok(rows) => match rows.first() {
                Some(row) => return read(row, secret),
                None => "the query is not in system.query_log".to_owned(),
            },
            Err(error) if matches!(error.kind, ErrorKind::Missing | ErrorKind::Denied) => {
                return Evidence::None { why: format!("system.query_log cannot be read: {error}") };
            }
            Err(error) => format!("system.query_log cannot be read: {error}"),
        };
        if Instant::now() >= deadline {
            tracing::debug!(query_id, flushed = flush.is_ok(), "no trace of the query");
            return Evidence::None { why };
        }
        sleep(Duration::from_secs(2)).await;
    }
}

/// Waits until a query is over; says why, where that is not known in time.
async fn wait_while_running<S: Servers>(
    at: &At<'_, S>,
    query_id: &str,
    deadline: Instant,
) -> Result<(), String> {
    let mut wait = Duration::from_millis(500);
    loop {
        let why = match ask(at, query_id, RUNNING).await {
            Ok(rows) if rows.first().is_some_and(|row| number(row, "running") == 0) => {
                return Ok(());
            }
            Ok(_) => "the query still runs".to_owned(),
            Err(error) => format!("the server does not say whether it still runs: {error}"),
        };
        if Instant::now() + wait > deadline {
            return Err(why);
        }
        sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

async fn ask<S: Servers>(
    at: &At<'_, S>,
    query_id: &str,
    statement: &str,
) -> Result<Vec<Row>, crate::backend::Error> {
    let query = Query {
        params: vec![("query_id".into(), Secret::new(query_id))],
        query_id: at.next_question_id(),
        comment: at.comment(),
        ..Query::new(statement)
    };
    if statement == FLUSH {
        at.cx.servers.execute(query).await.map(|_| Vec::new())
    } else {
        at.cx.servers.rows(query).await
    }
}

fn read(row: &Row, secret: bool) -> Evidence {
    if text(row, "type") == "QueryFinish" {
        return Evidence::Finished { written_rows: number(row, "written_rows") };
    }
    let error = if secret {
        format!("the server answered with code {}", number(row, "exception_code"))
    } else {
        text(row, "exception").to_owned()
    };
    Evidence::Failed { error }
}
