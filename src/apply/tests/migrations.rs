//! Statements: what is recorded around them, what is sent again, and what is never.

use std::time::Duration;

use serde_json::json;

use super::fake::{Call, Fake, error, plan, row, step};
use super::*;
use crate::apply::report::Outcome;
use crate::backend::{Error, ErrorKind, Stats};
use crate::model::Action;
use crate::model::ledger::MIGRATION_EVENTS;
use crate::model::op::{LedgerRow, Sql};

fn statement(text: &str, number: u32) -> Sql {
    let row = LedgerRow::new(MIGRATION_EVENTS).with("statement", number);
    Sql { journal: Some(row), ..Sql::new(text) }
}

fn migration() -> Plan {
    let migrate = step(0, "m")
        .action(Action::Execute { statements: 2 })
        .op(statement("ALTER one", 1))
        .op(statement("ALTER two", 2));
    plan(vec![migrate.build()])
}

/// Returns statements and recorded events in the order in which they reached the server.
fn trail(fake: &Fake) -> Vec<String> {
    let text = |row: &crate::model::snapshot::Row, key: &str| {
        row.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned()
    };
    let calls = fake.calls().into_iter();
    let lines = calls.flat_map(|call| match call {
        Call::Execute(query) => vec![format!("{} {}", query.statement, query.query_id)],
        Call::Insert(insert) if insert.table == MIGRATION_EVENTS => insert
            .rows
            .iter()
            .map(|row| format!("{} {}", text(row, "status"), text(row, "query_id")))
            .collect(),
        _ => Vec::new(),
    });
    lines.collect()
}

fn lost() -> Error {
    error(ErrorKind::Unknown, None, "connection reset")
}

fn running(count: u64) -> Result<Vec<crate::model::snapshot::Row>, Error> {
    Ok(vec![row(json!({"running": count}))])
}

fn ended(kind: &str) -> Result<Vec<crate::model::snapshot::Row>, Error> {
    Ok(vec![row(json!({
        "type": kind, "written_rows": 7, "exception_code": 341, "exception": "it broke",
    }))])
}

