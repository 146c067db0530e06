//! Plans and checks as events for programs, one object a line, after terraform's machine-readable
//! UI: `planned_change`, `access_change`, `diagnostic`,
//! `change_summary`.
//!
//! Source: <https://developer.hashicorp.com/terraform/internals/machine-readable-ui>. A finding is a
//! `diagnostic` with charter's own fields beside terraform's.

use serde_json::{Value as Json, json};

use super::text;
use crate::model::access::AccessChange;
use crate::model::plan::Step;
use crate::model::{Action, Finding, Plan, Severity};

/// Returns a plan: a line a step, a line a role or user whose access changes, a line a finding, and
/// the summary.
pub fn plan(plan: &Plan) -> Vec<Json> {
    let counts = plan.counts();
    let summary = json!({
        "@level": "info",
        "@message": text::summary(counts),
        "type": "change_summary",
        "changes": {
            "add": counts.create + counts.migrations,
            "change": counts.update,
            "remove": counts.delete,
            "import": counts.adopt,
            "operation": "plan",
        },
    });
    plan.steps
        .iter()
        .map(change)
        .chain(plan.access.iter().map(access))
        .chain(plan.findings.iter().map(finding))
        .chain([summary])
        .collect()
}

/// Returns a check: a line a finding, and the summary.
pub fn check(findings: &[Finding]) -> Vec<Json> {
    let drifted = findings.iter().filter(|finding| finding.severity <= Severity::Drift).count();
    let summary = json!({
        "@level": if drifted == 0 { "info" } else { "error" },
        "@message": format!("{drifted} of {} findings are drift", findings.len()),
        "type": "check_summary",
        "findings": findings.len(),
        "drift": drifted,
    });
    findings.iter().map(finding).chain([summary]).collect()
}

fn change(step: &Step) -> Json {
    let action = match step.action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Adopt => "import",
        Action::Delete => "delete",
        Action::Forget => "forget",
        Action::Execute { .. } => "execute",
    };
    json!({
        "@level": "info",
        "@message": format!("{}: plan to {action}", step.addr),
        "type": "planned_change",
        "change": {
            "resource": {"addr": step.addr, "resource_type": step.kind, "resource_name": step.identity},
            "action": action,
        },
    })
}

fn access(change: &AccessChange) -> Json {
    json!({
        "@level": "info",
        "@message": format!("{}: access of {} {} changes", change.addr, change.of.word(), change.principal),
        "type": "access_change",
        "access": change,
    })
}

fn finding(finding: &Finding) -> Json {
    let level = match finding.severity {
        _ if finding.denied => "error",
        Severity::Error | Severity::Decision | Severity::Drift => "error",
        Severity::Warning => "warn",
        Severity::Note => "info",
    };
    json!({
        "@level": level,
        "@message": format!("{}: {}", finding.code, finding.summary),
        "type": "diagnostic",
        "diagnostic": {
            "severity": if level == "error" { "error" } else { "warning" },
            "summary": finding.summary,
            "detail": finding.help.join("\n"),
        },
        "finding": finding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Category;

    #[test]
    fn every_line_has_a_type_and_a_message() {
        let findings =
            vec![Finding::new("CH501", Severity::Drift, Category::Tables, "a managed table is missing")];
        let plan = Plan { findings: findings.clone(), ..Plan::default() };
        let lines = [super::plan(&plan), check(&findings)].concat();
        assert_eq!(lines.len(), 4);
        for line in &lines {
            assert!(line["type"].is_string() && line["@message"].is_string(), "{line}");
        }
        assert_eq!(lines[1]["changes"]["add"], 0);
        assert_eq!(lines[3]["drift"], 1);
    }
}
