//! Plans, checks and reports as events for programs, one object a line, after terraform's
//! machine-readable UI: `planned_change`, `access_change`, `diagnostic`, `change_summary`, `report`.
//!
//! Source: <https://developer.hashicorp.com/terraform/internals/machine-readable-ui>. A finding is a
//! `diagnostic` with charter's own fields beside terraform's.

use serde_json::{Value as Json, json};

use super::drift;
use super::json::terraform;
use super::text;
use crate::apply::event_json::{action, changes, resource};
use crate::apply::report::{NotStarted, Outcome, Problem, Report};
use crate::model::access::AccessChange;
use crate::model::plan::Step;
use crate::model::{Addr, Finding, Plan, Severity};

/// Returns a plan: a line a step, a line a role or user whose access changes, a line a finding, and
/// the summary.
pub fn plan(plan: &Plan) -> Vec<Json> {
    let summary = json!({
        "@level": "info",
        "@message": text::summary(plan.counts()),
        "type": "change_summary",
        "changes": changes(plan.counts(), "plan"),
    });
    let drifted = drift::resource_drift(plan, |step| json!({"event": changed("resource_drift", step)}));
    drifted
        .into_iter()
        .map(|mut document| {
            // The server's change, and not the one that undoes it.
            let action = document["change"]["actions"][0].take();
            document["event"]["change"]["action"] = action;
            document["event"].take()
        })
        .chain(plan.steps.iter().map(|step| changed("planned_change", step)))
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

fn changed(ty: &str, step: &Step) -> Json {
    let action = if terraform::is_moved_only(step) { "move" } else { action(step.action) };
    let mut change = json!({
        "resource": resource(&step.addr, &step.kind),
        "action": action,
        "id_key": "identity",
        "id_value": step.identity,
    });
    let previous = terraform::previous_address(step).and_then(|addr| Addr::parse(addr).ok());
    if let Some(previous) = previous {
        change["previous_resource"] = resource(&previous, &step.kind);
    }
    let message = match ty {
        "resource_drift" => format!("{}: changed on the server", step.addr),
        _ => format!("{}: plan to {action}", step.addr),
    };
    json!({
        "@level": "info",
        "@message": message,
        "type": ty,
        "change": change,
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
            "address": finding.addr,
        },
        "finding": finding,
    })
}

/// Returns what became of a run: the line after all events of it.
pub fn report(report: &Report) -> Json {
    let outcome = report.outcome();
    let problems = |problems: &[Problem]| problems.iter().map(problem).collect::<Vec<Json>>();
    let not_started = |step: &NotStarted| json!({"address": step.addr, "because": step.because.to_string()});
    json!({
        "@level": if outcome == Outcome::Done { "info" } else { "error" },
        "@message": format!("run {}: {}", report.run, outcome.word()),
        "type": "report",
        "report": {
            "run": report.run,
            "outcome": outcome,
            "done": report.done.len(),
            "failed": problems(&report.failed),
            "unknown": problems(&report.unknown),
            "not_started": report.not_started.iter().map(not_started).collect::<Vec<Json>>(),
            "warnings": report.warnings,
            "stopped": report.stopped,
            "elapsed_seconds": report.duration.as_secs_f64(),
        },
    })
}

fn problem(problem: &Problem) -> Json {
    json!({
        "address": problem.addr,
        "action": action(problem.action),
        "error": problem.error,
        "query_id": problem.query_id,
        "help": problem.help,
        "decide": problem.decide,
        "statement": problem.statement.map(|(number, of)| json!({"number": number, "of": of})),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cause::Cause;
    use crate::model::{Category, Digest};

    #[test]
    fn a_migration_is_counted_as_an_apply_counts_it() {
        let step = json!({
            "id": 0, "address": "tenant.acme.migration[\"schema/V1__t.sql\"]", "kind": "migration",
            "identity": "acme/schema/1", "action": {"execute": {"statements": 3}}, "expects": Digest::of_bytes(b""),
            "cause": Cause::default(),
        });
        let plan = Plan { steps: vec![serde_json::from_value(step).unwrap()], ..Plan::default() };
        let summary = super::plan(&plan).pop().unwrap();
        let counts = ["add", "migrations", "statements"].map(|count| summary["changes"][count].clone());
        assert_eq!(counts, [0, 1, 3]);
    }

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
