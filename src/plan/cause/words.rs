//! A cause in words, for a plan and for a check: what moved on the server, since when and by whom, and
//! what is newly declared.

use serde_json::Value as Json;

use super::witness;
use crate::model::cause::{Applied, Difference, Drift, Trace};
use crate::model::secret::HIDDEN;
use crate::model::{Action, AttrDiff, Cause, Moved};

/// Returns what is said of a step; nothing where only the configuration moved.
pub fn of(cause: &Cause, diff: &[AttrDiff], action: Action, is_there: bool) -> Vec<String> {
    let is_gone = !is_there || action == Action::Create;
    match cause.moved {
        Moved::Configuration | Moved::Schedule => Vec::new(),
        Moved::Unknown => vec![format!("not known which side changed: {}", cause.reason)],
        Moved::Server => vec![server(cause, is_gone, false)],
        Moved::Both => {
            let declared: Vec<String> = diff
                .iter()
                .zip(&cause.differences)
                .flat_map(|(change, difference)| declared(&change.attr, difference))
                .collect();
            let declared = match (action, declared.is_empty()) {
                (Action::Delete | Action::Forget, _) => "no longer declared".to_owned(),
                (_, true) => "declared otherwise than it was applied".to_owned(),
                (_, false) => format!("newly declared: {}", declared.join("; ")),
            };
            vec![server(cause, is_gone, true), declared]
        }
    }
}

/// Returns that the server moved, since when and by whom; for one of two reasons, what moved.
fn server(cause: &Cause, is_gone: bool, told: bool) -> String {
    let verb = if is_gone { "removed" } else { "changed" };
    let mut line = format!("{verb} on the server {}", since(cause.since.as_ref()));
    if told && !is_gone && !cause.drift.is_empty() {
        let drift: Vec<String> = cause.drift.iter().map(drift).collect();
        line.push_str(&format!(": {}", drift.join("; ")));
    }
    let of = |logged: bool| -> Vec<String> {
        let of_log = |trace: &&Trace| (trace.source == witness::LOG_TABLE) == logged;
        cause.traces.iter().filter(of_log).map(trace).collect()
    };
    let (fields, logged) = (of(false), of(true));
    if !fields.is_empty() {
        line.push_str(&format!(" ({})", fields.join("; ")));
    }
    if !logged.is_empty() {
        line.push_str(&format!(" (statements that name it since: {})", logged.join("; ")));
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
    format!("{} UTC", short.replacen('T', " ", 1))
}

/// Returns one change of the server: what was applied, and what is there.
pub fn drift(drift: &Drift) -> String {
    let Drift { attribute, applied, live } = drift;
    let list = |value: &Json| match value {
        Json::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => text(other),
    };
    let hidden = |value: &Json| value.as_str() == Some(HIDDEN);
    match (applied, live) {
        (applied, live) if hidden(applied) && !live.is_null() => format!("{attribute}: another value"),
        (Json::Null, live) => format!("{attribute}: added {}", list(live)),
        (applied, Json::Null) => format!("{attribute}: removed {}", list(applied)),
        (applied, live) => format!("{attribute}: {} -> {}", text(applied), text(live)),
    }
}

fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
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
