//! What is there before a statement: read for all that start together, recorded with the starts.

use serde_json::{Value as Json, json};

use super::fake::{Call, Fake, error, plan, row, step};
use super::*;
use crate::apply::report::Outcome;
use crate::backend::ErrorKind;
use crate::model::Plan;
use crate::model::ledger::MIGRATION_EVENTS;
use crate::model::op::{LedgerRow, Sql};
use crate::model::snapshot::Row;
use crate::model::watch::Watched;

fn watched(database: &str) -> Watched {
    Watched { database: database.into(), name: "t".into(), columns: Vec::new() }
}

fn statement(database: &str) -> Sql {
    let journal = Some(LedgerRow::new(MIGRATION_EVENTS).with("tenant", database));
    Sql {
        journal,
        watch: vec![watched(database)],
        ..Sql::new(format!("INSERT INTO {database}.t VALUES (1)"))
    }
}

fn files(databases: &[&str]) -> Plan {
    let steps = databases.iter().enumerate();
    plan(steps.map(|(id, database)| step(id, database).op(statement(database)).build()).collect())
}

fn table(database: &str) -> Row {
    row(json!({"what": "table", "database": database, "object": "t", "facts": r#"{"uuid":"u"}"#}))
}

/// Returns what was recorded as there before, by tenant and status.
fn recorded(fake: &Fake) -> Vec<(String, String, Json)> {
    let (rows, _) = fake.table(MIGRATION_EVENTS);
    let text = |row: &Row, name: &str| row.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let before = |row: &Row| serde_json::from_str(&text(row, "before")).unwrap_or_default();
    rows.iter().map(|row| (text(row, "tenant"), text(row, "status"), before(row))).collect()
}

fn looks(fake: &Fake) -> Vec<String> {
    let looks = fake.calls().into_iter().filter_map(|call| match call {
        Call::Rows(query) if query.statement.contains("system.tables") => Some(query.statement),
        _ => None,
    });
    looks.collect()
}

#[tokio::test(start_paused = true)]
async fn starts_that_go_out_together_are_looked_at_together() {
    let fake = Fake::default().answer_rows("system.tables", [Ok(vec![table("a"), table("b")])]);
    let (report, _) = apply_plan(&fake, files(&["a", "b"])).await;
    assert_eq!(report.outcome(), Outcome::Done);
    assert_eq!(looks(&fake).len(), 1);
    let starts: Vec<_> = recorded(&fake).into_iter().filter(|(_, status, _)| status == "started").collect();
    assert_eq!(starts.len(), 2);
    for (tenant, _, before) in starts {
        assert_eq!(before["watched"][0]["database"], tenant.as_str());
        assert_eq!(before["facts"].as_array().map(Vec::len), Some(1), "each has its own: {before}");
        assert_eq!(before["facts"][0]["database"], tenant.as_str());
    }
    let first = fake.calls().into_iter().position(|call| matches!(call, Call::Rows(_)));
    let sent = fake.calls().into_iter().position(|call| matches!(call, Call::Execute(_)));
    assert!(first < sent);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_read_parts_still_reads_definitions() {
    let denied = error(ErrorKind::Denied, Some(497), "no parts");
    let answers = [Err(denied), Ok(vec![table("a")]), Ok(vec![table("a")])];
    let fake = Fake::default().answer_rows("system.tables", answers);
    let twice = plan(vec![step(0, "a").op(statement("a")).op(statement("a")).build()]);
    assert_eq!(apply_plan(&fake, twice).await.0.outcome(), Outcome::Done);
    let looks = looks(&fake);
    assert_eq!(looks.len(), 3, "the denial is remembered");
    assert!(looks[0].contains("system.parts") && !looks[1].contains("system.parts"));
    let (_, _, before) = &recorded(&fake)[0];
    assert_eq!(before["facts"][0]["is"]["uuid"], "u");
    assert!(before["unread"].as_str().is_some_and(|why| why.contains("system.parts")));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_holds_nothing_up_and_is_recorded_as_such() {
    let broken = error(ErrorKind::Refused, Some(1), "broken");
    let fake = Fake::default().answer_rows("system.tables", [Err(broken)]);
    assert_eq!(apply_plan(&fake, files(&["a"])).await.0.outcome(), Outcome::Done);
    let (_, status, before) = &recorded(&fake)[0];
    assert_eq!(status, "started");
    assert!(before["unread"].as_str().is_some_and(|why| why.contains("broken")), "{before}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_recorded_with_what_was_there_before() {
    let fake = Fake::default()
        .answer_rows("system.tables", [Ok(vec![table("a")])])
        .answer("INSERT", [Err(error(ErrorKind::Refused, Some(395), "it threw"))]);
    let _ = apply_plan(&fake, files(&["a"])).await;
    let ends = recorded(&fake);
    assert_eq!((ends[0].1.as_str(), ends[1].1.as_str()), ("started", "failed"));
    assert_eq!(ends[0].2, ends[1].2);
}
