//! Keeping a lock: renewing it, and knowing when it is lost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Lock, state};
use crate::apply::Stopper;
use crate::backend::{Error, ErrorKind, Servers};

/// What a run knows of its lock without asking the server.
///
/// Whoever wants the lock waits until its time to live has passed since the server took down the
/// last renewal, which is later than the moment when that was sent: until then it is held for sure.
#[derive(Debug)]
pub struct Lease {
    pub(super) table: String,
    pub(super) ttl: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    sent: Instant,
    lost: Option<String>,
}

impl Lease {
    /// Returns the lease of a lock that was asked for at `sent`.
    pub(super) fn new(table: &str, sent: Instant, ttl: Duration) -> Self {
        Self { table: table.to_owned(), ttl, state: Mutex::new(State { sent, lost: None }) }
    }

    /// Returns whether the lock is held for sure.
    ///
    /// # Errors
    /// How it was lost.
    pub fn check(&self) -> Result<(), String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.lost.is_none() && state.sent.elapsed() >= self.ttl {
            // For good: somebody else may have it since.
            state.lost = Some("it could not be renewed in time".to_owned());
        }
        state.lost.clone().map_or(Ok(()), Err)
    }

    /// Takes down a renewal, which counts only where it came back before the last one lapsed.
    fn renewed(&self, sent: Instant) {
        if self.check().is_ok() {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).sent = sent;
        }
    }

    pub(super) fn lose(&self, how: impl Into<String>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.lost.get_or_insert(how.into());
    }
}

/// Renews a lease, unless a higher generation is there.
///
/// # Errors
/// The server's. Where that means that the lock is lost, the lease knows.
pub(super) async fn renew<S: Servers>(servers: &S, lease: &Lease) -> Result<(), Error> {
    let sent = Instant::now();
    match servers.execute(state::event(&lease.table, "renewed")).await {
        Ok(_) => {
            lease.renewed(sent);
            Ok(())
        }
        Err(error) => {
            if error.kind == ErrorKind::Missing {
                lease.lose("its table is gone");
            }
            Err(error)
        }
    }
}

/// Renews a lock in the background for as long as it lives.
#[derive(Debug)]
pub struct Keeper<S> {
    lock: Option<Lock<S>>,
    task: JoinHandle<()>,
}

impl<S: Servers> Keeper<S> {
    /// Begins. Where the lock is lost, `stopper` lets nothing new begin.
    pub fn start(lock: Lock<S>, scope: &str, stopper: Stopper) -> Self {
        let (servers, lease) = (Arc::clone(&lock.servers), Arc::clone(&lock.lease));
        let (scope, generation) = (scope.to_owned(), lock.generation);
        let task = tokio::spawn(async move {
            while lease.check().is_ok() {
                tokio::time::sleep(lease.ttl / 3).await;
                once(&*servers, &lease, &scope, generation).await;
            }
            stopper.finish();
        });
        Self { lock: Some(lock), task }
    }

    /// Ends, and gives the lock back. It is kept until it lapses where `busy` says that statements
    /// of the run may still be running on the server.
    ///
    /// # Errors
    /// How it was lost; or that it could not be given back.
    pub async fn end(mut self, busy: bool) -> Result<(), String> {
        self.task.abort();
        let Some(lock) = self.lock.take() else { return Ok(()) };
        lock.lease.check()?;
        if busy {
            return Ok(());
        }
        lock.release().await.map_err(|error| format!("it could not be released: {error}"))
    }
}

impl<S> Drop for Keeper<S> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Renews once, and looks for a higher generation.
async fn once<S: Servers>(servers: &S, lease: &Lease, scope: &str, generation: u64) {
    match state::generations(servers, scope).await {
        Ok(all) if all.last().is_some_and(|newest| newest.number > generation) => {
            lease.lose("another run has taken it");
            return;
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the generations of the lock cannot be read"),
    }
    if let Err(error) = renew(servers, lease).await {
        tracing::warn!(%error, "the lock could not be renewed");
    }
}
