//! What a run says while it goes on. Typed; how it looks is the reporters' business.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::plan::{Action, Counts, Step};
use crate::model::{Addr, Digest};

/// The step that an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its place in the plan.
    pub id: usize,
    /// The resource.
    pub addr: Addr,
    /// The resource's kind.
    pub kind: String,
    /// The real object.
    pub identity: String,
    /// What happens.
    pub action: Action,
}

impl From<&Step> for Subject {
    fn from(step: &Step) -> Self {
        Self {
            id: step.id,
            addr: step.addr.clone(),
            kind: step.kind.clone(),
            identity: step.identity.clone(),
            action: step.action,
        }
    }
}

/// What goes on inside a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A statement begins.
    Statement {
        /// Which, from 1.
        number: usize,
        /// Of how many.
        of: usize,
    },
    /// A statement is not needed: the login that it is for works already.
    NotNeeded {
        /// The user whose login works.
        user: String,
    },
    /// A login is tried until it works.
    Login {
        /// The user.
        user: String,
    },
    /// The answer to a statement was lost, so the server's logs are asked for it.
    LookingUp {
        /// The statement's query id.
        query_id: String,
    },
    /// Mutations that a statement made are waited for.
    Mutations {
        /// Which, and of which tables.
        names: String,
        /// How many parts they have left.
        parts: u64,
    },
    /// A distributed statement goes on on its hosts.
    Distributed {
        /// Its entry in the queue of distributed statements.
        entry: String,
        /// The hosts that have not finished it.
        hosts: Vec<String>,
    },
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// Its id.
        run: String,
        /// When, by the client's clock.
        started: Timestamp,
        /// How many steps it has.
        steps: usize,
        /// The plan that it executes.
        plan: Digest,
    },
    /// A step begins.
    StepStarted {
        /// The step.
        step: Subject,
    },
    /// A step goes on.
    Progress {
        /// The step.
        step: Subject,
        /// With what.
        progress: Progress,
    },
    /// Something failed that passes by itself, and is tried again.
    Retry {
        /// The step.
        step: Subject,
        /// The attempt that failed, from 1.
        attempt: usize,
        /// How long is waited.
        wait: Duration,
        /// Why it failed.
        error: String,
    },
    /// A step is done.
    StepDone {
        /// The step.
        step: Subject,
        /// How long it took.
        elapsed: Duration,
    },
    /// A step failed.
    StepFailed {
        /// The step.
        step: Subject,
        /// How long it took.
        elapsed: Duration,
        /// Why.
        error: String,
        /// The query that failed.
        query_id: Option<String>,
    },
    /// Nobody knows whether a step did its work.
    StepUnknown {
        /// The step.
        step: Subject,
        /// How long it took.
        elapsed: Duration,
        /// Why.
        error: String,
        /// The query whose end is not known.
        query_id: Option<String>,
    },
    /// A step is not started.
    StepSkipped {
        /// The step.
        step: Subject,
        /// Why not.
        because: String,
    },
    /// The run was asked to stop: what runs is finished.
    Stopping {
        /// How many steps still run.
        running: usize,
    },
    /// Something went wrong beside the steps.
    Warning {
        /// What.
        message: String,
    },
    /// The run is over.
    RunFinished {
        /// What was done.
        done: Counts,
        /// How many steps failed.
        failed: usize,
        /// Of how many steps nobody knows whether they did their work.
        unknown: usize,
        /// How many steps were not started.
        not_started: usize,
        /// How long it took.
        elapsed: Duration,
    },
}

/// How an action is spoken of.
pub struct Verb {
    /// The action as data: `create`.
    pub word: &'static str,
    /// While it goes on: `creating`.
    pub doing: &'static str,
    /// When it is over: `created`.
    pub done: &'static str,
}

