//! A plan for programs: terraform's plan format where it has one ([`terraform`]), so that conftest,
//! tf-summarize and the like read it, and what is charter's own beside it: `steps` with their
//! operations, `access`, `findings`, `retained`, `summary`, `digest`.
//!
//! Source: <https://developer.hashicorp.com/terraform/internals/json-format>. Sensitive values are
//! hidden, where terraform writes them out; the `_sensitive` masks say where. Left out is what
//! charter would have to make up: `terraform_version`, `configuration`, `variables`, `prior_state`
//! and `timestamp`; equal plans are equal documents.

pub mod terraform;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::drift;
use super::risk::{self, Risk};
use crate::model::{Plan, Step};

/// The version of terraform's format that `resource_changes` follows.
const FORMAT_VERSION: &str = "1.2";

/// Returns a plan as a JSON document. `version` is charter's own.
pub fn plan(plan: &Plan, version: &str) -> Json {
    let steps: Vec<Json> = plan.steps.iter().map(step).collect();
    let slots: BTreeMap<String, Json> =
        plan.slots.iter().map(|(slot, source)| (slot.to_string(), json!(source))).collect();
    json!({
        "format_version": FORMAT_VERSION,
        "charter_version": version,
        "scope": plan.scope,
        "environment": plan.environment,
        "servers": plan.servers,
        "planned_values": terraform::planned_values(&plan.steps),
        "resource_changes": terraform::resource_changes(&plan.steps),
        "resource_drift": drift::resource_drift(plan, |step| Json::Object(terraform::resource(step))),
        "output_changes": {},
        "steps": steps,
        "rollout": plan.rollout,
        "access": plan.access,
        "slots": slots,
        "findings": plan.findings,
        "allowed": plan.allowed,
        "retained": plan.retained,
        "checks": super::checks::json(&plan.checks),
        "gates": plan.gates,
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
        cause,
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
        ("diff", json!(drift::diff(diff, cause))),
        ("cause", drift::cause(cause)),
        ("operations", json!(ops)),
        ("notes", json!(notes)),
        ("cost", json!(costs)),
        ("risks", risk::of(step).iter().map(taken_away).collect()),
        ("expects", json!(expects)),
    ];
    document.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    Json::Object(document)
}

/// Returns one thing that a step takes away.
fn taken_away(Risk { verb, object, statement: _ }: &Risk) -> Json {
    json!({"what": verb, "object": object})
}
