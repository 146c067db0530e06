//! A plan for programs: terraform's plan format where it has one (`resource_changes`, so that
//! conftest, tf-summarize and the like work), and what is charter's own beside it: `steps` with
//! their operations, `access`, `findings`, `retained`, `summary`, `digest`.
//!
//! Source: <https://developer.hashicorp.com/terraform/internals/json-format>. Sensitive values are
//! hidden, where terraform writes them out; the `_sensitive` masks say where.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::model::value::attrs_json;
use crate::model::{Action, Addr, AttrDiff, Attrs, Plan, Step, Value};

/// The version of terraform's format that `resource_changes` follows.
const FORMAT_VERSION: &str = "1.2";

/// Returns a plan as a JSON document. `version` is charter's own.
pub fn plan(plan: &Plan, version: &str) -> Json {
    let changes: Vec<Json> = plan.steps.iter().map(resource_change).collect();
    let steps: Vec<Json> = plan.steps.iter().map(step).collect();
    let slots: BTreeMap<String, Json> =
        plan.slots.iter().map(|(slot, source)| (slot.to_string(), json!(source))).collect();
    json!({
        "format_version": FORMAT_VERSION,
        "charter_version": version,
        "scope": plan.scope,
        "environment": plan.environment,
        "servers": plan.servers,
        "resource_changes": changes,
        "resource_drift": [],
        "steps": steps,
        "rollout": plan.rollout,
        "access": plan.access,
        "slots": slots,
        "findings": plan.findings,
        "allowed": plan.allowed,
        "retained": plan.retained,
        "checks": super::checks::json(&plan.checks),
        "summary": summary(plan),
        "digest": plan.digest(),
        "applyable": plan.may_apply() && !plan.steps.is_empty(),
        "errored": !plan.may_apply(),
    })
}

fn summary(plan: &Plan) -> Json {
    let mut summary = json!(plan.counts());
    if let Some(fields) = summary.as_object_mut() {
        fields.insert("unchanged".into(), plan.unchanged.into());
    }
    summary
}

/// Returns a step in terraform's words.
fn resource_change(step: &Step) -> Json {
    let after = after(step);
    let mut change = json!({
        "actions": actions(step.action),
        "before": step.before.as_ref().map(attrs_json),
        "after": after.as_ref().map(attrs_json),
        "after_unknown": {},
        "before_sensitive": step.before.as_ref().map_or(Json::Bool(false), mask),
        "after_sensitive": after.as_ref().map_or(Json::Bool(false), mask),
    });
    if step.action == Action::Adopt {
        change["importing"] = json!({ "id": step.identity });
    }
    let (name, index) = name(&step.addr);
    let mut document = json!({
        "address": step.addr,
        "mode": "managed",
        "type": step.kind,
        "name": name,
        "provider_name": "charter",
        "change": change,
    });
    if let Some(index) = index {
        document["index"] = index.into();
    }
    document
}

/// Returns terraform's actions. A migration is created; what is adopted is not touched.
fn actions(action: Action) -> [&'static str; 1] {
    match action {
        Action::Create | Action::Execute { .. } => ["create"],
        Action::Update => ["update"],
        Action::Delete => ["delete"],
        Action::Adopt => ["no-op"],
    }
}

/// Returns the whole object after the step: what is there, changed to what is declared.
fn after(step: &Step) -> Option<Attrs> {
    let desired = step.desired.as_ref()?;
    let declared = desired.iter().filter(|(_, value)| !value.is_null());
    let mut after = match step.action {
        Action::Update | Action::Adopt => step.before.clone().unwrap_or_default(),
        Action::Create | Action::Delete | Action::Execute { .. } => Attrs::new(),
    };
    after.extend(declared.map(|(name, value)| (name.clone(), value.clone())));
    Some(after)
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

/// Returns what an address names below its block type, and its last key.
fn name(addr: &Addr) -> (String, Option<&str>) {
    let below = addr.segments().get(1..).unwrap_or_default();
    let words: Vec<&str> = below.iter().map(|segment| segment.word.as_str()).collect();
    let index = addr.segments().iter().rev().find_map(|segment| segment.key.as_deref());
    (words.join("."), index)
}

/// Returns a step with its operations.
fn step(step: &Step) -> Json {
    let Step {
        id,
        after,
        addr,
        kind,
        identity,
        tenant,
        action,
        before: _,
        desired: _,
        diff,
        ops,
        notes,
        costs,
        expects,
    } = step;
    let mut document = Map::new();
    let fields = [
        ("id", json!(id)),
        ("after", json!(after)),
        ("address", json!(addr)),
        ("kind", json!(kind)),
        ("identity", json!(identity)),
        ("tenant", json!(tenant)),
        ("action", json!(action)),
        ("diff", diff.iter().map(AttrDiff::to_json).collect()),
        ("operations", json!(ops)),
        ("notes", json!(notes)),
        ("cost", json!(costs)),
        ("expects", json!(expects)),
    ];
    document.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    Json::Object(document)
}