#[tokio::test(start_paused = true)]
async fn each_statement_is_recorded_before_and_after() {
    let fake = Fake::default().slow("ALTER one", Duration::from_millis(1500));
    let (report, events) = apply_plan(&fake, migration()).await;
    assert_eq!(report.outcome(), Outcome::Done);
    assert_eq!(
        trail(&fake),
        [
            "started run-0-1",
            "ALTER one run-0-1",
            "applied run-0-1",
            "started run-0-2",
            "ALTER two run-0-2",
            "applied run-0-2",
        ]
    );
    let (rows, _) = fake.table(MIGRATION_EVENTS);
    assert_eq!(rows[1]["duration_ms"], 1500);
    assert_eq!(rows[1]["run_id"], "run");
    assert_eq!(rows[1]["statement"], 1);
    let lines: Vec<String> = events.iter().map(Event::message).collect();
    assert!(lines.contains(&"role.m: statement 2/2".to_owned()), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_recorded_with_its_error_and_ends_the_file() {
    let long = "x".repeat(5_000);
    let refusal = error(ErrorKind::Refused, Some(6), &long);
    let fake = Fake::default().answer("ALTER one", [Err(refusal)]);
    let (report, _) = apply_plan(&fake, migration()).await;
    assert_eq!(trail(&fake), ["started run-0-1", "ALTER one run-0-1", "failed run-0-1"]);
    let (rows, _) = fake.table(MIGRATION_EVENTS);
    assert_eq!(rows[1]["error"].as_str().map(str::len), Some(2_000));
    assert_eq!(report.outcome(), Outcome::HalfWay, "some of its work may be done");
}

#[tokio::test(start_paused = true)]
async fn a_statement_that_was_not_run_is_sent_again_and_recorded_again() {
    for passes in [
        error(ErrorKind::Refused, Some(517), "replica does not catch up"),
        error(ErrorKind::Unreachable, None, "connection refused"),
    ] {
        let fake = Fake::default().answer("ALTER one", [Err(passes)]);
        let (report, events) = apply_plan(&fake, migration()).await;
        assert_eq!(report.outcome(), Outcome::Done);
        assert_eq!(
            trail(&fake)[..5],
            [
                "started run-0-1",
                "ALTER one run-0-1",
                "started run-0-2",
                "ALTER one run-0-2",
                "applied run-0-2",
            ]
        );
        assert!(events.iter().any(|e| matches!(e, Event::Retry { attempt: 1, .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let down = || Err(error(ErrorKind::Unreachable, None, "connection refused"));
    let fake = Fake::default().answer("CREATE", std::iter::repeat_with(down).take(50));
    let steps = vec![step(0, "a").op(Sql::new("CREATE a")).build()];
    let (report, _) = apply_plan(&fake, plan(steps)).await;
    assert_eq!(report.outcome(), Outcome::Untouched);
    assert_eq!(fake.statements().len(), 8);
    assert!(report.duration > Duration::from_secs(20) && report.duration < Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_lost_keeper_is_waited_out_only_for_what_is_idempotent() {
    let keeper = || Err(error(ErrorKind::Refused, Some(999), "Keeper is away"));
    let fake = Fake::default().answer("ALTER one", [keeper()]);
    let (report, _) = apply_plan(&fake, migration()).await;
    assert_eq!(report.failed.len(), 1);
    let fake = Fake::default().answer("CREATE", [keeper()]);
    let steps = vec![step(0, "a").op(Sql::new("CREATE a")).build()];
    assert_eq!(apply_plan(&fake, plan(steps)).await.0.outcome(), Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_found_in_the_log_when_the_query_is_over() {
    let fake = Fake::default()
        .answer("ALTER one", [Err(lost())])
        .answer_rows("system.processes", [running(1), Err(lost()), running(1), running(0)])
        .answer_rows("system.query_log", [Ok(vec![]), ended("QueryFinish")]);
    let (report, events) = apply_plan(&fake, migration()).await;
    assert_eq!(report.outcome(), Outcome::Done);
    let statements: Vec<String> = fake.statements();
    assert_eq!(statements, ["ALTER one", "SYSTEM FLUSH LOGS", "ALTER two"]);
    assert_eq!(trail(&fake)[3], "applied run-0-1");
    assert!(events.iter().any(|e| e.message().contains("looking up query run-0-1")));
    let asked = fake.calls().into_iter().filter_map(|call| match call {
        Call::Rows(query) => Some(query.params[0].1.expose().to_owned()),
        _ => None,
    });
    assert!(asked.clone().count() == 6 && asked.into_iter().all(|id| id == "run-0-1"));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_that_was_a_failure_is_recorded_as_one() {
    let fake = Fake::default()
        .answer("ALTER one", [Err(lost())])
        .answer_rows("system.processes", [running(0)])
        .answer_rows("system.query_log", [ended("ExceptionWhileProcessing")]);
    let (report, _) = apply_plan(&fake, migration()).await;
    assert_eq!(report.failed[0].error, "it broke");
    assert_eq!(trail(&fake).last().map(String::as_str), Some("failed run-0-1"));
}

#[tokio::test(start_paused = true)]
async fn without_evidence_a_person_decides_and_nothing_is_sent_again() {
    let fake =
        Fake::default().answer("ALTER one", [Err(lost())]).answer_rows("system.processes", [running(0)]);
    let (report, _) = apply_plan(&fake, migration()).await;
    assert_eq!(report.outcome(), Outcome::Undecided);
    assert_eq!(report.unknown[0].query_id.as_deref(), Some("run-0-1"));
    assert!(report.unknown[0].error.contains("not in system.query_log"), "{report:?}");
    let sent = fake.statements();
    assert_eq!(sent.iter().filter(|s| s.starts_with("ALTER")).count(), 1);
    assert_eq!(trail(&fake)[..2], ["started run-0-1", "ALTER one run-0-1"]);
    assert!(!trail(&fake).iter().any(|line| line.starts_with("failed")));
    let (steps, _) = fake.table("charter_steps");
    assert_eq!(steps[0]["outcome"], "unknown");
}

#[tokio::test(start_paused = true)]
async fn a_query_that_goes_on_is_given_up_in_the_end() {
    let still = std::iter::repeat_with(|| running(1)).take(1_000);
    let fake = Fake::default().answer("ALTER one", [Err(lost())]).answer_rows("system.processes", still);
    let (report, _) = apply_plan(&fake, migration()).await;
    assert!(report.unknown[0].error.contains("still runs"), "{report:?}");
    assert!(report.duration >= Duration::from_secs(590));
}

#[tokio::test(start_paused = true)]
async fn a_distributed_timeout_is_not_taken_for_a_failure() {
    let timeout = error(ErrorKind::Refused, Some(159), "executing in background");
    let fake = Fake::default().answer("ALTER one", [Err(timeout)]);
    let (report, _) = apply_plan(&fake, migration()).await;
    assert_eq!(report.outcome(), Outcome::Undecided);
    assert_eq!(trail(&fake).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_statement_does_not_run_where_that_cannot_be_recorded() {
    let denied = error(ErrorKind::Denied, Some(497), "not enough privileges");
    let fake = Fake::default().fail_inserts(MIGRATION_EVENTS, [denied]);
    let (report, _) = apply_plan(&fake, migration()).await;
    assert!(fake.statements().is_empty());
    assert_eq!(report.outcome(), Outcome::Untouched);
    assert!(report.failed[0].error.contains("ops.charter_migration_events"));
}

#[tokio::test(start_paused = true)]
async fn settings_database_and_rows_reach_server_and_audit() {
    let mut sql = Sql::new("INSERT INTO t SELECT 1");
    sql.database = Some("acme".into());
    sql.settings.insert("mutations_sync".into(), "2".into());
    let fake = Fake::default().answer("INSERT", [Ok(Stats { written_rows: 42 })]);
    let steps = vec![step(0, "a").op(sql).build()];
    let (report, _) = apply_plan(&fake, plan(steps)).await;
    assert_eq!(report.outcome(), Outcome::Done);
    let Some(Call::Execute(query)) = fake.calls().into_iter().find(|call| matches!(call, Call::Execute(_)))
    else {
        panic!("nothing was executed");
    };
    assert_eq!(query.database.as_deref(), Some("acme"));
    assert_eq!(query.settings["mutations_sync"], "2");
    let comment: serde_json::Value = serde_json::from_str(&query.comment).unwrap();
    assert_eq!((&comment["run"], &comment["address"]), (&json!("run"), &json!("role.a")));
    let (steps, _) = fake.table("charter_steps");
    assert_eq!(steps[0]["written_rows"], 42);
    assert_eq!(steps[0]["query_ids"], json!(["run-0-1"]));
}
