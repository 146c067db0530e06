//! Kubernetes objects as JSON: from the wire to values with secrets out of sight, and back; merging
//! and pruning of fields.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use super::super::{Error, ErrorKind, ObjectWrite};
use crate::model::snapshot::Api;
use crate::model::{Secret, Value};

/// Where `kubectl apply` keeps the whole object, a Secret's `data` included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Returns an object as a value. Of a Secret, everything that holds its data is out of sight.
pub(super) fn to_value(object: &Json, api: &Api) -> Value {
    let mut value = Value::from_json(object);
    if *api != Api::secrets() {
        return value;
    }
    for field in ["data", "stringData"] {
        if let Some(data) = member(&mut value, &[field]) {
            *data = std::mem::replace(data, Value::Null).into_sensitive();
        }
    }
    if let Some(text) = member(&mut value, &["metadata", "annotations", LAST_APPLIED]) {
        *text = std::mem::replace(text, Value::Null).into_sensitive();
    }
    value
}

fn member<'a>(value: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Map(map) => map.get_mut(*key),
        _ => None,
    })
}

/// Returns the whole object that is to be written: its type, name and namespace filled in, and a
/// Secret's entries encoded into `data`.
pub(super) fn to_json(write: &ObjectWrite) -> Json {
    let mut object = write.object.clone();
    let identity = serde_json::json!({
        "apiVersion": write.api.api_version(),
        "kind": write.api.kind,
        "metadata": { "name": write.name, "namespace": write.namespace },
    });
    merge(&mut object, &identity);
    if !write.data.is_empty() {
        let data: Map<String, Json> = write
            .data
            .iter()
            .map(|(key, value)| (key.clone(), STANDARD.encode(value.expose()).into()))
            .collect();
        merge(&mut object, &serde_json::json!({ "data": data }));
    }
    object
}

/// Returns what a key of a Secret holds, decoded.
pub(super) fn decoded_key(secret: &Json, key: &str) -> Result<Option<Secret>, Error> {
    let Some(encoded) = secret["data"][key].as_str() else {
        return Ok(None);
    };
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded {
        Some(text) => Ok(Some(Secret::new(text))),
        None => Err(Error {
            kind: ErrorKind::Refused,
            code: None,
            message: format!("key {key} of the Secret holds something else than text in base64"),
            query_id: None,
        }),
    }
}

/// Moves `stringData` into `data`, as the API server does with what people write.
pub(super) fn encode_string_data(object: &mut Json) {
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    let Some(Json::Object(plain)) = fields.remove("stringData") else {
        return;
    };
    let encoded: Map<String, Json> = plain
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), STANDARD.encode(value.as_str()?).into())))
        .collect();
    merge(object, &serde_json::json!({ "data": encoded }));
}

/// Puts the fields of `ours` into `target`: objects member by member, everything else whole.
pub(super) fn merge(target: &mut Json, ours: &Json) {
    match (target, ours) {
        (Json::Object(target), Json::Object(ours)) => {
            for (key, value) in ours {
                merge(target.entry(key.clone()).or_insert(Json::Null), value);
            }
        }
        (target, ours) => *target = ours.clone(),
    }
}

/// Removes the field that a JSON pointer names; one that is not there is no error.
pub(super) fn prune(object: &mut Json, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        return;
    };
    let key = unescape(last);
    match object.pointer_mut(parent) {
        Some(Json::Object(map)) => {
            map.remove(&key);
        }
        Some(Json::Array(items)) => {
            if let Some(index) = key.parse().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}

/// Returns the JSON merge patch (RFC 7396) that removes the fields that the pointers name.
pub(super) fn removal(pointers: &[String]) -> Json {
    let mut patch = Json::Object(Map::new());
    for path in pointers.iter().filter_map(|pointer| pointer.strip_prefix('/')) {
        let keys = path.rsplit('/').map(unescape);
        let nested = keys.fold(Json::Null, |inner, key| Json::Object([(key, inner)].into_iter().collect()));
        merge(&mut patch, &nested);
    }
    patch
}

/// Undoes the escapes of a JSON pointer's segment (RFC 6901).
fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_data_of_a_secret_is_out_of_sight() {
        let object = json!({
            "kind": "Secret",
            "metadata": { "annotations": { LAST_APPLIED: "aHVudGVyNQ==", "a": "b" } },
            "data": { "password": "aHVudGVyNQ==" },
            "stringData": { "password": "hunter5" },
        });
        let value = to_value(&object, &Api::secrets());
        let shown = value.to_json().to_string();
        assert!(!shown.contains("hunter5") && !shown.contains("aHVudGVyNQ"), "{shown}");
        assert!(shown.contains("\"a\":\"b\""), "{shown}");
        assert_eq!(
            value.get("data").and_then(|data| data.get("password")),
            Some(&Value::Secret(Secret::new("aHVudGVyNQ==")))
        );
    }

    #[test]
    fn ours_is_merged_and_the_rest_stays() {
        let mut target = json!({ "a": { "b": 1, "c": [1, 2] }, "d": "x" });
        merge(&mut target, &json!({ "a": { "c": [3], "e": {} }, "d": { "f": 1 } }));
        assert_eq!(target, json!({ "a": { "b": 1, "c": [3], "e": {} }, "d": { "f": 1 } }));
    }

    #[test]
    fn pointers_are_removed() {
        let mut object = json!({ "metadata": { "labels": { "a/b": "1", "c": "2" } } });
        prune(&mut object, "/metadata/labels/a~1b");
        prune(&mut object, "/not/there");
        prune(&mut object, "");
        assert_eq!(object, json!({ "metadata": { "labels": { "c": "2" } } }));
        assert_eq!(
            removal(&["/metadata/labels/a~1b".into(), "/spec/x".into()]),
            json!({ "metadata": { "labels": { "a/b": null } }, "spec": { "x": null } })
        );
    }

    #[test]
    fn a_key_is_decoded_or_refused_without_its_value() {
        let secret = json!({ "data": { "good": "aHVudGVyNQ==", "bad": "!hunter5!" } });
        assert_eq!(decoded_key(&secret, "good"), Ok(Some(Secret::new("hunter5"))));
        assert_eq!(decoded_key(&secret, "none"), Ok(None));
        let error = decoded_key(&secret, "bad").expect_err("refused");
        assert!(!error.message.contains("hunter5"), "{error}");
    }
}
