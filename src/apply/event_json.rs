//! Events as JSON lines, after terraform's machine-readable UI
//! (<https://developer.hashicorp.com/terraform/internals/machine-readable-ui>): `@level`,
//! `@message`, `type`, and what belongs to the type under `hook`, `changes` or `diagnostic`.
//! `@timestamp` is added by whoever has a clock.

use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::events::{Event, Progress, Subject, verb};
use crate::model::plan::Counts;
use crate::model::{Action, Addr};

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, member, content) = self.parts();
        json!({
            "@level": self.level(),
            "@message": self.message(),
            "@module": "charter.ui",
            "type": kind,
            member: content,
        })
        .serialize(serializer)
    }
}

impl Event {
    /// Returns the diagnostic that terraform's format has beside the event: of what failed and of
    /// warnings.
    pub fn diagnostic(&self) -> Option<Json> {
        let (level, summary, addr) = match self {
            Self::StepFailed { step, error, .. } => ("error", error, Some(&step.addr)),
            Self::StepUnknown { step, error, .. } => ("error", error, Some(&step.addr)),
            Self::Warning { message } => ("warn", message, None),
            _ => return None,
        };
        let severity = if level == "warn" { "warning" } else { level };
        Some(json!({
            "@level": level,
            "@message": format!("{severity}: {summary}"),
            "@module": "charter.ui",
            "type": "diagnostic",
            "diagnostic": {
                "severity": severity,
                "summary": summary,
                "detail": "",
                "address": addr,
            },
        }))
    }

    fn level(&self) -> &'static str {
        match self {
            Self::StepFailed { .. } | Self::StepUnknown { .. } => "error",
            Self::Retry { .. } | Self::StepSkipped { .. } | Self::Stopping { .. } | Self::Warning { .. } => {
                "warn"
            }
            Self::RunStarted { .. }
            | Self::StepStarted { .. }
            | Self::Progress { .. }
            | Self::StepDone { .. }
            | Self::RunFinished { .. } => "info",
        }
    }

    /// Returns the type, and the member that holds what belongs to it.
    fn parts(&self) -> (&'static str, &'static str, Json) {
        match self {
            Self::RunStarted { run, started, steps, plan } => (
                "run_start",
                "run",
                json!({
                    "id": run,
                    "started": started.to_string(),
                    "steps": steps,
                    "plan_digest": plan,
                }),
            ),
            Self::StepStarted { step } => ("apply_start", "hook", hook(step, json!({}))),
            Self::Progress { step, progress } => {
                ("apply_progress", "hook", hook(step, progress_json(progress)))
            }
            Self::Retry { step, attempt, wait, error } => (
                "apply_progress",
                "hook",
                hook(step, json!({"attempt": attempt, "wait_seconds": wait.as_secs_f64(), "error": error})),
            ),
            Self::StepDone { step, elapsed } => {
                ("apply_complete", "hook", hook(step, json!({"elapsed_seconds": elapsed.as_secs_f64()})))
            }
            Self::StepFailed { step, elapsed, error, query_id } => {
                errored(step, "failed", *elapsed, error, query_id.as_deref())
            }
            Self::StepUnknown { step, elapsed, error, query_id } => {
                errored(step, "unknown", *elapsed, error, query_id.as_deref())
            }
            Self::StepSkipped { step, because } => {
                ("apply_skipped", "hook", hook(step, json!({"because": because})))
            }
            Self::Stopping { running } => ("stopping", "run", json!({"running": running})),
            Self::Warning { message } => ("log", "log", json!({"message": message})),
            Self::RunFinished { done, failed, unknown, not_started, elapsed } => {
                let mut changes = changes(*done, "apply");
                merge(
                    &mut changes,
                    json!({
                        "failed": failed,
                        "unknown": unknown,
                        "not_started": not_started,
                        "elapsed_seconds": elapsed.as_secs_f64(),
                    }),
                );
                ("change_summary", "changes", changes)
            }
        }
    }
}

fn errored(
    step: &Subject,
    outcome: &str,
    elapsed: std::time::Duration,
    error: &str,
    query_id: Option<&str>,
) -> (&'static str, &'static str, Json) {
    let more = json!({
        "elapsed_seconds": elapsed.as_secs_f64(),
        "outcome": outcome,
        "error": error,
        "query_id": query_id,
    });
    ("apply_errored", "hook", hook(step, more))
}

