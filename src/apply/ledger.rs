//! Appending to charter's own tables. Appends that come together go out together: one INSERT a
//! table at a time, and whatever arrives while it is under way is the next one. Each caller gets
//! the result of its own row, and gets it when the row is on the server. Nobody is waited for who
//! cannot come: where all running steps have a row that waits, it goes out at once.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::Retryable;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::retry::{backoff, is_transient_insert};
use crate::backend::{Error, ErrorKind, Insert, Servers};
use crate::model::snapshot::Row;

/// How long the first of a group waits for others: as long as the last insert took, within these
/// bounds. A server that is busy gets fewer and larger inserts.
const WINDOW: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(100)];

/// Appends rows, in groups.
pub(super) struct Ledger<S> {
    servers: Arc<S>,
    run: String,
    lanes: Mutex<BTreeMap<&'static str, Arc<Lane>>>,
    inserts: AtomicUsize,
    /// The steps that run.
    running: AtomicUsize,
    /// Those of them that have a row that waits.
    waiting: AtomicUsize,
    /// Told when one of the two changes.
    changed: Notify,
}

/// A step that runs, and may append.
pub(super) struct Runs<'l, S>(&'l Ledger<S>);

/// What waits for one table.
#[derive(Default)]
struct Lane {
    waiting: Mutex<Vec<Waiting>>,
    /// Held by whoever inserts; fair, so that rows keep their order.
    turn: tokio::sync::Mutex<()>,
    /// How long the last insert took, in milliseconds.
    took: AtomicU64,
}

struct Waiting {
    row: Row,
    answer: oneshot::Sender<Result<(), Error>>,
}

impl<S: Servers> Ledger<S> {
    /// Starts the ledger of a run.
    pub(super) fn new(servers: Arc<S>, run: &str) -> Self {
        Self {
            servers,
            run: run.to_owned(),
            lanes: Mutex::default(),
            inserts: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            changed: Notify::new(),
        }
    }

    /// Takes down that a step runs, until what is returned is dropped.
    pub(super) fn runs(&self) -> Runs<'_, S> {
        self.running.fetch_add(1, Ordering::SeqCst);
        Runs(self)
    }

    /// Appends a row, and returns when it is there. Failures that pass are waited out.
    pub(super) async fn append(&self, table: &'static str, row: Row) -> Result<(), Error> {
        let lane = self.lane(table);
        let (answer, mut answered) = oneshot::channel();
        lane.lock_waiting().push(Waiting { row, answer });
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_waiters();
        let _turn = lane.turn.lock().await;
        if let Ok(result) = answered.try_recv() {
            return result;
        }
        self.gather(lane.window()).await;
        let (rows, answers): (Vec<Row>, Vec<_>) = std::mem::take(&mut *lane.lock_waiting())
            .into_iter()
            .map(|waiting| (waiting.row, waiting.answer))
            .unzip();
        self.waiting.fetch_sub(rows.len(), Ordering::SeqCst);
        let begun = Instant::now();
        let result = self.insert(table, rows).await;
        lane.took.store(super::audit::millis(begun.elapsed()), Ordering::Relaxed);
        for answer in answers {
            // Who no longer listens was stopped, and needs no answer.
            let _ = answer.send(result.clone());
        }
        answered.try_recv().unwrap_or(result)
    }

    /// Waits until every running step has a row that waits, or for so long.
    async fn gather(&self, window: Duration) {
        let everyone = async {
            loop {
                let changed = self.changed.notified();
                if self.waiting.load(Ordering::SeqCst) >= self.running.load(Ordering::SeqCst) {
                    return;
                }
                changed.await;
            }
        };
        // Who did not come in time comes with the next one.
        let _ = tokio::time::timeout(window, everyone).await;
    }

    fn insert(
        &self,
        table: &'static str,
        rows: Vec<Row>,
    ) -> impl Future<Output = Result<(), Error>> + Send + '_ {
        let number = self.inserts.fetch_add(1, Ordering::Relaxed) + 1;
        let attempts = AtomicUsize::new(0);
        async move {
            let attempt = || {
                let attempt = attempts.fetch_add(1, Ordering::Relaxed) + 1;
                self.servers.insert(Insert {
                    table,
                    rows: rows.clone(),
                    query_id: format!("{}-ledger-{number}-{attempt}", self.run),
                    comment: super::comment(&self.run, None),
                })
            };
            attempt.retry(backoff()).sleep(tokio::time::sleep).when(is_transient_insert).await
        }
    }

    fn lane(&self, table: &'static str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(table).or_default())
    }
}

impl<S> Drop for Runs<'_, S> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }
}

impl Lane {
    fn window(&self) -> Duration {
        let [least, most] = WINDOW;
        Duration::from_millis(self.took.load(Ordering::Relaxed)).clamp(least, most)
    }

    fn lock_waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether a table, or a column that is yet to be added, is not there.
pub(super) fn is_not_there(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Missing | ErrorKind::Refused)
}
