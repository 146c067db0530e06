//! Secrets that were left unread: what was last applied is taken as still there.
//!
//! The record has the labels, the keys of the data and the values that are not sensitive. Whether a
//! sensitive value changed cannot be told from it: it is compared when Secrets are read again.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::World;
use crate::model::finding::{Finding, Severity};
use crate::model::plan::AttrDiff;
use crate::model::registry::{Entry, Status};
use crate::model::secret::HIDDEN;
use crate::model::snapshot::Api;
use crate::model::{Attrs, Category, Resource, Value};

/// Returns what is recorded of Secrets that were applied.
pub fn observe(identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
    let recorded = |identity: &&str| {
        let entry = world.registry.mine(super::NAME, identity)?;
        (entry.status == Status::Applied).then(|| ((*identity).to_owned(), recorded(entry)))
    };
    identities.iter().filter_map(recorded).collect()
}

fn recorded(entry: &Entry) -> Attrs {
    let attrs = entry.spec.get("attrs").map(Value::from_json);
    let attr = |name: &str| {
        let recorded = attrs.as_ref().and_then(|attrs| attrs.get(name)).cloned();
        recorded.unwrap_or_else(|| Value::Map(BTreeMap::new()))
    };
    Attrs::from([("labels".to_owned(), attr("labels")), ("data".to_owned(), attr("data"))])
}

/// Compares what is declared with what is recorded: both ways, for what was applied and is no longer
/// declared is removed. Sensitive values are as they were.
pub fn diff(wanted: &Resource, live: &Attrs) -> Vec<AttrDiff> {
    let entries = |attrs: &Attrs, name: &str| -> BTreeMap<String, Value> {
        attrs.get(name).and_then(Value::as_map).cloned().unwrap_or_default()
    };
    let mut diff = Vec::new();
    for name in ["labels", "data"] {
        let (wanted, mut live) = (entries(&wanted.attrs, name), entries(live, name));
        for (key, after) in wanted {
            let before = live.remove(&key).unwrap_or(Value::Null);
            let is_hidden = after.is_sensitive() && before.as_str() == Some(HIDDEN);
            if !is_hidden && before.as_str() != after.as_str() || before.is_null() {
                diff.push(AttrDiff { attr: format!("{name}.{key}"), before, after });
            }
        }
        let dropped = live.into_iter();
        diff.extend(dropped.map(|(key, before)| AttrDiff {
            attr: format!("{name}.{key}"),
            before,
            after: Value::Null,
        }));
    }
    diff
}

/// Says that so many declared Secrets were not looked at; nothing where they were.
pub fn told(count: usize, world: &World) -> Option<Finding> {
    if !world.snapshot.withholds(&Api::secrets()) || count == 0 {
        return None;
    }
    let noun = if count == 1 { "Secret was" } else { "Secrets were" };
    let summary = format!("{count} {noun} not looked at, nor were the passwords in them");
    let note = Finding::new("CH343", Severity::Note, Category::Secrets, summary)
        .compare("", "what was last applied is taken as still there; changes of sensitive values do not show")
        .help("without --no-secrets they are read and compared; apply always does")
        .help("a saved plan that changes or removes a Secret that exists is not what an apply finds then: it is refused as stale, and the plan of that moment needs an approval again");
    Some(note)
}