/// Returns a resource as events name it.
pub fn resource(addr: &Addr, kind: &str) -> Json {
    let (name, key) = addr.name();
    json!({
        "addr": addr,
        "module": "",
        "resource": addr,
        "implied_provider": "charter",
        "resource_type": kind,
        "resource_name": name,
        "resource_key": key,
    })
}

/// Returns the action in terraform's words; a migration is executed.
pub fn action(action: Action) -> &'static str {
    match action {
        Action::Adopt => "import",
        other => verb(other).word,
    }
}

/// Returns terraform's `hook`: the resource, the action, and more.
fn hook(step: &Subject, more: Json) -> Json {
    let mut hook = json!({
        "resource": resource(&step.addr, &step.kind),
        "action": action(step.action),
        "id_key": "identity",
        "id_value": step.identity,
    });
    merge(&mut hook, more);
    hook
}

fn progress_json(progress: &Progress) -> Json {
    match progress {
        Progress::Statement { number, of } => json!({"statement": number, "statements": of}),
        Progress::NotNeeded { user } => json!({"not_needed": true, "probe": {"login": user}}),
        Progress::Login { user } => json!({"probe": {"login": user}}),
        Progress::LookingUp { query_id } => json!({"looking_up": query_id}),
        Progress::Mutations { names, parts } => json!({"mutations": names, "parts_to_do": parts}),
        Progress::Distributed { entry, hosts } => json!({"distributed": entry, "hosts": hosts}),
    }
}

/// Returns terraform's counts of a plan or of what an apply did. A migration is none of its actions,
/// and has a count of its own.
pub fn changes(counts: Counts, operation: &str) -> Json {
    let Counts { create, update, adopt, delete, forget, migrations, statements } = counts;
    json!({
        "add": create,
        "change": update,
        "import": adopt,
        "remove": delete,
        "forget": forget,
        "operation": operation,
        "migrations": migrations,
        "statements": statements,
    })
}

fn merge(into: &mut Json, more: Json) {
    if let (Json::Object(into), Json::Object(more)) = (into, more) {
        into.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn subject() -> Subject {
        Subject {
            id: 3,
            addr: Addr::new("tenant", "acme").keyed_part("migration", "schema/V1002__events.sql"),
            kind: "migration".into(),
            identity: "acme/schema/1002".into(),
            action: Action::Execute { statements: 5 },
        }
    }

    #[test]
    fn a_failure_is_an_errored_hook_and_a_diagnostic() {
        let event = Event::StepFailed {
            step: subject(),
            elapsed: Duration::from_millis(1500),
            error: "no such table".into(),
            query_id: Some("r-3-2".into()),
        };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["type"], "apply_errored");
        assert_eq!(json["@level"], "error");
        assert_eq!(json["hook"]["resource"]["addr"], "tenant.acme.migration[\"schema/V1002__events.sql\"]");
        assert_eq!(json["hook"]["resource"]["resource_key"], "schema/V1002__events.sql");
        assert_eq!(json["hook"]["elapsed_seconds"], 1.5);
        assert_eq!(json["hook"]["query_id"], "r-3-2");
        let diagnostic = event.diagnostic().unwrap();
        assert_eq!(diagnostic["diagnostic"]["severity"], "error");
        assert_eq!(diagnostic["@message"], "error: no such table");
    }

    #[test]
    fn the_summary_counts_as_terraform_does() {
        let event = Event::RunFinished {
            done: Counts {
                create: 6,
                update: 1,
                forget: 1,
                migrations: 2,
                statements: 5,
                ..Counts::default()
            },
            failed: 1,
            unknown: 0,
            not_started: 2,
            elapsed: Duration::from_secs(12),
        };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["type"], "change_summary");
        assert_eq!(json["changes"]["add"], 6);
        assert_eq!(json["changes"]["operation"], "apply");
        assert_eq!(json["changes"]["migrations"], 2);
        assert_eq!(json["changes"]["not_started"], 2);
        assert_eq!(json["@message"], "10 done, 1 failed, 0 unknown, 2 not started [12.0s]");
        assert!(event.diagnostic().is_none());
    }
}
