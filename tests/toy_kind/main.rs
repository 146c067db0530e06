//! Adding a kind touches one folder (`workload/`) and one line ([`kinds`]); everything else is charter as
//! it is: the toy goes the whole way, from HCL over a plan to a server, and planning again is empty.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod servers;
mod workload;

use std::sync::Arc;

use charter::apply::{self, Options, Outcome, Run, stop};
use charter::config::load::Disk;
use charter::config::{self, Compiled, Input};
use charter::kinds::Kinds;
use charter::model::{Action, Plan, Rotation};
use charter::plan::{self, Request};
use charter::{diag, observe, render};
use servers::Fake;
use tokio::sync::mpsc;

/// Returns charter's kinds and the toy.
fn kinds() -> Kinds {
    Kinds::new(Kinds::all().iter().chain([&workload::Workload as _]).collect())
}

const TWO: &str = r#"
workload "staff" {
  max_queries = 1000
}

workload "guests" {
  name        = "${workload.staff.name}_guests"
  max_queries = 10
}
"#;

fn compile(text: &str) -> Compiled {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.hcl"), text).unwrap();
    config::compile(&Disk::new(folder.path()), &Input::default(), &kinds())
}

async fn plan(servers: &Fake, text: &str) -> Plan {
    let compiled = compile(text);
    assert!(!compiled.diags.has_errors(), "{:?}", compiled.diags);
    let (kinds, settings) = (kinds(), compiled.settings.unwrap());
    let observed = observe::observe(servers, &settings, &kinds, &compiled.desired, 4).await;
    let (snapshot, registry) = observed.unwrap_or_else(|error| panic!("{error:?}"));
    plan::build(&Request {
        kinds: &kinds,
        settings: &settings,
        desired: &compiled.desired,
        snapshot: &snapshot,
        registry: &registry,
        targets: &[],
        rotation: &Rotation::default(),
    })
}

/// Plans, applies, and plans again: that plan must be empty. Returns the first one.
async fn apply(servers: &Arc<Fake>, text: &str) -> Plan {
    let plan_before = plan(servers, text).await;
    let run = Run {
        id: "run".into(),
        actor: "test".into(),
        host: "test".into(),
        purpose: "apply".into(),
        git_revision: String::new(),
        started: jiff::Timestamp::UNIX_EPOCH,
        plan: String::new(),
    };
    let (events, _received) = mpsc::unbounded_channel();
    let (_stopper, stop) = stop::channel();
    let (servers_again, approved) = (Arc::clone(servers), Arc::new(plan_before.clone()));
    let report = apply::apply(servers_again, approved, &run, &Options::default(), events, stop).await;
    assert_eq!(report.outcome(), Outcome::Done, "{report:?}");
    let again = plan(servers, text).await;
    assert!(again.steps.is_empty() && again.findings.is_empty(), "{}", shown(&again));
    plan_before
}

fn shown(plan: &Plan) -> String {
    render::text::plan(plan, &render::text::Options { color: false, width: 100, sql: true, expand: false })
}

fn actions(plan: &Plan) -> Vec<(String, Action)> {
    plan.steps.iter().map(|step| (step.addr.to_string(), step.action)).collect()
}

#[tokio::test]
async fn a_toy_goes_the_whole_way() {
    let servers = Arc::new(Fake::default());
    let plan = apply(&servers, TWO).await;
    let expected = [
        ("charter.ops", Action::Create),
        ("workload.staff", Action::Create),
        ("workload.guests", Action::Create),
    ];
    assert_eq!(actions(&plan), expected.map(|(addr, action)| (addr.to_owned(), action)));
    assert_eq!(
        servers.held().ran,
        [
            "CREATE WORKLOAD `staff` FOR INTERVAL 1 hour MAX queries = 1000",
            "CREATE WORKLOAD `staff_guests` FOR INTERVAL 1 hour MAX queries = 10",
        ]
    );
}

#[tokio::test]
async fn what_was_changed_by_hand_is_mended_and_what_goes_is_removed() {
    let servers = Arc::new(Fake::default());
    apply(&servers, TWO).await;
    servers.held().workloads.insert("staff".into(), 5);
    let plan = apply(&servers, TWO).await;
    insta::assert_snapshot!(shown(&plan), @r#"
    Scope default, environment development, ClickHouse 26.9.2.1.
    ~ change

      ~ workload.staff  workload  staff
          ~ max_queries: 5 -> 1000
          cause: changed on the server since the last apply
          1. ClickHouse:
             ALTER WORKLOAD `staff` FOR INTERVAL 1 hour MAX queries = 1000
          2. record in ops.charter_resources: digest=fef9d0…e0f6fc
             spec={"after":[],"attrs":…alse,"tenant":null} status=applied

    Plan: 0 to create, 1 to change, 0 to destroy.
    1 undoes a change made on the server. Who changed the server, and when, is not known.
    "#);
    let plan = apply(&servers, "workload \"staff\" {\n  max_queries = 1000\n}\n").await;
    assert_eq!(actions(&plan), [("workload.guests".to_owned(), Action::Delete)]);
    assert_eq!(servers.held().workloads.iter().collect::<Vec<_>>(), [(&"staff".to_owned(), &1000)]);
}

#[tokio::test]
async fn what_nobody_recorded_is_adopted_or_refused() {
    let servers = Arc::new(Fake::default());
    servers.held().workloads.insert("staff".into(), 1000);
    let plan_before = apply(&servers, "workload \"staff\" {\n  max_queries = 1000\n}\n").await;
    assert_eq!(actions(&plan_before)[1], ("workload.staff".to_owned(), Action::Adopt));
    assert!(servers.held().ran.is_empty());
    servers.held().workloads.insert("other".into(), 1);
    let refused = plan(&servers, "workload \"other\" {\n  max_queries = 2\n}\n").await;
    assert!(!refused.may_apply());
    assert_eq!(refused.findings[0].code, "CH201");
}

#[test]
fn mistakes_in_it_are_told_as_for_every_kind() {
    let compiled = compile("workload \"staff\" {\n  max_querys = 1\n}\n");
    insta::assert_snapshot!(diag::text::render(&compiled.diags, &compiled.sources, false, 100), @r#"
    error: missing attribute
     --> main.hcl:1:1
      |
    1 | workload "staff" {
      | ^^^^^^^^^^^^^^^^ `max_queries` is required
      |
      = note: How many queries an hour may have.
      = help: add `max_queries = …`

    error: unknown attribute
     --> main.hcl:2:3
      |
    2 |   max_querys = 1
      |   ^^^^^^^^^^ `workload` has no such attribute
      |
      = help: did you mean `max_queries`?
    "#);
}
