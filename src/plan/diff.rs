//! Comparing: a declared resource with its live object, less what `ignore_changes` leaves alone;
//! and digests and texts of what was found.

use serde_json::json;

use crate::kinds::{Kind, World};
use crate::model::registry::{self, Entry, Status};
use crate::model::value::attrs_json;
use crate::model::{AttrDiff, Attrs, Digest, Resource, Value};

/// A declared resource compared with its live object.
pub struct Compared {
    /// The resource as it is to be: ignored attributes that differ have their live values, so that
    /// a change of something else leaves them alone.
    pub wanted: Resource,
    /// The differences that are to be mended.
    pub diff: Vec<AttrDiff>,
}

/// Compares a resource with its live object.
pub fn compare(kind: &dyn Kind, resource: &Resource, live: Option<&Attrs>, world: &World) -> Compared {
    let mut wanted = resource.clone();
    let Some(live) = live else {
        let diff = Vec::new();
        return Compared { wanted, diff };
    };
    let mut diff = kind.diff(resource, live, world);
    diff.retain(|change| {
        let ignored = resource.ignore_changes.iter().find(|name| {
            let rest = change.attr.strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        if let Some(name) = ignored {
            keep_live(&mut wanted.attrs, live, name);
        }
        ignored.is_none()
    });
    Compared { wanted, diff }
}

/// Sets an attribute to what it is on the server.
fn keep_live(wanted: &mut Attrs, live: &Attrs, name: &str) {
    match live.get(name) {
        Some(value) => _ = wanted.insert(name.to_owned(), value.clone()),
        None => _ = wanted.remove(name),
    }
}

/// Returns the digest of what a step expects to find: the live attributes, sensitive ones hidden,
/// and the record with the fingerprint of its credential, whose random salt keeps it from being
/// guessed. What is hidden of the record could be, and is left out: the row that is written is
/// compared with it.
pub fn expects(live: Option<&Attrs>, entry: Option<&Entry>) -> Digest {
    let recorded = entry.map(|entry| {
        let Entry { scope, environment, addr, kind, identity, status, spec, .. } = entry;
        let Entry { salt, fingerprint, credential_at, beside, .. } = entry;
        let claimed = *status == Status::Claimed;
        let shown = registry::shown(spec);
        let spec = shown.as_ref().unwrap_or(spec);
        let credential = json!([salt, fingerprint, credential_at, beside.columns()]);
        json!([scope, environment, addr, kind, identity, claimed, spec, credential])
    });
    Digest::of_json(&json!([live.map(attrs_json), recorded]))
}

/// Returns what was expected and what was found, a line an attribute.
pub fn sides(diff: &[AttrDiff]) -> (String, String) {
    let side = |pick: fn(&AttrDiff) -> &Value| {
        let lines = diff.iter().map(|change| line(&change.attr, pick(change)));
        lines.collect::<Vec<_>>().join("\n")
    };
    (side(|change| &change.after), side(|change| &change.before))
}

fn line(attr: &str, value: &Value) -> String {
    match value {
        Value::Null => format!("{attr}: nothing"),
        Value::Secret(_) => format!("{attr}: {}", crate::model::secret::HIDDEN),
        value => format!("{attr}: {}", value.to_json()),
    }
}
