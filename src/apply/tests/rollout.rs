//! Roll-out in groups: canaries, batches, and how many tenants may fail.

use std::time::Duration;

use super::fake::{Fake, error, plan, step};
use super::*;
use crate::apply::report::{Because, Outcome};
use crate::backend::ErrorKind;
use crate::model::op::Sql;
use crate::model::plan::{Action, Step};
use crate::model::rollout::{Group, Member, Rollout};

/// Returns a step of a tenant's migration: a statement with the tenant's name.
fn file(id: usize, tenant: &str, after: &[usize]) -> Step {
    let step = step(id, &format!("{tenant}{id}")).after(after).op(Sql::new(format!("RUN {tenant}{id}")));
    step.action(Action::Execute { statements: 1 }).build()
}

/// Returns a plan of one file for each tenant, in groups; the first one is the canaries'.
fn rolled_out(groups: &[&[&str]], max_failures: Option<usize>) -> Plan {
    let (mut steps, mut made) = (Vec::new(), Vec::new());
    for (index, tenants) in groups.iter().enumerate() {
        let mut group = Group { canary: index == 0, tenants: Vec::new() };
        for tenant in *tenants {
            let id = steps.len();
            group.tenants.push(Member { tenant: (*tenant).to_owned(), steps: vec![id] });
            steps.push(file(id, tenant, &[]));
        }
        if !group.tenants.is_empty() {
            made.push(group);
        }
    }
    Plan { rollout: Some(Rollout { groups: made, max_failures }), ..plan(steps) }
}

fn failing(fake: Fake, texts: &[&str]) -> Fake {
    texts.iter().fold(fake, |fake, text| {
        fake.answer(text, [Err(error(ErrorKind::Refused, Some(60), "no such table"))])
    })
}

