//! Waiting: for mutations that a statement made, and for distributed statements.

use std::time::Duration;

use serde_json::json;

use super::fake::{Call, Fake, error, plan, row, step};
use super::*;
use crate::apply::report::Outcome;
use crate::backend::{Error, ErrorKind};
use crate::model::Action;
use crate::model::ledger::MIGRATION_EVENTS;
use crate::model::op::{LedgerRow, Mutation, Op, Sql, TableName};
use crate::model::snapshot::Row;

type Rows = Result<Vec<Row>, Error>;

const ALTER: &str = "ALTER TABLE t DELETE WHERE a = 1";

fn table() -> TableName {
    TableName { database: "d".into(), table: "t".into() }
}

fn migration() -> Plan {
    let row = LedgerRow::new(MIGRATION_EVENTS).with("statement", 1);
    let sql = Sql { journal: Some(row), waits_for: vec![table()], ..Sql::new(ALTER) };
    plan(vec![step(0, "m").action(Action::Execute { statements: 1 }).op(sql).build()])
}

fn mutation(done: bool, reason: &str) -> Rows {
    Ok(vec![row(json!({
        "mutation_id": "mutation_7.txt", "created": 1_700_000_000, "command": "(DELETE WHERE a = 1)", "parts_to_do": u8::from(!done),
        "is_done": u8::from(done), "latest_fail_reason": reason,
    }))])
}

fn unfinished() -> Error {
    error(ErrorKind::Unknown, Some(341), "Exception happened during execution of mutation")
}

fn lost() -> Error {
    error(ErrorKind::Unknown, None, "no answer within 300 s")
}

/// Returns the last event that was recorded.
fn recorded(fake: &Fake) -> Row {
    fake.table(MIGRATION_EVENTS).0.pop().unwrap()
}

fn messages(events: &[Event]) -> Vec<String> {
    events.iter().map(Event::message).collect()
}

