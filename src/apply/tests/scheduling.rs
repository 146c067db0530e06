//! Order, concurrency, isolation of failures, and stopping.

use std::time::Duration;

use super::fake::{Fake, error, plan, step};
use super::*;
use crate::apply::report::{Because, Outcome};
use crate::backend::ErrorKind;
use crate::model::op::Sql;
use crate::model::plan::Step;

fn role(id: usize, name: &str, after: &[usize]) -> Step {
    step(id, name).after(after).op(Sql::new(format!("CREATE {name}"))).build()
}

fn refused() -> crate::backend::Error {
    error(ErrorKind::Refused, Some(62), "syntax error")
}

#[tokio::test(start_paused = true)]
async fn steps_follow_their_edges_and_start_by_number() {
    let fake = Fake::default().slow("CREATE b", Duration::from_secs(5));
    let steps = vec![
        role(0, "a", &[]),
        role(1, "b", &[0]),
        role(2, "c", &[0]),
        role(3, "d", &[1, 2]),
        role(4, "e", &[2]),
    ];
    let (report, events) = apply_plan(&fake, plan(steps)).await;
    assert_eq!(report.outcome(), Outcome::Done);
    assert_eq!(fake.statements(), ["CREATE a", "CREATE b", "CREATE c", "CREATE e", "CREATE d"]);
    assert_eq!(report.duration.as_secs(), 5);
    assert!(matches!(events.first(), Some(Event::RunStarted { steps: 5, .. })));
    assert!(matches!(events.last(), Some(Event::RunFinished { not_started: 0, .. })));
}

#[tokio::test(start_paused = true)]
async fn no_more_steps_run_at_once_than_allowed() {
    for parallelism in [1, 3] {
        let fake = Fake::default();
        let steps = (0..12).map(|id| role(id, &format!("r{id:02}"), &[])).collect();
        let options = Options { parallelism, ..Options::default() };
        let (_stopper, stop) = stop::channel();
        let (report, _) = apply_with(&fake, plan(steps), options, stop).await;
        assert_eq!(report.done.len(), 12);
        assert_eq!(fake.most_running(), parallelism);
        let mut sorted = fake.statements();
        sorted.sort();
        assert_eq!(fake.statements(), sorted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_stops_what_comes_after_it_and_nothing_else() {
    let fake = Fake::default().answer("CREATE bad", [Err(refused())]);
    let steps = vec![
        role(0, "bad", &[]),
        role(1, "next", &[0]),
        role(2, "last", &[1]),
        role(3, "other", &[]),
        role(4, "mine", &[3]),
    ];
    let (report, events) = apply_plan(&fake, plan(steps)).await;
    assert_eq!(names(report.failed.iter().map(|p| &p.addr)), ["role.bad"]);
    assert_eq!(report.failed[0].error, "syntax error");
    assert_eq!(report.failed[0].query_id.as_deref(), Some("run-0-1"));
    assert_eq!(names(report.done.iter().map(|d| &d.addr)), ["role.other", "role.mine"]);
    assert_eq!(names(report.not_started.iter().map(|n| &n.addr)), ["role.next", "role.last"]);
    let bad = crate::model::Addr::new("role", "bad");
    assert!(report.not_started.iter().all(|n| n.because == Because::After(bad.clone())));
    assert_eq!(report.outcome(), Outcome::HalfWay);
    let skipped = |e: &&Event| matches!(e, Event::StepSkipped { .. });
    assert_eq!(events.iter().filter(skipped).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_was_changed_the_report_says_so() {
    let fake = Fake::default().answer("CREATE bad", [Err(refused())]);
    let steps = vec![role(0, "bad", &[]), role(1, "next", &[0])];
    let (report, _) = apply_plan(&fake, plan(steps)).await;
    assert_eq!(report.outcome(), Outcome::Untouched);
}

#[tokio::test(start_paused = true)]
async fn a_stop_finishes_what_runs_and_starts_nothing() {
    let fake = Fake::default().slow("CREATE a", Duration::from_secs(10));
    let steps = vec![role(0, "a", &[]), role(1, "b", &[0])];
    let (stopper, stop) = stop::channel();
    let presses = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stopper.finish();
        stopper.finish();
    };
    let run = apply_with(&fake, plan(steps), Options::default(), stop);
    let ((report, events), ()) = futures_util::future::join(run, presses).await;
    assert_eq!(names(report.done.iter().map(|d| &d.addr)), ["role.a"]);
    assert_eq!(report.not_started[0].because, Because::Stopped);
    assert!(report.stopped);
    assert_eq!(report.outcome(), Outcome::HalfWay);
    assert_eq!(report.duration.as_secs(), 10);
    let stopping = |e: &&Event| matches!(e, Event::Stopping { running: 1 });
    assert_eq!(events.iter().filter(stopping).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_stop_ends_at_once_and_calls_what_ran_unknown() {
    let fake = Fake::default().slow("CREATE a", Duration::from_secs(1000));
    let steps = vec![role(0, "a", &[]), role(1, "b", &[0])];
    let (stopper, stop) = stop::channel();
    let presses = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stopper.finish();
        stopper.now();
    };
    let run = apply_with(&fake, plan(steps), Options::default(), stop);
    let ((report, _), ()) = futures_util::future::join(run, presses).await;
    assert_eq!(report.duration.as_secs(), 1);
    assert_eq!(report.unknown[0].query_id.as_deref(), Some("run-0-1"));
    assert!(!report.unknown[0].decide);
    assert_eq!(names(report.not_started.iter().map(|n| &n.addr)), ["role.b"]);
}

#[tokio::test(start_paused = true)]
async fn a_cycle_ends_with_a_report() {
    let fake = Fake::default();
    let steps = vec![role(0, "a", &[1]), role(1, "b", &[0]), role(2, "c", &[])];
    let (report, _) = apply_plan(&fake, plan(steps)).await;
    assert_eq!(report.done.len(), 1);
    assert!(report.not_started.iter().all(|n| n.because == Because::Cycle));
}

#[test]
fn the_run_can_be_moved_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    let (sender, _receiver) = unbounded_channel();
    let (_stopper, stop) = stop::channel();
    let (run, options) = (a_run(), Options::default());
    let servers = Arc::new(Fake::default());
    let future = apply(servers, Arc::new(Plan::default()), &run, &options, sender, stop);
    is_send(&future);
}
