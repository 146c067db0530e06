//! The part of a JSON plan that is terraform's: `resource_changes` and `planned_values`.
//!
//! A step is a resource change. Two are one where an address gives up one object and gets another:
//! terraform calls that a replacement. A migration is created, what is adopted is not touched, and
//! where nothing changes but the address, terraform calls it no operation.
//!
//! Sources: <https://developer.hashicorp.com/terraform/internals/json-format#change-representation>;
//! terraform's `internal/command/jsonplan/plan.go` for the reasons.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::model::value::attrs_json;
use crate::model::{Action, Addr, Attrs, Step, Value};

/// What terraform calls the provider.
const PROVIDER: &str = "charter";

/// Returns the steps in terraform's words.
pub fn resource_changes(steps: &[Step]) -> Vec<Json> {
    let mut at: BTreeMap<(&Addr, &str), Vec<&Step>> = BTreeMap::new();
    for step in steps {
        at.entry((&step.addr, &step.kind)).or_default().push(step);
    }
    let mut told = BTreeSet::new();
    let mut changes = Vec::new();
    for step in steps {
        let beside = at.get(&(&step.addr, &*step.kind)).map_or(&[][..], Vec::as_slice);
        match beside {
            [first, second] if is_replacement(first, second) => {
                if told.insert(&step.addr) {
                    changes.push(replacement(first, second));
                }
            }
            [_] | [] => changes.push(resource_change(step)),
            _ => changes.push(beside_others(step)),
        }
    }
    changes
}

/// Returns whether one of two steps removes what the other puts another object in the place of.
fn is_replacement(first: &Step, second: &Step) -> bool {
    matches!(
        (first.action, second.action),
        (Action::Delete, Action::Create) | (Action::Create, Action::Delete)
    )
}

/// Returns the values of all that is there after the plan, of what it is about.
pub fn planned_values(steps: &[Step]) -> Json {
    let resources: Vec<Json> = steps
        .iter()
        .filter_map(|step| {
            let after = after(step)?;
            let mut resource = resource(step);
            resource.insert("schema_version".into(), 0.into());
            resource.insert("values".into(), attrs_json(&after));
            resource.insert("sensitive_values".into(), mask(&after));
            Some(Json::Object(resource))
        })
        .collect();
    json!({"root_module": {"resources": resources}})
}

/// Returns what identifies a resource.
pub fn resource(step: &Step) -> Map<String, Json> {
    let (name, index) = step.addr.name();
    let mut members = Map::new();
    let fields = [
        ("address", json!(step.addr)),
        ("mode", json!("managed")),
        ("type", json!(step.kind)),
        ("name", json!(name)),
        ("provider_name", json!(PROVIDER)),
    ];
    members.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    members.extend(index.map(|index| ("index".to_owned(), index.into())));
    members
}

pub(in crate::render) fn resource_change(step: &Step) -> Json {
    let before = before(step);
    let after = after(step);
    let mut change = change(&actions(step), before.as_ref(), after.as_ref());
    if step.action == Action::Adopt {
        change["importing"] = json!({ "id": step.identity });
    }
    let mut members = resource(step);
    members.extend(previous_address(step).map(|addr| ("previous_address".to_owned(), json!(addr))));
    if step.action == Action::Delete {
        members.insert("action_reason".into(), "delete_because_no_resource_config".into());
    }
    members.insert("change".into(), change);
    Json::Object(members)
}

/// Returns a step at an address that has other steps: what is removed there is an object that the
/// address does not stand for any more, which terraform calls deposed.
fn beside_others(step: &Step) -> Json {
    let mut change = resource_change(step);
    if let Json::Object(members) = &mut change
        && step.action == Action::Delete
    {
        members.remove("action_reason");
        members.insert("deposed".into(), step.identity.as_str().into());
    }
    change
}

