//! What became of a run, for people and for the exit code.

use std::time::Duration;

use serde::Serialize;

use crate::model::Addr;
use crate::model::plan::{Action, Counts};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every step is done.
    Done,
    /// Not every step is done, and nothing was changed.
    Untouched,
    /// Not every step is done.
    HalfWay,
    /// A person must find out whether a statement did its work before it can go on.
    Undecided,
}

impl Outcome {
    /// Returns the outcome as data.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Untouched => "untouched",
            Self::HalfWay => "half_way",
            Self::Undecided => "undecided",
        }
    }
}

/// A step that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The resource.
    pub addr: Addr,
    /// What happened.
    pub action: Action,
}

/// A step that is not done, or of which nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The resource.
    pub addr: Addr,
    /// What was to happen.
    pub action: Action,
    /// What went wrong.
    pub error: String,
    /// The query that it went wrong with.
    pub query_id: Option<String>,
    /// What to do, a line each.
    pub help: Vec<String>,
    /// Whether a person must decide before this can go on.
    pub decide: bool,
    /// Which statement of how many of the file it went wrong with; none where it was not one.
    pub statement: Option<(u64, u64)>,
}

/// A step that was not started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotStarted {
    /// The resource.
    pub addr: Addr,
    /// What was to happen.
    pub action: Action,
    /// Why not.
    pub because: Because,
}

/// Why a step was not started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// A step that it comes after, maybe by way of others, is not done.
    After(Addr),
    /// The run was stopped.
    Stopped,
    /// A tenant failed that others wait for.
    Canary(String),
    /// More tenants failed than may.
    TooManyFailed {
        /// How many failed.
        failed: usize,
        /// How many may.
        max: usize,
    },
    /// The steps that it comes after come after it, too.
    Cycle,
}

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::After(addr) => write!(f, "it needs {addr}"),
            Self::Stopped => f.write_str("the run was stopped"),
            Self::Canary(tenant) => write!(f, "the canary {tenant} failed"),
            Self::TooManyFailed { failed, max } => {
                let tenants = super::events::plural(*failed, "tenant");
                write!(f, "{tenants} failed, and max_failures is {max}")
            }
            Self::Cycle => f.write_str("the plan has it in a cycle"),
        }
    }
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use = "the report says whether the apply succeeded"]
pub struct Report {
    /// The run's id.
    pub run: String,
    /// What is done, in the order in which it was.
    pub done: Vec<Done>,
    /// What failed.
    pub failed: Vec<Problem>,
    /// What may or may not have been done.
    pub unknown: Vec<Problem>,
    /// What was not started.
    pub not_started: Vec<NotStarted>,
    /// What went wrong beside the steps.
    pub warnings: Vec<String>,
    /// Whether the run was asked to stop.
    pub stopped: bool,
    /// Whether anything on the servers may have been changed, charter's own tables aside.
    pub changed: bool,
    /// How long it took.
    pub duration: Duration,
}

impl Report {
    /// Starts the report of a run.
    pub(super) fn new(run: &str) -> Self {
        Self {
            run: run.to_owned(),
            done: Vec::new(),
            failed: Vec::new(),
            unknown: Vec::new(),
            not_started: Vec::new(),
            warnings: Vec::new(),
            stopped: false,
            changed: false,
            duration: Duration::ZERO,
        }
    }

    /// Returns how the run ended.
    pub fn outcome(&self) -> Outcome {
        if self.unknown.iter().any(|problem| problem.decide) {
            Outcome::Undecided
        } else if self.failed.is_empty() && self.unknown.is_empty() && self.not_started.is_empty() {
            Outcome::Done
        } else if self.changed {
            Outcome::HalfWay
        } else {
            Outcome::Untouched
        }
    }

    /// Returns how many steps did what.
    pub fn counts(&self) -> Counts {
        self.done.iter().map(|done| done.action).collect()
    }
}
