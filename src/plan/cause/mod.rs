//! Telling drift from change: for each step of a plan, and each of its differences, which side moved
//! since the last apply.
//!
//! Three states are compared: what is declared, what was last applied, and what is there. The kinds
//! compare, by meaning, as they do for a plan: once what is declared with what is there, and once
//! more what was last applied with it ([`recorded`]). What only the first comparison finds is the
//! configuration's doing, what both find is the server's ([`compare`]).

pub mod compare;
mod recorded;
mod sensitive;
#[cfg(test)]
mod tests;
pub mod witness;
pub mod words;

use std::collections::BTreeMap;

pub use recorded::Recorded;

use super::registry;
use super::survey::Survey;
use crate::kinds::Kind;
use crate::model::cause::{Applied, Difference, Drift};
use crate::model::registry::{Entry, Status};
use crate::model::value::attrs_json;
use crate::model::{Action, Addr, AttrDiff, Attrs, Cause, Moved, Resource, Step, Value};

/// Why it cannot be told for an object that is ours and has no record.
const NO_RECORD: &str = "it was never recorded what was last applied";
/// Why it cannot be told after an interruption.
const INTERRUPTED: &str = "the run that made it did not end";
/// Why it cannot be told of a record that holds no attributes.
const OLD_RECORD: &str = "its record is older and does not hold what was applied";

/// Tells for each step why it is there.
pub fn tell(survey: &Survey, steps: &mut [Step]) {
    let causes = Causes::new(survey, steps.iter().map(|step| (step.kind.as_str(), step.identity.as_str())));
    for step in steps {
        step.cause = causes.of(&Object {
            addr: &step.addr,
            kind: &step.kind,
            identity: &step.identity,
            action: step.action,
            is_there: step.before.is_some(),
            diff: &step.diff,
        });
    }
}

/// An object to which something happens.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    /// Where it is, or was, declared.
    pub addr: &'a Addr,
    /// Its kind.
    pub kind: &'a str,
    /// The real object.
    pub identity: &'a str,
    /// What happens.
    pub action: Action,
    /// Whether there is such an object.
    pub is_there: bool,
    /// How it differs from what is declared.
    pub diff: &'a [AttrDiff],
}

/// What was last applied to some objects, compared with what is there.
pub struct Causes<'a> {
    survey: &'a Survey<'a>,
    recorded: Recorded<'a>,
}

