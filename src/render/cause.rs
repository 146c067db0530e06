//! Which side moved, in words: quiet where only the configuration did, a line for each step that undoes
//! what was changed on a server, and how many steps do what.

use serde_json::Value as Json;

use super::escape;
use crate::model::cause::{Applied, Cause, Difference, Drift, Moved, Trace};
use crate::model::{Action, Plan, Step};

/// Returns what is said of a step; nothing where only the configuration moved.
pub fn lines(step: &Step) -> Vec<String> {
    let Step { cause, diff, .. } = step;
    let said = match cause.moved {
        Moved::Configuration | Moved::Schedule => return Vec::new(),
        Moved::Unknown => vec![format!("not known which side changed: {}", cause.reason)],
        Moved::Server => vec![server(step, false)],
        Moved::Both => {
            let declared: Vec<String> = diff
                .iter()
                .zip(&cause.differences)
                .flat_map(|(change, difference)| declared(&change.attr, difference))
                .collect();
            let declared = match (step.action, declared.is_empty()) {
                (Action::Delete, _) => "no longer declared".to_owned(),
                (_, true) => "declared otherwise than it was applied".to_owned(),
                (_, false) => format!("newly declared: {}", declared.join("; ")),
            };
            vec![server(step, true), declared]
        }
    };
    said.iter().map(|line| escape::line(line).into_owned()).collect()
}

/// Returns that the server moved, since when and by whom; for one of two reasons, what moved.
fn server(step: &Step, told: bool) -> String {
    let cause = &step.cause;
    let is_gone = step.before.is_none() || step.action == Action::Create;
    let verb = if is_gone { "removed" } else { "changed" };
    let mut line = format!("{verb} on the server {}", since(cause.since.as_ref()));
    if told && !is_gone && !cause.drift.is_empty() {
        let drift: Vec<String> = cause.drift.iter().map(drift).collect();
        line.push_str(&format!(": {}", drift.join("; ")));
    }
    let traces: Vec<String> = cause.traces.iter().map(trace).collect();
    if !traces.is_empty() {
        line.push_str(&format!(" ({})", traces.join("; ")));
    }
    line
}

/// Returns since when, in words.
pub fn since(applied: Option<&Applied>) -> String {
    let Some(applied) = applied.filter(|applied| !applied.at.is_empty()) else {
        return "since the last apply".into();
    };
    let by = if applied.by.is_empty() { String::new() } else { format!(" by {}", applied.by) };
    format!("since the apply of {}{by}", minute(&applied.at))
}

/// Returns a time to the minute, in UTC.
pub fn minute(at: &str) -> String {
    let short: String = at.chars().take(16).collect();
    short.replacen('T', " ", 1)
}

/// Returns one change of the server: what was applied, and what is there.
pub fn drift(drift: &Drift) -> String {
    let Drift { attribute, applied, live } = drift;
    let list = |value: &Json| match value {
        Json::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => text(other),
    };
    match (applied, live) {
        (Json::Null, live) => format!("{attribute}: added {}", list(live)),
        (applied, Json::Null) => format!("{attribute}: removed {}", list(applied)),
        (applied, live) => format!("{attribute}: {} -> {}", text(applied), text(live)),
    }
}

fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => format!("[{}]", items.iter().map(text_of).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn text_of(value: &Json) -> String {
    text(value)
}

/// Returns what of an attribute the configuration changed.
fn declared(attr: &str, difference: &Difference) -> Option<String> {
    let items = difference.items.iter().filter(|item| item.moved.by_configuration());
    let items: Vec<String> = items
        .map(|item| format!("{}{}", if item.added { "" } else { "without " }, text(&item.value)))
        .collect();
    match (difference.moved.by_configuration(), items.is_empty()) {
        (false, _) => None,
        (true, true) => Some(attr.to_owned()),
        (true, false) => Some(format!("{attr}: {}", items.join(", "))),
    }
}

/// Returns who did it, and when.
pub fn trace(trace: &Trace) -> String {
    let Trace { what, by, at, .. } = trace;
    let by = if by.is_empty() { String::new() } else { format!(" by {by}") };
    let at = if at.is_empty() { String::new() } else { format!(" at {}", minute(at)) };
    format!("{what}{by}{at}")
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
        (both, format!("{both} {}", if both == 1 { "does both" } else { "do both" })),
        (unknown, format!("{unknown} of which it is not known")),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(many, _)| *many > 0).map(|(_, words)| words).collect();
    Some(format!("{}.", parts.join(", ")))
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
