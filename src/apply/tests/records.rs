//! Charter's own tables: grouping of appends, and the audit.

use std::time::Duration;

use super::fake::{Fake, error, plan, step};
use super::*;
use crate::apply::report::Outcome;
use crate::backend::{Error, ErrorKind, Stats};
use crate::model::op::{LedgerRow, Op, Sql};
use crate::model::plan::Step;
use crate::model::registry::TABLE;

fn recording(id: usize, rows: usize) -> Step {
    let mut builder = step(id, &format!("r{id:02}"));
    for number in 0..rows {
        let row = LedgerRow::new(TABLE).with("address", format!("r{id:02}")).with("digest", number);
        builder = builder.op(Op::Ledger(row));
    }
    builder.build()
}

fn recorded(fake: &Fake) -> (Vec<(String, u64)>, usize) {
    let (rows, inserts) = fake.table(TABLE);
    let row = |row: &crate::model::snapshot::Row| {
        let address = row["address"].as_str().unwrap().to_owned();
        (address, row["digest"].as_u64().unwrap())
    };
    (rows.iter().map(row).collect(), inserts)
}

#[tokio::test(start_paused = true)]
async fn appends_of_concurrent_steps_go_out_together() {
    let fake = Fake::default().slow_inserts(Duration::from_millis(200));
    let steps = (0..10).map(|id| recording(id, 2)).collect();
    let (report, _) = apply_plan(&fake, plan(steps)).await;
    assert_eq!(report.outcome(), Outcome::Done);
    let (rows, inserts) = recorded(&fake);
    assert_eq!(rows.len(), 20);
    assert_eq!(inserts, 2);
    for (index, (_, number)) in rows.iter().enumerate() {
        assert_eq!(*number, u64::from(index >= 10), "a step's rows keep their order");
    }
    let (rows, _) = fake.table(TABLE);
    assert!(rows.iter().all(|row| row["run_id"] == "run"));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_runs_alone_waits_for_nobody() {
    let fake = Fake::default();
    let (report, _) = apply_plan(&fake, plan(vec![recording(0, 50)])).await;
    assert_eq!(report.outcome(), Outcome::Done);
    assert_eq!(recorded(&fake).1, 50);
    assert!(report.duration < Duration::from_millis(5), "{:?}", report.duration);
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_gets_larger_groups() {
    // Nine steps come one after another while an insert takes as long as two of them need.
    let mut fake = Fake::default().slow_inserts(Duration::from_millis(60));
    let mut steps = vec![recording(0, 20)];
    for id in 1..10 {
        let takes = Duration::from_millis(100 + 10 * u64::try_from(id).unwrap());
        fake = fake.slow(&format!("RUN {id}"), takes);
        let row = LedgerRow::new(TABLE).with("address", format!("r{id}")).with("digest", 0);
        steps.push(step(id, &format!("s{id}")).op(Sql::new(format!("RUN {id}"))).op(Op::Ledger(row)).build());
    }
    let (report, _) = apply_plan(&fake, plan(steps)).await;
    assert_eq!(report.outcome(), Outcome::Done);
    let (rows, inserts) = recorded(&fake);
    assert_eq!((rows.len(), inserts), (29, 20), "the nine joined those of the first");
}

#[tokio::test(start_paused = true)]
async fn an_append_returns_when_its_row_is_there() {
    let fake = Fake::default().slow_inserts(Duration::from_secs(3));
    let mut second = step(1, "second").after(&[0]).op(Sql::new("CREATE second")).build();
    second.id = 1;
    let (report, _) = apply_plan(&fake, plan(vec![recording(0, 1), second])).await;
    assert_eq!(report.outcome(), Outcome::Done);
    let order: Vec<String> = fake
        .calls()
        .into_iter()
        .filter_map(|call| match call {
            fake::Call::Insert(insert) if insert.table == TABLE => Some("row".to_owned()),
            fake::Call::Execute(query) => Some(query.statement),
            _ => None,
        })
        .collect();
    assert_eq!(order, ["row", "CREATE second"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_group_fails_every_step_of_it_and_no_other() {
    let denied = error(ErrorKind::Denied, Some(497), "not enough privileges");
    let fake = Fake::default().fail_inserts(TABLE, [denied]);
    let mut steps: Vec<Step> = (0..3).map(|id| recording(id, 1)).collect();
    steps.push(step(3, "other").op(Sql::new("CREATE other")).build());
    let (report, _) = apply_plan(&fake, plan(steps)).await;
    assert_eq!(report.failed.len(), 3);
    assert_eq!(names(report.done.iter().map(|d| &d.addr)), ["role.other"]);
    assert!(report.failed[0].error.starts_with("recording it in ops.charter_resources failed"));
}

#[tokio::test(start_paused = true)]
async fn rows_are_sent_again_when_their_answer_is_lost() {
    let lost = error(ErrorKind::Unknown, None, "connection reset");
    let fake = Fake::default().fail_inserts(TABLE, [lost]);
    let (report, _) = apply_plan(&fake, plan(vec![recording(0, 1)])).await;
    assert_eq!(report.outcome(), Outcome::Done);
}

fn two_steps() -> Plan {
    plan(vec![
        step(0, "tables").op(Sql::new("CREATE ops")).build(),
        step(1, "a").after(&[0]).op(Sql::new("CREATE a")).build(),
    ])
}

#[tokio::test(start_paused = true)]
async fn the_audit_is_written_in_groups() {
    let fake = Fake::default();
    let steps = (0..200).map(|id| step(id, &format!("r{id:03}")).op(Sql::new("CREATE r")).build()).collect();
    let options = Options { parallelism: 1, ..Options::default() };
    let fake = fake.slow("CREATE r", Duration::from_millis(10));
    let (_stopper, stop) = stop::channel();
    let (report, _) = apply_with(&fake, plan(steps), options, stop).await;
    assert_eq!(report.outcome(), Outcome::Done);
    let (rows, inserts) = fake.table("charter_steps");
    assert_eq!(rows.len(), 200);
    assert!((5..=11).contains(&inserts), "{inserts}");
}

#[tokio::test(start_paused = true)]
async fn the_audit_says_who_did_what() {
    let fake = Fake::default();
    let wanted = two_steps();
    let digest = wanted.digest();
    let (report, _) = apply_plan(&fake, wanted).await;
    assert!(report.warnings.is_empty());
    let (runs, _) = fake.table("charter_runs");
    assert_eq!(runs.len(), 2);
    assert_eq!((&runs[0]["event"], &runs[1]["event"]), (&"started".into(), &"finished".into()));
    assert_eq!(runs[0]["actor"], "ada");
    assert_eq!(runs[1]["outcome"], "done");
    assert_eq!(runs[1]["done"], 2);
    assert_eq!(runs[1]["plan_digest"], digest.as_str());
    let (steps, _) = fake.table("charter_steps");
    assert_eq!(steps.len(), 2);
    assert_eq!((&steps[1]["address"], &steps[1]["action"]), (&"role.a".into(), &"create".into()));
}

#[tokio::test(start_paused = true)]
async fn every_recorded_column_is_one_of_the_table() {
    let fake = Fake::default();
    let _ = apply_plan(&fake, two_steps()).await;
    for name in ["charter_runs", "charter_steps"] {
        let table = crate::model::ledger::table(name).unwrap();
        let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let mut written = std::collections::BTreeSet::from(["at"]);
        let (rows, _) = fake.table(name);
        for row in &rows {
            for column in row.keys() {
                assert!(columns.contains(&column.as_str()), "{name}.{column}");
                written.insert(column);
            }
        }
        assert_eq!(written.len(), columns.len(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_audit_waits_for_its_tables() {
    let fake = Fake::default().no_audit_until("CREATE ops");
    let (report, _) = apply_plan(&fake, two_steps()).await;
    assert_eq!(report.outcome(), Outcome::Done);
    assert!(report.warnings.is_empty(), "{report:?}");
    let (runs, _) = fake.table("charter_runs");
    assert_eq!(runs[0]["event"], "started");
    assert_eq!(runs.len(), 2);
    assert_eq!(fake.table("charter_steps").0.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_audit_that_cannot_be_written_is_a_warning() {
    let fake = Fake::default().no_audit_until("never");
    let (report, events) = apply_plan(&fake, two_steps()).await;
    assert_eq!(report.outcome(), Outcome::Done);
    assert_eq!(report.warnings, ["4 rows of the audit could not be written: no such table"]);
    assert!(events.iter().any(|e| matches!(e, Event::Warning { .. })));
}

#[tokio::test(start_paused = true)]
async fn the_audit_holds_no_step_up() {
    let fake = Fake::default().slow_inserts(Duration::from_secs(4));
    let (report, _) = apply_plan(&fake, two_steps()).await;
    assert!(report.duration < Duration::from_secs(1));
    assert_eq!(fake.table("charter_steps").0.len(), 2);
}

/// The statuses that a step records whose CREATE is answered so.
async fn statuses(answers: impl IntoIterator<Item = Result<Stats, Error>>) -> Vec<String> {
    let row = |status: &str| Op::Ledger(LedgerRow::new(TABLE).with("status", status));
    let fake = Fake::default().answer("CREATE", answers);
    let builder = step(0, "made").op(row("claimed")).op(Sql::new("CREATE ROLE made")).op(row("applied"));
    let _ = apply_plan(&fake, plan(vec![builder.build()])).await;
    let (rows, _) = fake.table(TABLE);
    rows.iter().map(|row| row["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_claim_is_taken_back_where_nothing_can_have_been_made() {
    let denied = || Err(error(ErrorKind::Denied, Some(497), "not enough privileges"));
    let lost = || Err(error(ErrorKind::Unknown, None, "the connection was lost"));
    assert_eq!(statuses([]).await, ["claimed", "applied"]);
    assert_eq!(statuses([denied()]).await, ["claimed", "removed"]);
    assert_eq!(statuses([lost()]).await.first().map(String::as_str), Some("claimed"));
    let after_loss = statuses([lost(), denied()]).await;
    assert!(
        !after_loss.contains(&"removed".to_owned()),
        "the first attempt may have made it: {after_loss:?}"
    );
}
