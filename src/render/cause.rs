//! Which side moved, as a plan shows it: quiet where only the configuration did, a line for each step
//! that undoes what was changed on a server, and how many steps do what.

use super::escape;
use crate::model::{Cause, Moved, Plan, Step};
use crate::plan::cause::words;

/// Returns what is said of a step; nothing where only the configuration moved.
pub fn lines(step: &Step) -> Vec<String> {
    let Step { cause, diff, action, before, .. } = step;
    let said = words::of(cause, diff, *action, before.is_some());
    said.iter().map(|line| escape::line(line).into_owned()).collect()
}

/// How many steps are there for which reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    /// The configuration moved, or something is due.
    pub declared: usize,
    /// The server moved.
    pub server: usize,
    /// Both moved.
    pub both: usize,
    /// It is not known.
    pub unknown: usize,
}

/// Counts the steps by what moved.
pub fn count(plan: &Plan) -> Causes {
    let mut causes = Causes::default();
    for step in &plan.steps {
        match step.cause.moved {
            Moved::Configuration | Moved::Schedule => causes.declared += 1,
            Moved::Server => causes.server += 1,
            Moved::Both => causes.both += 1,
            Moved::Unknown => causes.unknown += 1,
        }
    }
    causes
}

/// Returns how many steps are there for which reason; nothing where all are declared.
pub fn summary(plan: &Plan) -> Option<String> {
    let Causes { declared, server, both, unknown } = count(plan);
    if server + both + unknown == 0 {
        return None;
    }
    let changes = if declared == 1 { "change" } else { "changes" };
    let parts = [
        (declared, format!("{declared} {changes} declared")),
        (server, format!("{server} {} made on the server", undo(server))),
        (both, format!("{both} of both kinds")),
        (unknown, format!("{unknown} of unknown cause")),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(many, _)| *many > 0).map(|(_, words)| words).collect();
    let untold = if server + both > 0 && is_untold(plan) { UNTOLD } else { "" };
    Some(format!("{}.{untold}", parts.join(", ")))
}

/// What is said once where nothing tells who moved the server.
const UNTOLD: &str = " Who changed the server, and when, is not known.";

/// Returns whether nothing tells of any step who moved the server, nor when.
fn is_untold(plan: &Plan) -> bool {
    plan.steps.iter().all(|step| step.cause.traces.is_empty())
}

fn undo(many: usize) -> &'static str {
    if many == 1 { "undoes a change" } else { "undo changes" }
}

/// Returns a cause without what differs by tenant though the same happens: times, runs and queries.
pub fn comparable(cause: &Cause) -> Cause {
    let mut cause = cause.clone();
    cause.since = None;
    for trace in &mut cause.traces {
        trace.at.clear();
        trace.query_id.clear();
    }
    cause
}

/// Returns the cause of what stands for several: what they have in common.
pub fn common<'a>(mut cause: Cause, mut all: impl Iterator<Item = &'a Cause>) -> Cause {
    let Some(first) = all.next() else { return cause };
    let rest: Vec<&Cause> = all.collect();
    let whose = |cause: &Cause| cause.since.as_ref().map(|since| (since.run.clone(), since.by.clone()));
    if rest.iter().any(|other| whose(other) != whose(first)) {
        cause.since = None;
    }
    if rest.iter().any(|other| other.traces != first.traces) {
        cause.traces = comparable(&cause).traces;
        cause.traces.dedup();
    }
    cause
}
