//! One runner a scope: a lock on the server, made of generations.
//!
//! Generation n is the table `ops.charter_lock_<hash of the scope>_<n>`. Whoever creates the next
//! one after the newest was released, or was not renewed for its time to live, is the one winner:
//! `CREATE TABLE` without `IF NOT EXISTS` succeeds once (code 57 for everybody else), and MergeTree
//! survives a restart. Time is the server's. The number is the fencing token: a higher one means
//! that the lock was lost. The newest two tables are kept, so that a name is never used twice while
//! somebody slow may still try it.

mod fenced;
mod keep;
mod state;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Run;
use crate::backend::{Error, Servers};
use crate::model::Digest;
use crate::model::snapshot::{Caps, number};

pub use fenced::Fenced;
pub use keep::{Keeper, Lease};
pub use state::Holder;

use state::State;

/// How long a lock is held without being renewed.
pub const TIME_TO_LIVE: Duration = Duration::from_secs(30);

/// ClickHouse's TABLE_ALREADY_EXISTS: somebody else was first.
const TABLE_ALREADY_EXISTS: u32 = 57;
/// ClickHouse's UNKNOWN_DATABASE: nothing was ever applied here.
const UNKNOWN_DATABASE: u32 = 81;

/// How often the newest generation may turn out to be another one while it is taken.
const ATTEMPTS: usize = 8;

/// Why there is no lock.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Somebody has it.
    #[error("{0}")]
    Held(Box<Holder>),
    /// The server refuses, or cannot be asked.
    #[error("the lock cannot be taken: {0}")]
    Server(#[from] Error),
    /// Others were faster, again and again.
    #[error("the lock cannot be taken: other runs of this scope come and go; try again")]
    Contended,
}

/// A lock that is held.
#[derive(Debug)]
pub struct Lock<S> {
    servers: Arc<S>,
    table: String,
    generation: u64,
    free_since: u64,
    lease: Arc<Lease>,
}

/// Returns the generation that was the newest when the server was observed; 0 for none.
pub fn newest(caps: &Caps, scope: &str) -> u64 {
    let prefix = format!("ops.{}", prefix(scope));
    let numbers = caps.columns.keys().filter_map(|table| table.strip_prefix(&prefix)?.parse().ok());
    numbers.max().unwrap_or(0)
}

/// Returns what the names of a scope's locks begin with.
fn prefix(scope: &str) -> String {
    format!("charter_lock_{}_", Digest::of_bytes(scope.as_bytes()).short())
}

/// Takes the lock of a scope, once.
///
/// # Errors
/// Who holds it; or why the server cannot be asked.
pub async fn acquire<S: Servers>(
    servers: Arc<S>,
    scope: &str,
    run: &Run,
    ttl: Duration,
) -> Result<Lock<S>, LockError> {
    for _ in 0..ATTEMPTS {
        let generations = state::generations(&*servers, scope).await?;
        let (next, free_since) = match generations.last() {
            None => (1, 0),
            Some(newest) => match state::of(&*servers, newest, ttl).await? {
                State::Held(holder) => return Err(LockError::Held(Box::new(holder))),
                State::Free { since } => (newest.number + 1, since),
            },
        };
        if let Some(lock) = create(&servers, scope, run, ttl, next).await? {
            return Ok(Lock { free_since, ..lock });
        }
    }
    Err(LockError::Contended)
}

/// Takes the lock of a scope away from whoever has it, and releases it. The run that had it stops
/// when it renews. Returns who that was.
///
/// # Errors
/// Why the server cannot be asked.
pub async fn force<S: Servers>(servers: Arc<S>, scope: &str, run: &Run) -> Result<Option<Holder>, LockError> {
    for _ in 0..ATTEMPTS {
        let generations = state::generations(&*servers, scope).await?;
        let Some(newest) = generations.last() else { return Ok(None) };
        let State::Held(holder) = state::of(&*servers, newest, TIME_TO_LIVE).await? else { return Ok(None) };
        if let Some(lock) = create(&servers, scope, run, TIME_TO_LIVE, newest.number + 1).await? {
            lock.release().await?;
            return Ok(Some(holder));
        }
    }
    Err(LockError::Contended)
}

/// Returns who holds the lock of a scope, if anybody does.
///
/// # Errors
/// Why the server cannot be asked.
pub async fn holder<S: Servers>(servers: &S, scope: &str) -> Result<Option<Holder>, LockError> {
    let generations = state::generations(servers, scope).await?;
    let Some(newest) = generations.last() else { return Ok(None) };
    Ok(match state::of(servers, newest, TIME_TO_LIVE).await? {
        State::Held(holder) => Some(holder),
        State::Free { .. } => None,
    })
}

/// Returns whether database `ops` holds nothing but locks.
pub async fn nothing_was_kept<S: Servers>(servers: &S) -> bool {
    let statement = "SELECT count() AS tables FROM system.tables WHERE database = 'ops' AND NOT startsWith(name, 'charter_lock_')";
    let rows = servers.rows(state::statement(statement)).await;
    rows.is_ok_and(|rows| rows.first().is_some_and(|row| number(row, "tables") == 0))
}

/// Creates a generation; none where somebody else did.
async fn create<S: Servers>(
    servers: &Arc<S>,
    scope: &str,
    run: &Run,
    ttl: Duration,
    number: u64,
) -> Result<Option<Lock<S>>, LockError> {
    let table = format!("{}{number}", prefix(scope));
    let sent = Instant::now();
    match servers.execute(state::create(&table, run, ttl)).await {
        Ok(_) => {}
        Err(error) if error.code == Some(TABLE_ALREADY_EXISTS) => return Ok(None),
        Err(error) if error.code == Some(UNKNOWN_DATABASE) => {
            servers.execute(state::statement("CREATE DATABASE IF NOT EXISTS ops")).await?;
            return Ok(None);
        }
        // What is not known to be there lapses by itself.
        Err(error) => return Err(error.into()),
    }
    let lease = Arc::new(Lease::new(&table, sent, ttl));
    let lock = Lock { servers: Arc::clone(servers), table, generation: number, free_since: 0, lease };
    lock.renew().await?;
    let generations = state::generations(&**servers, scope).await?;
    if generations.last().is_none_or(|newest| newest.number != number) {
        // A name that was free because its table is long gone: others are ahead.
        return Ok(None);
    }
    for old in generations.iter().rev().skip(2) {
        // Another run may be dropping it, too; and what stays is dropped by the next.
        if let Err(error) = servers.execute(state::drop(&old.table)).await {
            tracing::warn!(table = %old.table, %error, "an old lock stays");
        }
    }
    Ok(Some(lock))
}

impl<S: Servers> Lock<S> {
    /// Returns the fencing token.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns since when nobody had it before, in seconds since 1970 by the server's clock; 0 where
    /// nobody ever had.
    pub fn free_since(&self) -> u64 {
        self.free_since
    }

    /// Returns the servers as a run uses them that must not write without the lock.
    pub fn fenced(&self) -> Fenced<S> {
        Fenced::new(Arc::clone(&self.servers), Arc::clone(&self.lease))
    }

    /// Says that it is still held.
    async fn renew(&self) -> Result<(), Error> {
        keep::renew(&*self.servers, &self.lease).await
    }

    /// Gives it back.
    ///
    /// # Errors
    /// The server's; the lock lapses by itself then.
    pub async fn release(self) -> Result<(), Error> {
        self.servers.execute(state::event(&self.table, "released")).await.map(drop)
    }
}

#[cfg(test)]
mod tests;
