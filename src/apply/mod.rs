//! Executing a plan: its steps in their order, as many at once as is allowed, each operation
//! idempotent or guarded, and a report of what is done, failed, unknown and not started.
//!
//! The plan decides and this obeys: it knows no configuration, no kind and nothing of how a plan
//! is made. Everything goes through [`crate::backend::Servers`]; everything that happens is an
//! [`Event`]; clocks and ids are given by the caller.

mod audit;
mod ddl_queue;
pub mod event_json;
pub mod events;
mod execute;
#[cfg(debug_assertions)]
pub mod failpoint;
pub mod gate;
mod journal;
mod kube;
mod ledger;
pub mod lock;
mod lookup;
mod moved;
mod mutations;
mod ops;
pub mod report;
mod retry;
mod rollout;
mod slots;
mod statement;
pub mod stop;
pub mod used;
mod watch;

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;

use crate::model::Addr;

pub use events::Event;
pub use execute::apply;
pub use report::{Outcome, Report};
pub use slots::new_password;
pub use stop::{Stop, Stopper};

/// Who runs, and what for: what the audit says of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Unique among all runs.
    pub id: String,
    /// Who: a person or a CI job.
    pub actor: String,
    /// Where.
    pub host: String,
    /// What for: the command.
    pub purpose: String,
    /// The revision of the configuration; empty where it is not known.
    pub git_revision: String,
    /// When, by the client's clock.
    pub started: Timestamp,
    /// The id of the saved plan that it applies; empty where it planned itself.
    pub plan: String,
}

/// How a plan is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many steps may run at once.
    pub parallelism: usize,
    /// How long a login may take to work.
    pub probe_limit: Duration,
    /// How long a query whose answer was lost may go on before it is given up.
    pub lookup_limit: Duration,
    /// How long a mutation that a statement made is waited for.
    pub mutation_limit: Duration,
    /// Where it ends as if it were killed: for tests.
    #[cfg(debug_assertions)]
    pub failpoints: Option<&'static failpoint::Failpoints>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            parallelism: 10,
            probe_limit: Duration::from_secs(60),
            lookup_limit: Duration::from_secs(600),
            mutation_limit: Duration::from_secs(3_600),
            #[cfg(debug_assertions)]
            failpoints: None,
        }
    }
}

/// The most characters of an error that are kept on the server.
const LONGEST_ERROR: usize = 2_000;

/// Cuts an error to what is kept on the server.
fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(LONGEST_ERROR);
    end.map_or(text, |(at, _)| &text[..at])
}

/// Returns what the server's logs say of a query (`log_comment`): the run, and the address if it
/// belongs to a step.
fn comment(run: &str, addr: Option<&Addr>) -> String {
    let mut comment = serde_json::json!({"charter": env!("CARGO_PKG_VERSION"), "run": run});
    if let Some(addr) = addr {
        comment["address"] = serde_json::json!(addr);
    }
    comment.to_string()
}