fn reasons(report: &Report) -> Vec<String> {
    report.not_started.iter().map(|step| format!("{}: {}", step.addr, step.because)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_group_begins_when_all_of_the_one_before_have_ended() {
    let fake = Fake::default().slow("RUN a0", Duration::from_secs(9)).slow("RUN c2", Duration::from_secs(9));
    let (report, _) = apply_plan(&fake, rolled_out(&[&["a"], &["b", "c"], &["d"]], Some(0))).await;
    assert_eq!(report.outcome(), Outcome::Done);
    assert_eq!(fake.statements(), ["RUN a0", "RUN b1", "RUN c2", "RUN d3"]);
    assert_eq!(report.duration.as_secs(), 18);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_tenants_migration_waits_for_no_group() {
    let mut plan = rolled_out(&[&["a"], &["b"]], None);
    plan.steps.push(step(2, "role").op(Sql::new("CREATE role")).build());
    let fake = Fake::default().slow("RUN a0", Duration::from_secs(9));
    let (report, _) = apply_plan(&fake, plan).await;
    assert_eq!(report.outcome(), Outcome::Done);
    assert_eq!(fake.statements(), ["RUN a0", "CREATE role", "RUN b1"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_after_a_canary_that_failed() {
    let fake = failing(Fake::default().slow("RUN b1", Duration::from_secs(9)), &["RUN a0"]);
    let (report, events) = apply_plan(&fake, rolled_out(&[&["a", "b"], &["c"], &["d"]], Some(9))).await;
    assert_eq!(fake.statements(), ["RUN a0", "RUN b1"], "the other canary is finished");
    assert_eq!(names(report.done.iter().map(|done| &done.addr)), ["role.b1"]);
    assert_eq!(reasons(&report), ["role.c2: the canary a failed", "role.d3: the canary a failed"]);
    assert_eq!(report.outcome(), Outcome::HalfWay);
    let skipped = |event: &&Event| matches!(event, Event::StepSkipped { .. });
    assert_eq!(events.iter().filter(skipped).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_cannot_begin_has_failed() {
    let mut plan = rolled_out(&[&["a"], &["b"]], None);
    plan.steps.push(step(2, "user").op(Sql::new("CREATE user")).build());
    plan.steps[0].after = vec![2];
    let (report, _) = apply_plan(&failing(Fake::default(), &["CREATE user"]), plan).await;
    assert_eq!(reasons(&report), ["role.a0: it needs role.user", "role.b1: the canary a failed"]);
}

#[tokio::test(start_paused = true)]
async fn tenants_that_failed_hold_no_other_up_to_the_bound() {
    let fake = failing(Fake::default(), &["RUN b1", "RUN c2"]);
    let groups: [&[&str]; 3] = [&["a"], &["b", "c"], &["d"]];
    let (report, _) = apply_plan(&fake, rolled_out(&groups, Some(2))).await;
    assert_eq!(names(report.done.iter().map(|done| &done.addr)), ["role.a0", "role.d3"]);
    assert!(report.not_started.is_empty());
    let fake = failing(Fake::default(), &["RUN b1", "RUN c2"]);
    let (report, _) = apply_plan(&fake, rolled_out(&groups, None)).await;
    assert_eq!(report.done.len(), 2, "without a bound");
}

#[tokio::test(start_paused = true)]
async fn past_the_bound_what_has_begun_goes_on_and_nothing_else_begins() {
    let fake = failing(Fake::default().slow("RUN c2", Duration::from_secs(9)), &["RUN b1"]);
    let mut plan = rolled_out(&[&["a"], &["b", "c", "d"], &["e"]], Some(0));
    // Tenant c has a second file, tenant d has not begun.
    plan.steps.push(file(5, "c", &[2]));
    plan.rollout.as_mut().unwrap().groups[1].tenants[1].steps.push(5);
    let options = Options { parallelism: 2, ..Options::default() };
    let (_stopper, stop) = stop::channel();
    let (report, _) = apply_with(&fake, plan, options, stop).await;
    assert_eq!(fake.statements(), ["RUN a0", "RUN b1", "RUN c2", "RUN c5"]);
    let why = "1 tenant failed, and max_failures is 0";
    assert_eq!(reasons(&report), [format!("role.d3: {why}"), format!("role.e4: {why}")]);
    let because = Because::TooManyFailed { failed: 1, max: 0 };
    assert!(report.not_started.iter().all(|step| step.because == because));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_whose_files_fail_one_after_another_has_failed_once() {
    let fake = failing(Fake::default(), &["RUN b1"]);
    let mut plan = rolled_out(&[&["a"], &["b"], &["c"]], Some(1));
    plan.steps.extend([file(3, "b", &[1]), file(4, "b", &[3])]);
    plan.rollout.as_mut().unwrap().groups[1].tenants[0].steps.extend([3, 4]);
    let (report, _) = apply_plan(&fake, plan).await;
    assert_eq!(names(report.done.iter().map(|done| &done.addr)), ["role.a0", "role.c2"]);
    assert_eq!(reasons(&report), ["role.b3: it needs role.b1", "role.b4: it needs role.b1"]);
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_a_tenant_that_did_not_begin_is_given_up_too() {
    let fake = failing(Fake::default(), &["RUN a0"]);
    let mut plan = rolled_out(&[&["a"], &["b"]], None);
    plan.steps.push(step(2, "view").after(&[1]).op(Sql::new("CREATE view")).build());
    let (report, _) = apply_plan(&fake, plan).await;
    assert_eq!(reasons(&report), ["role.b1: the canary a failed", "role.view: it needs role.b1"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_told_as_one() {
    let fake = Fake::default().slow("RUN a0", Duration::from_secs(9));
    let (stopper, stop) = stop::channel();
    let presses = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stopper.finish();
    };
    let run = apply_with(&fake, rolled_out(&[&["a"], &["b"]], Some(0)), Options::default(), stop);
    let ((report, _), ()) = futures_util::future::join(run, presses).await;
    assert_eq!(reasons(&report), ["role.b1: the run was stopped"]);
}