impl<'a> Causes<'a> {
    /// Compares for these objects, by kind and identity.
    pub fn new<'s>(survey: &'a Survey<'a>, objects: impl Iterator<Item = (&'s str, &'s str)>) -> Self {
        let recorded = Recorded::of(&survey.request, objects);
        Self { survey, recorded }
    }

    /// Returns why something happens to an object, and who did it as far as that was read.
    pub fn of(&self, object: &Object) -> Cause {
        let mut cause = self.judge(object);
        let snapshot = self.survey.request.snapshot;
        if let Some(kind) = self.survey.request.kinds.get(object.kind).filter(|_| cause.moved.by_server()) {
            let names = kind.statement_names(object.identity, &cause);
            witness::tell(&mut cause, &names, snapshot.rows(witness::RUNS), snapshot.rows(witness::LOG));
        }
        cause
    }

    fn judge(&self, object: &Object) -> Cause {
        let Object { addr, kind, identity, action, is_there, diff } = *object;
        let request = &self.survey.request;
        let Some(kind) = request.kinds.get(kind) else { return Cause::default() };
        let entry = request.registry.mine(kind.name(), identity);
        let since = entry.map(applied);
        let declared = request.desired.resources.get(addr).filter(|resource| resource.identity == identity);
        let told = |moved, reason: &str| Cause {
            moved,
            reason: reason.to_owned(),
            differences: diff.iter().map(|_| Difference { moved, ..Difference::default() }).collect(),
            since: since.clone(),
            ..Cause::default()
        };
        match (action, entry, declared) {
            (Action::Delete | Action::Forget, ..) if !is_there => {
                told(Moved::Both, "no longer declared, and removed on the server")
            }
            (Action::Delete | Action::Forget, ..) => told(Moved::Configuration, "no longer declared"),
            (Action::Execute { .. } | Action::Adopt, ..) => told(Moved::Configuration, ""),
            _ if !kind.registered() => told(Moved::Configuration, ""),
            (Action::Create, None, _) => told(Moved::Configuration, ""),
            (_, Some(entry), _) if entry.status == Status::Claimed && is_there => {
                told(Moved::Unknown, INTERRUPTED)
            }
            (Action::Create, Some(entry), _) if entry.status == Status::Claimed => {
                told(Moved::Configuration, "")
            }
            (Action::Create, Some(entry), declared) => {
                Cause { since: since.clone(), ..gone(kind, entry, declared) }
            }
            (Action::Update, Some(entry), Some(declared)) => {
                Cause { since, ..self.changed(kind, entry, declared, diff) }
            }
            (Action::Update, ..) => told(Moved::Unknown, NO_RECORD),
        }
    }

    /// Tells of an object that differs.
    fn changed(
        &self,
        kind: &'static dyn Kind,
        entry: &Entry,
        declared: &Resource,
        diff: &[AttrDiff],
    ) -> Cause {
        if attrs_of(entry).is_none() {
            let own: Vec<Difference> = diff.iter().map(|change| of_record(entry, declared, change)).collect();
            let moved = united(own.iter().map(|difference| difference.moved));
            return Cause { moved, reason: OLD_RECORD.into(), differences: own, ..Cause::default() };
        }
        let drift = self.recorded.diff(kind, declared);
        let mut cause = Cause::default();
        let world = &self.survey.world;
        for change in diff {
            let same = drift.iter().filter(|other| other.attr == change.attr).collect::<Vec<_>>();
            let difference = if kind.is_due(declared, &change.attr, world) {
                Difference { moved: Moved::Schedule, ..Difference::default() }
            } else if sensitive::concerns(change, &same) {
                let writers = kind.writers(declared, &change.attr, world);
                sensitive::difference(change, &same, writers.as_deref())
            } else {
                compare::difference(change, &same, &|item| kind.parts(item))
            };
            if difference.moved.by_server() {
                cause.drift.extend(compare::drift(change, &same, &difference));
                cause.traces.extend(sensitive::traces(kind, declared, &change.attr, world));
            }
            cause.differences.push(difference);
        }
        cause.traces.sort();
        cause.traces.dedup();
        cause.drift.dedup();
        cause.moved = united(cause.differences.iter().map(|difference| difference.moved));
        let unknown = cause.differences.iter().find(|difference| difference.moved == Moved::Unknown);
        cause.reason = unknown.map(|difference| difference.reason.clone()).unwrap_or_default();
        cause
    }
}

/// Tells of an object that was applied and is gone.
fn gone(kind: &dyn Kind, entry: &Entry, declared: Option<&Resource>) -> Cause {
    let applied = attrs_of(entry);
    let same = match (&applied, declared) {
        (Some(applied), Some(declared)) => attrs_json(&set(applied)) == attrs_json(&set(&declared.attrs)),
        _ => true,
    };
    let shown = applied.map(|attrs| kind.show(&set(&attrs))).unwrap_or_default();
    let drift = shown.iter().map(|(name, value)| Drift {
        attribute: name.clone(),
        applied: value.to_json(),
        live: serde_json::Value::Null,
    });
    Cause {
        moved: if same { Moved::Server } else { Moved::Both },
        reason: "removed on the server".into(),
        drift: drift.collect(),
        ..Cause::default()
    }
}

/// Returns the difference of what the planner records: where it is declared, whether it is kept.
fn of_record(entry: &Entry, declared: &Resource, change: &AttrDiff) -> Difference {
    let known = registry::misrecorded(entry, declared).contains(change) || change.attr == "name";
    match known {
        true => Difference { moved: Moved::Configuration, ..Difference::default() },
        false => Difference { moved: Moved::Unknown, reason: OLD_RECORD.into(), ..Difference::default() },
    }
}

/// Returns the attributes that were last applied; none where the record does not hold them.
fn attrs_of(entry: &Entry) -> Option<Attrs> {
    match entry.spec.get("attrs").map(Value::from_json) {
        Some(Value::Map(attrs)) => Some(attrs),
        _ => None,
    }
}

/// Returns attributes without those that are not declared.
fn set(attrs: &Attrs) -> Attrs {
    let set = attrs.iter().filter(|(_, value)| !value.is_null());
    set.map(|(name, value)| (name.clone(), value.clone())).collect::<BTreeMap<_, _>>()
}

fn applied(entry: &Entry) -> Applied {
    Applied { at: entry.applied_at.clone(), run: entry.run.clone(), by: String::new() }
}

/// Returns what parts of one object come to.
fn united(parts: impl Iterator<Item = Moved>) -> Moved {
    parts.reduce(Moved::and).unwrap_or(Moved::Configuration)
}
