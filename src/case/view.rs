//! A plan as the asserts of a test see it.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::model::value::attrs_json;
use crate::model::{Action, Finding, Op, Plan, Step, Value};
use crate::render;

/// Returns `plan`: `summary`, `steps` by address, `changes` (the addresses in order), `findings`, `checks`,
/// `retained`, `sql` (each statement in order), `applyable`, `text` and `markdown`.
pub fn plan(plan: &Plan) -> Value {
    let document = render::json::plan(plan, "");
    let steps: BTreeMap<String, Json> =
        plan.steps.iter().map(|step| (step.addr.to_string(), self::step(step))).collect();
    let checks: BTreeMap<&str, &str> = plan
        .checks
        .iter()
        .map(|check| (&*check.address, if check.problems.is_empty() { "pass" } else { "fail" }))
        .collect();
    let text = render::text::Options { color: false, width: 100, sql: true, expand: false };
    Value::from_json(&json!({
        "scope": plan.scope,
        "environment": plan.environment,
        "summary": document["summary"],
        "steps": steps,
        "changes": plan.steps.iter().map(|step| step.addr.to_string()).collect::<Vec<_>>(),
        "findings": document["findings"],
        "access": document["access"],
        "checks": checks,
        "retained": plan.retained.iter().map(|kept| kept.addr.to_string()).collect::<Vec<_>>(),
        "sql": plan.steps.iter().flat_map(statements).collect::<Vec<_>>(),
        "applyable": plan.may_apply(),
        "refused": plan.findings.iter().any(Finding::refuses),
        "text": render::text::plan(plan, &text),
        "markdown": render::markdown::plan(plan, false),
    }))
}

fn step(step: &Step) -> Json {
    let changes: BTreeMap<&str, Json> = step
        .diff
        .iter()
        .map(|diff| (&*diff.attr, json!({ "before": diff.before.to_json(), "after": diff.after.to_json() })))
        .collect();
    json!({
        "address": step.addr,
        "kind": step.kind,
        "identity": step.identity,
        "tenant": step.tenant,
        "action": action(step.action),
        "before": step.before.as_ref().map(attrs_json),
        "after": step.desired.as_ref().map(attrs_json),
        "changes": changes,
        "notes": step.notes,
        "sql": statements(step).collect::<Vec<_>>(),
    })
}

/// Returns the word for an action.
fn action(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Adopt => "adopt",
        Action::Delete => "delete",
        Action::Forget => "forget",
        Action::Execute { .. } => "migrate",
    }
}

fn statements(step: &Step) -> impl Iterator<Item = &str> {
    step.ops.iter().filter_map(|op| match op {
        Op::Sql(sql) => Some(&*sql.statement),
        _ => None,
    })
}
