//! Reading Kubernetes objects out of what was listed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::kinds::Writer;
use crate::model::snapshot::Api;
use crate::model::{Secret, Snapshot, Value};

/// The field manager of what charter declares.
pub const MANAGER: &str = "charter";
/// The field manager of a Secret's credential keys.
pub const CREDENTIALS_MANAGER: &str = "charter-credentials";
/// The label by which people and other tools see who manages an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Returns an object by name.
pub fn find<'a>(snapshot: &'a Snapshot, api: &Api, namespace: &str, name: &str) -> Option<&'a Value> {
    let objects = snapshot.objects(api, namespace);
    // Clusters list by name; a list in another order is gone through.
    let at = objects.partition_point(|object| name_of(object) < name);
    let found = objects.get(at).filter(|object| name_of(object) == name);
    found.or_else(|| objects.iter().find(|object| name_of(object) == name))
}

/// Returns the name of an object.
pub fn name_of(object: &Value) -> &str {
    text(object, &["metadata", "name"])
}

/// Returns a value inside an object.
pub fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, key| value.get(key))
}

/// Returns a text inside an object; empty where there is none.
pub fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    at(object, path).and_then(Value::as_str).unwrap_or_default()
}

/// What a key of a Secret holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// A text.
    Text(Secret),
    /// Bytes that are no UTF-8, or no base64.
    Binary,
}

/// Returns what a key of a Secret holds; none where there is no such key.
pub fn held(object: &Value, key: &str) -> Option<Held> {
    let encoded = match at(object, &["data", key])? {
        Value::Secret(secret) => secret.expose().to_owned(),
        other => other.as_str()?.to_owned(),
    };
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Some(decoded.map_or(Held::Binary, |text| Held::Text(Secret::new(text))))
}

/// Returns the field managers, other than ours, that own a field: `["f:data", "f:password"]`.
pub fn other_managers(object: &Value, path: &[&str]) -> Vec<String> {
    let mut managers = managers(object, path);
    managers.retain(|manager| manager != MANAGER && manager != CREDENTIALS_MANAGER);
    managers
}

/// Returns the field managers that own a field.
pub fn managers(object: &Value, path: &[&str]) -> Vec<String> {
    let managed = at(object, &["metadata", "managedFields"]).map_or(&[][..], Value::items);
    let mut managers: Vec<String> = managed
        .iter()
        .filter(|entry| at(entry, &["fieldsV1"]).is_some_and(|fields| at(fields, path).is_some()))
        .map(|entry| text(entry, &["manager"]).to_owned())
        .collect();
    managers.sort();
    managers.dedup();
    managers
}

/// Returns who wrote a field, and when; none where the object does not keep who wrote it.
pub fn writers(object: &Value, path: &[&str]) -> Option<Vec<Writer>> {
    let managed =
        at(object, &["metadata", "managedFields"]).map(Value::items).filter(|all| !all.is_empty())?;
    let owns = |entry: &&Value| at(entry, &["fieldsV1"]).is_some_and(|fields| at(fields, path).is_some());
    let writer = |entry: &Value| {
        let manager = text(entry, &["manager"]).to_owned();
        let ours = manager == MANAGER || manager == CREDENTIALS_MANAGER;
        Writer { ours, manager, at: text(entry, &["time"]).to_owned() }
    };
    Some(managed.iter().filter(owns).map(writer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> Value {
        Value::from_json(&serde_json::json!({
            "metadata": {"name": "s", "managedFields": [
                {"manager": "charter-credentials", "fieldsV1": {"f:data": {"f:password": {}}}},
                {"manager": "kubectl-edit", "fieldsV1": {"f:data": {"f:password": {}}}},
            ]},
            "data": {"password": "aHVudGVy", "binary": "/w==", "junk": "%%"},
        }))
    }

    #[test]
    fn keys_are_decoded_or_told_to_be_binary() {
        assert_eq!(held(&object(), "password"), Some(Held::Text(Secret::new("hunter"))));
        assert_eq!(held(&object(), "binary"), Some(Held::Binary));
        assert_eq!(held(&object(), "junk"), Some(Held::Binary));
        assert_eq!(held(&object(), "absent"), None);
    }

    #[test]
    fn other_managers_are_named() {
        assert_eq!(other_managers(&object(), &["f:data", "f:password"]), ["kubectl-edit"]);
    }
}