/// Returns two steps as one: what an address stood for goes, and something else comes.
fn replacement(first: &Step, second: &Step) -> Json {
    let (gone, come) = if first.action == Action::Delete { (first, second) } else { (second, first) };
    let named = |attrs: Option<Attrs>, step: &Step| {
        attrs.map(|mut attrs| {
            attrs.entry("name".into()).or_insert_with(|| step.identity.as_str().into());
            attrs
        })
    };
    let (before, after) = (named(before(gone), gone), named(after(come), come));
    let actions = [first, second].map(|step| actions(step)[0]);
    let mut change = change(&actions, before.as_ref(), after.as_ref());
    change["replace_paths"] = json!([["name"]]);
    let mut members = resource(come);
    members.insert("action_reason".into(), "replace_because_cannot_update".into());
    members.insert("change".into(), change);
    Json::Object(members)
}

fn change(actions: &[&str], before: Option<&Attrs>, after: Option<&Attrs>) -> Json {
    json!({
        "actions": actions,
        "before": before.map(attrs_json),
        "after": after.map(attrs_json),
        "after_unknown": {},
        "before_sensitive": before.map_or(Json::Bool(false), mask),
        "after_sensitive": after.map_or(Json::Bool(false), mask),
    })
}

/// Returns terraform's actions. A migration is created; what is adopted or has only another address
/// is not touched.
fn actions(step: &Step) -> [&'static str; 1] {
    match step.action {
        Action::Create | Action::Execute { .. } => ["create"],
        Action::Update if is_moved_only(step) => ["no-op"],
        Action::Update => ["update"],
        Action::Delete => ["delete"],
        Action::Forget => ["forget"],
        Action::Adopt => ["no-op"],
    }
}

/// Returns whether a step changes nothing but an address.
pub fn is_moved_only(step: &Step) -> bool {
    step.action == Action::Update
        && step.diff.iter().all(|diff| diff.attr == "address")
        && previous_address(step).is_some()
}

/// Returns where a resource was declared before, where that is elsewhere.
pub fn previous_address(step: &Step) -> Option<&str> {
    let moved = step.diff.iter().find(|diff| diff.attr == "address")?;
    moved.before.as_str().filter(|before| *before != step.addr.to_string())
}

/// Returns the whole object before the step. Its name is among the attributes where it changes.
fn before(step: &Step) -> Option<Attrs> {
    let mut before = step.before.clone()?;
    before.extend(renamed(step).map(|(old, _)| ("name".to_owned(), old.clone())));
    Some(before)
}

/// Returns the whole object after the step: what is there, changed to what is declared.
fn after(step: &Step) -> Option<Attrs> {
    let desired = step.desired.as_ref()?;
    let declared = desired.iter().filter(|(_, value)| !value.is_null());
    let mut after = match step.action {
        Action::Update | Action::Adopt => step.before.clone().unwrap_or_default(),
        Action::Create | Action::Delete | Action::Forget | Action::Execute { .. } => Attrs::new(),
    };
    // What is not declared and differs all the same goes back to what it is by itself.
    let is_declared = |attr: &String| desired.get(attr).is_some_and(|value| !value.is_null());
    for diff in step.diff.iter().filter(|diff| is_attribute(step, &diff.attr) && !is_declared(&diff.attr)) {
        match &diff.after {
            Value::Null => after.remove(&diff.attr),
            value => after.insert(diff.attr.clone(), value.clone()),
        };
    }
    after.extend(declared.map(|(name, value)| (name.clone(), value.clone())));
    after.extend(renamed(step).map(|(_, new)| ("name".to_owned(), new.clone())));
    Some(after)
}

/// Returns whether a difference is one of an attribute, and not of the record alone.
fn is_attribute(step: &Step, attr: &str) -> bool {
    step.action == Action::Update && step.before.as_ref().is_some_and(|before| before.contains_key(attr))
}

fn renamed(step: &Step) -> Option<(&Value, &Value)> {
    let renamed = step.diff.iter().find(|diff| diff.attr == "name")?;
    Some((&renamed.before, &renamed.after))
}

