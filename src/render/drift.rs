//! What was changed on the servers, for programs: `cause` of steps and differences, and terraform's
//! `resource_drift`, whose `before` is what was last applied and whose `after` is what is there. Only
//! attributes that a step undoes are in it.

use serde_json::{Map, Value as Json, json};

use crate::model::cause::Difference;
use crate::model::secret::HIDDEN;
use crate::model::{Action, AttrDiff, Cause, Plan, Step};

/// Returns what was changed on the servers, in terraform's words: `change` makes a step's document, whose
/// member `change` is filled in here.
pub fn resource_drift(plan: &Plan, document: impl Fn(&Step) -> Json) -> Vec<Json> {
    let drifted = plan
        .steps
        .iter()
        .filter(|step| step.cause.moved.by_server() && (is_gone(step) || !step.cause.drift.is_empty()));
    drifted
        .map(|step| {
            let mut document = document(step);
            document["change"] = change(step);
            document
        })
        .collect()
}

fn change(step: &Step) -> Json {
    let side = |pick: fn(&crate::model::cause::Drift) -> &Json| -> Map<String, Json> {
        step.cause.drift.iter().map(|drift| (drift.attribute.clone(), pick(drift).clone())).collect()
    };
    let (before, after) = (side(|drift| &drift.applied), side(|drift| &drift.live));
    let is_gone = is_gone(step);
    let hidden = (mask(&before), mask(&after));
    json!({
        "actions": [if is_gone { "delete" } else { "update" }],
        "before": before,
        "after": if is_gone { Json::Null } else { Json::Object(after) },
        "after_unknown": {},
        "before_sensitive": hidden.0,
        "after_sensitive": if is_gone { Json::Bool(false) } else { hidden.1 },
    })
}

fn is_gone(step: &Step) -> bool {
    step.action == Action::Create || step.before.is_none()
}

/// Returns an object with `true` where a value is hidden.
fn mask(side: &Map<String, Json>) -> Json {
    let hidden = side.iter().filter(|(_, value)| value.as_str() == Some(HIDDEN));
    Json::Object(hidden.map(|(name, _)| (name.clone(), Json::Bool(true))).collect())
}

/// Returns the differences of a step, each with its cause.
pub fn diff(diff: &[AttrDiff], cause: &Cause) -> Vec<Json> {
    let unknown = Difference::default();
    let with_cause = |(at, change): (usize, &AttrDiff)| {
        let mut document = change.to_json();
        document["cause"] = json!(cause.differences.get(at).unwrap_or(&unknown));
        document
    };
    diff.iter().enumerate().map(with_cause).collect()
}

/// Returns the cause of a step, but for that of its differences.
pub fn cause(cause: &Cause) -> Json {
    let Cause { moved, reason, differences: _, drift, since, traces } = cause;
    json!({ "moved": moved, "reason": reason, "drift": drift, "since": since, "traces": traces })
}
