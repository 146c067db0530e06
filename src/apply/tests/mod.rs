//! Tests of the executor against servers in memory, in paused time.

mod before;
mod credentials;
pub(super) mod fake;
mod migrations;
mod mutations;
mod objects;
mod records;
mod rollout;
mod scheduling;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use self::fake::Fake;
use super::stop::{self, Stop};
use super::{Event, Options, Report, Run, apply};
use crate::model::Plan;

/// Returns a run.
fn a_run() -> Run {
    Run {
        id: "run".into(),
        actor: "ada".into(),
        host: "build-7".into(),
        purpose: "apply".into(),
        git_revision: "0123abc".into(),
        started: jiff::Timestamp::UNIX_EPOCH,
        plan: "0123456789abcdef".into(),
    }
}

/// Applies a plan, and returns the report and the events.
async fn apply_with(fake: &Fake, plan: Plan, options: Options, stop: Stop) -> (Report, Vec<Event>) {
    let (sender, receiver) = unbounded_channel();
    let servers = Arc::new(fake.clone());
    let report = apply(servers, Arc::new(plan), &a_run(), &options, sender, stop).await;
    (report, drain(receiver))
}

/// Applies a plan with the usual options.
async fn apply_plan(fake: &Fake, plan: Plan) -> (Report, Vec<Event>) {
    let (_stopper, stop) = stop::channel();
    let options = Options { probe_limit: Duration::from_secs(30), ..Options::default() };
    apply_with(fake, plan, options, stop).await
}

fn drain(mut receiver: UnboundedReceiver<Event>) -> Vec<Event> {
    let mut events = Vec::new();
    while let Ok(event) = receiver.try_recv() {
        events.push(event);
    }
    events
}

/// Returns the addresses of problems.
fn names<'a>(addrs: impl IntoIterator<Item = &'a crate::model::Addr>) -> Vec<String> {
    addrs.into_iter().map(ToString::to_string).collect()
}