#[tokio::test(start_paused = true)]
async fn a_failed_mutation_is_told_with_its_reason_and_how_to_end_it() {
    let reason = "Code: 6. DB::Exception: Cannot parse string 'x'";
    let fake = Fake::default()
        .answer("ALTER", [Err(unfinished())])
        .answer_rows("mutations", [mutation(false, reason)]);
    let (report, _) = apply_plan(&fake, migration()).await;
    assert_eq!(report.outcome(), Outcome::HalfWay);
    let problem = &report.failed[0];
    assert_eq!(problem.error, format!("mutation mutation_7.txt of d.t fails: {reason}"));
    let help = problem.help.join("\n");
    assert!(
        help.contains(
            "KILL MUTATION WHERE database = 'd' AND table = 't' AND mutation_id = 'mutation_7.txt'"
        ),
        "{help}"
    );
    let event = recorded(&fake);
    assert_eq!(
        (&event["status"], &event["mutations"]),
        (&json!("failed"), &json!(r#"[["d","t","mutation_7.txt",1700000000]]"#))
    );
    assert_eq!(fake.statements(), [ALTER], "nothing is killed, nothing sent again, no log is asked");
}

#[tokio::test(start_paused = true)]
async fn a_mutation_that_outlasts_its_query_is_waited_for() {
    let timeout = error(ErrorKind::Unknown, Some(159), "Timeout exceeded: elapsed 1000 ms");
    for answer in [Err(timeout), Err(unfinished()), Ok(Default::default())] {
        let fake = Fake::default().answer("ALTER", [answer]).answer_rows(
            "mutations",
            [mutation(false, ""), Err(lost()), mutation(false, ""), mutation(true, "")],
        );
        let (report, events) = apply_plan(&fake, migration()).await;
        assert_eq!(report.outcome(), Outcome::Done);
        assert_eq!(recorded(&fake)["status"], "applied");
        let told = messages(&events);
        let waits = told
            .iter()
            .filter(|line| line.contains("waiting for mutation mutation_7.txt of d.t: 1 part to do"));
        assert_eq!(waits.count(), 1, "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_beyond_the_bound_has_no_end_and_is_not_undecided() {
    let still = std::iter::repeat_with(|| mutation(false, "")).take(2_000);
    let fake = Fake::default().answer("ALTER", [Err(unfinished())]).answer_rows("mutations", still);
    let (report, _) = apply_plan(&fake, migration()).await;
    assert_eq!(report.outcome(), Outcome::HalfWay);
    assert!(report.unknown[0].error.contains("is not done after 60m00s: 1 part to do"), "{report:?}");
    let event = recorded(&fake);
    assert_eq!(
        (&event["status"], &event["mutations"]),
        (&json!("started"), &json!(r#"[["d","t","mutation_7.txt",1700000000]]"#))
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_proved_by_a_mutation_that_does_what_the_statement_says() {
    for (formatted, outcome) in [
        ("ALTER TABLE d.t (DELETE WHERE a = 1)", Outcome::Done),
        ("ALTER TABLE d.t (DELETE WHERE a = 2)", Outcome::Undecided),
    ] {
        let fake = Fake::default()
            .answer("ALTER", [Err(lost())])
            .answer_rows("system.mutations", [mutation(false, ""), mutation(true, "")])
            .answer_rows("formatQuerySingleLine", [Ok(vec![row(json!({"formatted": formatted}))])])
            .answer_rows("system.processes", [Ok(vec![row(json!({"running": 0}))])]);
        let (report, _) = apply_plan(&fake, migration()).await;
        assert_eq!(report.outcome(), outcome, "{formatted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mutation_that_was_there_before_is_not_the_statements() {
    for (asked, outcome) in [(1_700_000_001_u64, Outcome::HalfWay), (1_700_000_100, Outcome::Done)] {
        let mut rows = mutation(false, "somebody else's").unwrap();
        rows[0].insert("asked".into(), json!(asked));
        let fake = Fake::default().answer_rows("mutations", [Ok(rows)]);
        assert_eq!(apply_plan(&fake, migration()).await.0.outcome(), outcome, "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_mutations_cannot_be_read_the_answer_stands() {
    let denied = || Err(error(ErrorKind::Denied, Some(497), "not enough privileges"));
    let fake = Fake::default().answer_rows("mutations", [denied()]);
    assert_eq!(apply_plan(&fake, migration()).await.0.outcome(), Outcome::Done);
    let fake = Fake::default().answer("ALTER", [Err(unfinished())]).answer_rows("mutations", [denied()]);
    assert_eq!(apply_plan(&fake, migration()).await.0.outcome(), Outcome::Undecided);
}

#[tokio::test(start_paused = true)]
async fn an_apply_goes_on_waiting_for_what_an_earlier_one_began() {
    let waits = || {
        let wanted = Op::AwaitMutations(vec![Mutation {
            of: table(),
            id: "mutation_7.txt".into(),
            created: 1_700_000_000,
        }]);
        plan(vec![step(0, "m").op(wanted).op(Sql::new("NEXT")).build()])
    };
    let fake = Fake::default().answer_rows("mutations", [mutation(false, ""), mutation(true, "")]);
    let (report, _) = apply_plan(&fake, waits()).await;
    assert_eq!((report.outcome(), fake.statements()), (Outcome::Done, vec!["NEXT".to_owned()]));
    let asked = fake.calls().into_iter().find_map(|call| match call {
        Call::Rows(query) => query.params.into_iter().find(|(name, _)| name == "ids"),
        _ => None,
    });
    assert_eq!(asked.unwrap().1.expose(), r#"["mutation_7.txt"]"#);
    // Its id was given to another one since.
    let mut other = mutation(true, "").unwrap();
    other[0].insert("created".into(), json!(1_700_000_001));
    let killed = Fake::default().answer_rows("mutations", [Ok(other)]);
    let (report, _) = apply_plan(&killed, waits()).await;
    assert!(report.failed[0].error.contains("was killed"), "{report:?}");
    assert!(killed.statements().is_empty());
}

fn hosts(states: &[(&str, &str, u32)]) -> Rows {
    let rows = states.iter().map(|(host, status, code)| {
        row(json!({"host": host, "status": status, "exception_code": code, "exception_text": "it broke"}))
    });
    Ok(rows.collect())
}

#[tokio::test(start_paused = true)]
async fn a_distributed_statement_is_followed_in_its_queue() {
    let late =
        "Distributed DDL task /clickhouse/task_queue/ddl/query-0000000007 is not finished on 1 of 2 hosts";
    for (last, outcome) in [
        (hosts(&[("a", "Finished", 0), ("b", "Finished", 0)]), Outcome::Done),
        (hosts(&[("a", "Finished", 0), ("b", "Finished", 57)]), Outcome::HalfWay),
        (Ok(Vec::new()), Outcome::Undecided),
    ] {
        let fake = Fake::default()
            .answer("ALTER", [Err(error(ErrorKind::Unknown, Some(159), late))])
            .answer_rows("distributed_ddl_queue", [hosts(&[("a", "Finished", 0), ("b", "Active", 0)]), last]);
        let (report, events) = apply_plan(&fake, migration()).await;
        assert_eq!(report.outcome(), outcome);
        assert!(messages(&events).iter().any(|line| line.ends_with("waiting for query-0000000007 on b")));
        assert!(report.failed.iter().all(|problem| problem.error == "b: it broke"));
        assert!(report.duration < Duration::from_secs(30));
    }
}
