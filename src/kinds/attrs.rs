//! Attributes of live objects: how they differ from what is declared, and who wrote them.

use crate::model::{AttrDiff, Attrs, Value};

/// Who wrote a field of a live object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The field manager.
    pub manager: String,
    /// When, as the server tells it; empty where it does not.
    pub at: String,
    /// Whether it is charter.
    pub ours: bool,
}

/// Compares attribute by attribute: those that are declared; what else is there is ignored.
pub fn diff_attrs(wanted: &Attrs, live: &Attrs) -> Vec<AttrDiff> {
    let declared = wanted.iter().filter(|(_, value)| !value.is_null());
    let differing = declared.filter(|(name, value)| live.get(*name) != Some(*value));
    differing
        .map(|(name, value)| AttrDiff {
            attr: name.clone(),
            before: live.get(name).cloned().unwrap_or(Value::Null),
            after: value.clone(),
        })
        .collect()
}