/// Returns an object with `true` where attributes hold something sensitive.
fn mask(attrs: &Attrs) -> Json {
    let sensitive = attrs.iter().filter(|(_, value)| value.is_sensitive());
    Json::Object(sensitive.map(|(name, value)| (name.clone(), mask_value(value))).collect())
}

fn mask_value(value: &Value) -> Json {
    match value {
        Value::Secret(_) => Json::Bool(true),
        Value::List(items) => Json::Array(items.iter().map(mask_value).collect()),
        Value::Map(map) => mask(map),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Ref { .. } => {
            Json::Bool(false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttrDiff, Digest};

    fn step(action: Action, identity: &str) -> Step {
        let attrs = Attrs::from([("hosts".to_owned(), Value::strings(["::/0"]))]);
        Step {
            id: 0,
            after: Vec::new(),
            addr: Addr::new("role", "analyst"),
            kind: "role".into(),
            identity: identity.into(),
            tenant: None,
            action,
            before: (action != Action::Create).then(|| attrs.clone()),
            desired: (action != Action::Delete).then_some(attrs),
            diff: Vec::new(),
            ops: Vec::new(),
            notes: Vec::new(),
            cause: crate::model::Cause::default(),
            costs: Vec::new(),
            expects: Digest::of_bytes(b""),
        }
    }

    #[test]
    fn another_object_at_the_address_is_a_replacement() {
        let changes = resource_changes(&[step(Action::Create, "new"), step(Action::Delete, "old")]);
        let [change] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!(change["change"]["actions"], json!(["create", "delete"]));
        assert_eq!(change["change"]["before"]["name"], "old");
        assert_eq!(change["change"]["after"]["name"], "new");
        assert_eq!(change["action_reason"], "replace_because_cannot_update");
        let changes = resource_changes(&[step(Action::Delete, "old"), step(Action::Create, "new")]);
        assert_eq!(changes[0]["change"]["actions"], json!(["delete", "create"]));
    }

    #[test]
    fn what_gives_way_to_something_that_exists_is_deposed() {
        let changes = resource_changes(&[step(Action::Adopt, "new"), step(Action::Delete, "old")]);
        assert_eq!(changes[0]["change"]["importing"]["id"], "new");
        assert_eq!(changes[1]["deposed"], "old");
        assert!(changes[1].get("action_reason").is_none());
    }

    #[test]
    fn another_address_alone_is_no_operation() {
        let mut moved = step(Action::Update, "analyst");
        let diff = |attr: &str, before: &str| AttrDiff {
            attr: attr.into(),
            before: before.into(),
            after: "analyst".into(),
        };
        moved.diff.push(diff("address", "role.reader"));
        let changes = resource_changes(std::slice::from_ref(&moved));
        assert_eq!(changes[0]["change"]["actions"], json!(["no-op"]));
        assert_eq!(changes[0]["previous_address"], "role.reader");
        moved.diff.push(diff("name", "reader"));
        let changes = resource_changes(&[moved]);
        assert_eq!(changes[0]["change"]["actions"], json!(["update"]));
        assert_eq!(changes[0]["change"]["before"]["name"], "reader");
    }

    #[test]
    fn what_is_not_declared_any_more_is_not_there_afterwards() {
        let mut changed = step(Action::Update, "analyst");
        changed.before.as_mut().unwrap().insert("names".into(), Value::strings(["evil"]));
        changed.diff.push(AttrDiff {
            attr: "names".into(),
            before: Value::strings(["evil"]),
            after: Value::strings::<&str>([]),
        });
        assert_eq!(resource_changes(&[changed])[0]["change"]["after"]["names"], json!([]));
    }

    #[test]
    fn what_is_there_afterwards_is_a_planned_value() {
        let values = planned_values(&[step(Action::Create, "new"), step(Action::Delete, "old")]);
        let resources = values["root_module"]["resources"].as_array().unwrap();
        assert_eq!(resources.len(), 1);
        assert_eq!(resources[0]["values"]["hosts"], json!(["::/0"]));
        assert_eq!(resources[0]["sensitive_values"], json!({}));
    }
}
