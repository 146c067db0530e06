//! The lock of a scope around what an apply writes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use crate::apply::Run;
use crate::apply::lock::{self, Lock, LockError, TIME_TO_LIVE};
use crate::backend::live::Live;
use crate::config::load::environment;
use crate::ui::{Exit, Ui};

/// How long is waited between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// A lock must be held long enough to be renewed.
const SHORTEST: Duration = Duration::from_millis(100);

/// Arguments of everything that takes the lock.
#[derive(Debug, Default, clap::Args)]
pub struct Locking {
    /// How long to wait for the lock while another run of the scope holds it (10s, 5m); not at all
    /// where absent. Also CHARTER_LOCK_TIMEOUT
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    lock_timeout: Option<Duration>,
    /// How long a lock is held without being renewed; for tests. Also CHARTER_LOCK_TTL
    #[arg(long, value_name = "DURATION", value_parser = duration, hide = true)]
    lock_ttl: Option<Duration>,
}

impl Locking {
    /// Returns how long to wait, and how long the lock is held; the environment decides where the
    /// arguments do not.
    fn times(&self, env: &BTreeMap<String, String>) -> Result<(Duration, Duration), String> {
        let or_env = |given: Option<Duration>, name: &str, default: Duration| match (given, env.get(name)) {
            (Some(given), _) => Ok(given),
            (None, Some(text)) => duration(text).map_err(|reason| format!("{name}: {reason}, not {text:?}")),
            (None, None) => Ok(default),
        };
        let timeout = or_env(self.lock_timeout, "CHARTER_LOCK_TIMEOUT", Duration::ZERO)?;
        let ttl = or_env(self.lock_ttl, "CHARTER_LOCK_TTL", TIME_TO_LIVE)?;
        Ok((timeout, ttl.max(SHORTEST)))
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a whole number and a unit: 500ms, 10s, 5m, 1h".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let number: u32 = text[..split].parse().map_err(|_| wrong())?;
    let unit = match &text[split..] {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        "h" => Duration::from_secs(3600),
        _ => return Err(wrong()),
    };
    unit.checked_mul(number).ok_or_else(wrong)
}

/// Takes the lock of the configuration's scope; who holds it is told, and how to go on.
pub async fn take(context: &Context, run: &Run, locking: &Locking, ui: &Ui) -> Result<Lock<Live>, Exit> {
    let scope = &context.settings.scope;
    let (timeout, ttl) = locking.times(&environment()).map_err(|reason| {
        ui.error(&reason);
        Exit::Usage
    })?;
    let begun = tokio::time::Instant::now();
    let mut told = false;
    loop {
        let servers = Arc::clone(&context.servers);
        match lock::acquire(servers, scope, run, ttl).await {
            Ok(lock) => {
                tracing::info!(scope, generation = lock.generation(), "the lock is taken");
                return Ok(lock);
            }
            Err(LockError::Held(_) | LockError::Contended) if begun.elapsed() < timeout => {
                if !std::mem::replace(&mut told, true) {
                    ui.status(&format!("Waiting for the lock of scope {scope}, which another run holds."));
                }
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(refused(&error, scope, ui)),
        }
    }
}

/// Returns whether no other run can have changed anything between the last observation and the lock:
/// it is the generation right after the newest one that was seen, which had ended by then.
pub fn nobody_else_ran(context: &Context, lock: &Lock<Live>) -> bool {
    context.seen().is_some_and(|seen| lock.generation() == seen.lock + 1 && lock.free_since() < seen.at)
}

/// Gives a lock back under which nothing was written.
pub async fn give_back(lock: Lock<Live>, ui: &Ui) {
    if let Err(error) = lock.release().await {
        ui.warn(&format!("the lock could not be released ({error}); it lapses by itself"));
    }
}

fn refused(error: &LockError, scope: &str, ui: &Ui) -> Exit {
    match error {
        LockError::Held(_) => {
            ui.error(&format!(
                "another run of scope {scope} is under way, so nothing was changed:\n  {error}\n  \
                 wait for it (`--lock-timeout 10m`), or, where it is dead, for the lock to lapse; \
                 `charter unlock` takes the lock away from it"
            ));
            Exit::Locked
        }
        LockError::Contended => {
            ui.error(&format!("{error}\n  nothing was changed"));
            Exit::Locked
        }
        LockError::Server(_) => {
            ui.error(&format!(
                "{error}\n  nothing was changed; charter's user needs\n  \
                 GRANT CREATE DATABASE, CREATE TABLE, DROP TABLE, INSERT, SELECT ON ops.* TO <user>"
            ));
            Exit::Error
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_win_over_the_environment() {
        let env = |text: &str| BTreeMap::from([("CHARTER_LOCK_TIMEOUT".to_owned(), text.to_owned())]);
        let given = Locking { lock_timeout: Some(Duration::from_secs(1)), lock_ttl: None };
        assert_eq!(given.times(&env("5m")), Ok((Duration::from_secs(1), TIME_TO_LIVE)));
        assert_eq!(Locking::default().times(&env("5m")).unwrap().0, Duration::from_secs(300));
        assert!(Locking::default().times(&env("soon")).unwrap_err().contains("CHARTER_LOCK_TIMEOUT"));
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for bad in ["", "10", "s", "-1s", "1.5s", "10d", "99999999999999999999s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