/// Returns how an action is spoken of.
pub fn verb(action: Action) -> Verb {
    let (word, doing, done) = match action {
        Action::Create => ("create", "creating", "created"),
        Action::Update => ("update", "changing", "changed"),
        Action::Adopt => ("adopt", "adopting", "adopted"),
        Action::Delete => ("delete", "destroying", "destroyed"),
        Action::Forget => ("forget", "forgetting", "forgotten"),
        Action::Execute { .. } => ("execute", "applying", "applied"),
    };
    Verb { word, doing, done }
}

impl Event {
    /// Returns the step that the event is about.
    pub fn step(&self) -> Option<&Subject> {
        match self {
            Self::StepStarted { step }
            | Self::Progress { step, .. }
            | Self::Retry { step, .. }
            | Self::StepDone { step, .. }
            | Self::StepFailed { step, .. }
            | Self::StepUnknown { step, .. }
            | Self::StepSkipped { step, .. } => Some(step),
            Self::RunStarted { .. }
            | Self::Stopping { .. }
            | Self::Warning { .. }
            | Self::RunFinished { .. } => None,
        }
    }

    /// Returns the event as a line for people.
    pub fn message(&self) -> String {
        match self {
            Self::StepStarted { step } => {
                format!("{}: {}…", step.addr, verb(step.action).doing)
            }
            Self::Progress { step, progress } => format!("{}: {}", step.addr, progress.message()),
            Self::Retry { step, attempt, wait, error } => {
                format!("{}: attempt {attempt} failed, next in {}: {error}", step.addr, seconds(*wait))
            }
            Self::StepDone { step, elapsed } => {
                format!("{}: {} [{}]", step.addr, verb(step.action).done, seconds(*elapsed))
            }
            Self::StepFailed { step, elapsed, error, .. } => {
                format!("{}: failed [{}]: {error}", step.addr, seconds(*elapsed))
            }
            Self::StepUnknown { step, elapsed, error, .. } => {
                format!("{}: unknown [{}]: {error}", step.addr, seconds(*elapsed))
            }
            Self::StepSkipped { step, because } => {
                format!("{}: not started: {because}", step.addr)
            }
            Self::RunStarted { run, steps, plan, .. } => {
                format!("run {run}: {}, plan {}", plural(*steps, "step"), plan.short())
            }
            Self::Stopping { running } => {
                let runs = plural(*running, "running step");
                format!("stopping: {runs} will be finished, nothing new begins")
            }
            Self::Warning { message } => message.clone(),
            Self::RunFinished { done, failed, unknown, not_started, elapsed } => {
                let Counts { create, update, adopt, delete, forget, migrations, statements: _ } = *done;
                let steps = create + update + adopt + delete + forget + migrations;
                format!(
                    "{steps} done, {failed} failed, {unknown} unknown, {not_started} not started [{}]",
                    seconds(*elapsed)
                )
            }
        }
    }
}

impl Progress {
    fn message(&self) -> String {
        match self {
            Self::Statement { number, of } => format!("statement {number}/{of}"),
            Self::NotNeeded { user } => format!("not needed, the login of {user:?} works already"),
            Self::Login { user } => format!("waiting for the login of {user:?}"),
            Self::LookingUp { query_id } => {
                format!("the answer was lost, looking up query {query_id}")
            }
            Self::Mutations { names, parts } => {
                format!(
                    "waiting for {names}: {} to do",
                    plural(usize::try_from(*parts).unwrap_or(usize::MAX), "part")
                )
            }
            Self::Distributed { entry, hosts } => {
                format!("waiting for {entry} on {}", hosts.join(", "))
            }
        }
    }
}

/// Returns a duration as people read it: `0.1s`, `12.0s`, `3m05s`.
pub fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(60) {
        format!("{:.1}s", duration.as_secs_f64())
    } else {
        format!("{}m{:02}s", duration.as_secs() / 60, duration.as_secs() % 60)
    }
}

/// Returns a number of things, of a noun whose plural ends in `s`.
pub fn plural(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}
