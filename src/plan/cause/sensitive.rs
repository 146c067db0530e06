//! Which side moved where the value is sensitive and no record holds it: who wrote the field last.
//!
//! Kubernetes keeps who owns each field: what is still charter's was not changed since charter wrote
//! it. Whether the configuration moved, too, cannot be told then, and is not guessed.

use crate::kinds::{Kind, World, Writer};
use crate::model::cause::{Difference, Trace};
use crate::model::secret::HIDDEN;
use crate::model::{AttrDiff, Moved, Resource, Value};

/// Why it cannot be told.
const UNTOLD: &str = "its value is sensitive, and nothing tells who wrote it last";

/// Returns whether a difference is one of sensitive values.
pub fn concerns(change: &AttrDiff, drift: &[&AttrDiff]) -> bool {
    let hidden = |value: &Value| value.is_sensitive() || value.as_str() == Some(HIDDEN);
    hidden(&change.before) || hidden(&change.after) || drift.iter().any(|other| hidden(&other.after))
}

/// Returns which side moved, by who wrote the field.
pub fn difference(change: &AttrDiff, drift: &[&AttrDiff], writers: Option<&[Writer]>) -> Difference {
    let known = |moved| Difference { moved, ..Difference::default() };
    let Some(applied) = drift.first() else { return known(Moved::Configuration) };
    if change.after.is_null() {
        // It was applied and is no longer declared.
        return known(Moved::Configuration);
    }
    if applied.after.as_str().is_some_and(|text| text != HIDDEN) {
        // It was recorded when it was not sensitive.
        return known(Moved::Both);
    }
    match writers {
        _ if change.before.is_null() => known(Moved::Server),
        Some(writers) if writers.iter().any(|writer| !writer.ours) => known(Moved::Server),
        Some(writers) if !writers.is_empty() => known(Moved::Configuration),
        _ => Difference { moved: Moved::Unknown, reason: UNTOLD.into(), items: Vec::new() },
    }
}

/// Returns who else wrote an attribute, where the server tells.
pub fn traces(kind: &dyn Kind, declared: &Resource, attr: &str, world: &World) -> Vec<Trace> {
    let writers = kind.writers(declared, attr, world).unwrap_or_default();
    let others = writers.into_iter().filter(|writer| !writer.ours);
    let trace = |writer: Writer| Trace {
        what: attr.to_owned(),
        by: writer.manager,
        at: writer.at,
        source: "managedFields".into(),
        query_id: String::new(),
    };
    others.map(trace).collect()
}
