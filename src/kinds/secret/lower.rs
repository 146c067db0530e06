//! The operations of a Secret.

use std::collections::BTreeMap;

use serde_json::json;

use crate::kinds::common::credential::CREDENTIALS_OF;
use crate::kinds::common::kube;
use crate::kinds::{Change, Lowered, World};
use crate::model::op::{KubeApply, KubeDelete, KubeWrite, Op, Text};
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::snapshot::Api;
use crate::model::value::attrs_json;
use crate::model::{Action, Attrs, Resource, Value};

/// Lowers a change of a Secret.
pub fn lower(change: &Change, world: &World) -> Lowered {
    match (change.action, change.wanted) {
        (Action::Delete, _) => Lowered::ops(delete(change)),
        (Action::Create, Some(wanted)) => {
            // The user's step has just made the Secret; this adds the rest.
            let keeps_credential = wanted.attrs.contains_key(CREDENTIALS_OF);
            let more = ["labels", "data"].iter().any(|attr| wanted.attrs.contains_key(*attr));
            if keeps_credential && !more {
                return Lowered::default();
            }
            let adds = KubeWrite::Apply { force: false, resource_version: None };
            let mode = if keeps_credential { adds } else { KubeWrite::Create };
            Lowered::ops([write(wanted, mode, Vec::new())])
        }
        (Action::Update, Some(wanted)) => update(change, wanted, world),
        _ => Lowered::default(),
    }
}

fn update(change: &Change, wanted: &Resource, world: &World) -> Lowered {
    if change.diff.is_empty() {
        return Lowered::default();
    }
    let object = kube::find(world.snapshot, &Api::secrets(), wanted.text("namespace"), wanted.text("name"));
    let mut managers: Vec<String> = change
        .diff
        .iter()
        .filter_map(|diff| Some((object?, field(&diff.attr)?)))
        .flat_map(|(object, path)| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            kube::other_managers(object, &path)
        })
        .collect();
    managers.dedup();
    let mode = KubeWrite::Apply { force: !managers.is_empty(), resource_version: None };
    let dropped = match (change.entry, change.live) {
        (Some(entry), Some(live)) => {
            dropped(entry, wanted, live).into_iter().map(|(pointer, _)| pointer).collect()
        }
        _ => Vec::new(),
    };
    let notes =
        managers.iter().map(|manager| format!("fields are taken from field manager {manager}")).collect();
    Lowered { notes, ..Lowered::ops([write(wanted, mode, dropped)]) }
}

/// Returns the managed-fields path of a difference: `data.host` is `f:data`, `f:host`.
pub fn field(attr: &str) -> Option<Vec<String>> {
    match attr.split_once('.')? {
        ("labels", key) => Some(vec!["f:metadata".into(), "f:labels".into(), format!("f:{key}")]),
        (map, key) => Some(vec![format!("f:{map}"), format!("f:{key}")]),
    }
}

/// Returns the entries that were applied, are no longer declared, and are still there: as JSON
/// pointers, and as differences.
pub fn dropped(entry: &Entry, wanted: &Resource, live: &Attrs) -> Vec<(String, AttrDiff)> {
    let mut all = Vec::new();
    for (attr, pointer) in [("labels", "/metadata/labels"), ("data", "/data")] {
        let recorded = entry.spec.pointer(&format!("/attrs/{attr}")).and_then(serde_json::Value::as_object);
        for key in recorded.into_iter().flatten().map(|(key, _)| key) {
            let declared = wanted.attrs.get(attr).and_then(|map| map.get(key)).is_some();
            let found = live.get(attr).and_then(|map| map.get(key));
            if let (false, Some(found)) = (declared, found) {
                let escaped = key.replace('~', "~0").replace('/', "~1");
                let diff =
                    AttrDiff { attr: format!("{attr}.{key}"), before: found.clone(), after: Value::Null };
                all.push((format!("{pointer}/{escaped}"), diff));
            }
        }
    }
    all
}

fn write(wanted: &Resource, mode: KubeWrite, prune: Vec<String>) -> Op {
    let (namespace, name) = (wanted.text("namespace"), wanted.text("name"));
    let map = |attr: &str| wanted.attrs.get(attr).and_then(Value::as_map).cloned().unwrap_or_default();
    let mut labels = map("labels");
    if mode == KubeWrite::Create {
        labels.entry(kube::MANAGED_BY.to_owned()).or_insert_with(|| "charter".into());
    }
    let data = map("data").into_iter().filter_map(|(key, value)| {
        let text = match &value {
            Value::Secret(secret) => Text::Sensitive(secret.clone()),
            other => Text::Plain(other.as_str()?.to_owned()),
        };
        Some((key, text))
    });
    let apply = KubeApply {
        api: Api::secrets(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        manager: kube::MANAGER.to_owned(),
        object: json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace, "labels": attrs_json(&labels)},
            "type": "Opaque",
        }),
        data: data.collect::<BTreeMap<_, _>>(),
        mode,
        prune,
    };
    apply.into()
}

fn delete(change: &Change) -> Option<Op> {
    let (namespace, name) = change.identity.split_once('/')?;
    let uid = change.live.and_then(|live| live.get("uid")).and_then(Value::as_str);
    Some(Op::KubeDelete(KubeDelete {
        api: Api::secrets(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: uid.filter(|uid| !uid.is_empty()).map(str::to_owned),
    }))
}
