//! Appending to charter's own tables. Appends that come together go out together: one INSERT a
//! table at a time, and whatever arrives while it is under way is the next one. Each caller gets
//! the result of its own row, and gets it when the row is on the server.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::Retryable;
use serde_json::Value as Json;
use tokio::sync::oneshot;

use super::retry::{backoff, is_transient_insert};
use super::watch::Watcher;
use crate::backend::{Error, ErrorKind, Insert, Servers};
use crate::model::snapshot::Row;
use crate::model::watch::Watched;

/// How long the first of a group waits for others.
const WINDOW: Duration = Duration::from_millis(10);

/// Appends rows, in groups.
pub(super) struct Ledger<S> {
    servers: Arc<S>,
    run: String,
    lanes: Mutex<BTreeMap<&'static str, Arc<Lane>>>,
    inserts: AtomicUsize,
    watcher: Watcher,
}

/// What waits for one table.
#[derive(Default)]
struct Lane {
    waiting: Mutex<Vec<Waiting>>,
    /// Held by whoever inserts; fair, so that rows keep their order.
    turn: tokio::sync::Mutex<()>,
}

/// What was read for a row: what it says of the objects watched; null where none were.
pub(super) type Recorded = Json;

struct Waiting {
    row: Row,
    watched: Vec<Watched>,
    answer: oneshot::Sender<Result<Recorded, Error>>,
}

impl<S: Servers> Ledger<S> {
    /// Starts the ledger of a run.
    pub(super) fn new(servers: Arc<S>, run: &str) -> Self {
        Self {
            servers,
            run: run.to_owned(),
            lanes: Mutex::default(),
            inserts: AtomicUsize::new(0),
            watcher: Watcher::default(),
        }
    }

    /// Appends a row with what is there of the objects watched, and returns that when it is on the
    /// server. Failures that pass are waited out.
    pub(super) async fn append(
        &self,
        table: &'static str,
        row: Row,
        watched: Vec<Watched>,
    ) -> Result<Recorded, Error> {
        let lane = self.lane(table);
        let (answer, mut answered) = oneshot::channel();
        lane.lock_waiting().push(Waiting { row, watched, answer });
        let _turn = lane.turn.lock().await;
        if let Ok(result) = answered.try_recv() {
            return result;
        }
        tokio::time::sleep(WINDOW).await;
        let (rows, answers): (Vec<(Row, Vec<Watched>)>, Vec<_>) = std::mem::take(&mut *lane.lock_waiting())
            .into_iter()
            .map(|waiting| ((waiting.row, waiting.watched), waiting.answer))
            .unzip();
        let (recorded, result) = self.insert(table, rows).await;
        for (answer, recorded) in answers.into_iter().zip(recorded) {
            // Who no longer listens was stopped, and needs no answer.
            let _ = answer.send(result.clone().map(|()| recorded));
        }
        answered.try_recv().unwrap_or(result.map(|()| Recorded::Null))
    }

    fn insert(
        &self,
        table: &'static str,
        mut rows: Vec<(Row, Vec<Watched>)>,
    ) -> impl Future<Output = (Vec<Recorded>, Result<(), Error>)> + Send + '_ {
        let number = self.inserts.fetch_add(1, Ordering::Relaxed) + 1;
        let attempts = AtomicUsize::new(0);
        async move {
            let (id, comment) = (format!("{}-ledger-{number}", self.run), super::comment(&self.run, None));
            self.watcher.fill(&*self.servers, (&id, &comment), &mut rows).await;
            let rows: Vec<Row> = rows.into_iter().map(|(row, _)| row).collect();
            let recorded = rows.iter().map(|row| row.get(super::watch::COLUMN).cloned().unwrap_or_default());
            let recorded = recorded.collect();
            let attempt = || {
                let attempt = attempts.fetch_add(1, Ordering::Relaxed) + 1;
                self.servers.insert(Insert {
                    table,
                    rows: rows.clone(),
                    query_id: format!("{id}-{attempt}"),
                    comment: comment.clone(),
                })
            };
            let retried = attempt.retry(backoff()).sleep(tokio::time::sleep).when(is_transient_insert);
            (recorded, retried.await)
        }
    }

    fn lane(&self, table: &'static str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(table).or_default())
    }
}

impl Lane {
    fn lock_waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether a table, or a column that is yet to be added, is not there.
pub(super) fn is_not_there(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Missing | ErrorKind::Refused)
}
