//! Passwords that change: whatever the reason, and wherever a run is stopped, the next runs complete
//! it. Throughout, what the Secret holds logs in, and so does the password that clients read before,
//! until its grace is over; in the end there is exactly one password.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod server;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use charter::apply::{self, Options, Outcome, Report, Run, stop};
use charter::diag::{SourceMap, Span};
use charter::kinds::Kinds;
use charter::kinds::common::credential::{CREDENTIAL, Credential, Policy};
use charter::kinds::common::user;
use charter::kinds::user::User;
use charter::model::registry::Registry;
use charter::model::resource::Desired;
use charter::model::settings::{ClickHouse, Kubernetes, KubernetesTarget};
use charter::model::{Addr, Op, Plan, Rotation, Secret, Settings};
use charter::plan::{self, Request};
use server::{Fake, PLACE, USER};
use tokio::sync::mpsc;

/// When the stories begin, and how long an old password is kept.
const BEGIN: u64 = 1_800_000_000;
const GRACE: u64 = 3_600;
const DAY: u64 = 86_400;

const SEVERAL: &str = "26.9.2.1";
const ONE: &str = "24.8.7.41";

fn addr() -> Addr {
    Addr::new("user", USER)
}

fn settings() -> Settings {
    Settings {
        scope: "platform".into(),
        environment: "development".into(),
        clickhouse: ClickHouse {
            url: "http://127.0.0.1:8123".into(),
            user: "default".into(),
            password: Secret::new(""),
            cluster: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            timeout: Duration::from_secs(30),
            mutation_timeout: Duration::from_secs(30),
            settings: BTreeMap::new(),
        },
        kubernetes: Some(Kubernetes {
            namespace: PLACE.0.into(),
            target: KubernetesTarget::Context { kubeconfig: None, context: Some("production".into()) },
        }),
        isolation: Default::default(),
        rollout: None,
        lint: charter::model::lint::Policy::default(),
    }
}

fn desired(rotate_after: Option<u64>) -> Desired {
    let span = Span::new(SourceMap::default().add("tenants.hcl", ""), 0..0);
    let policy = Policy { rotate_after, ..Policy::default() };
    let credential = Credential::new(PLACE.0, PLACE.1, USER, "", policy);
    let user = user::resource(addr(), USER, "", span).with(CREDENTIAL, credential.to_value());
    let mut desired = Desired::default();
    desired.resources.insert(addr(), user);
    desired
}

fn plan(servers: &Fake, rotate_after: Option<u64>, rotation: &Rotation) -> Plan {
    let (kinds, settings) = (Kinds::new(vec![&User]), settings());
    let newest: Vec<_> = servers.state().rows.last().cloned().into_iter().collect();
    let registry = Registry::from_rows(&newest, &settings.scope);
    plan::build(&Request {
        kinds: &kinds,
        settings: &settings,
        desired: &desired(rotate_after),
        snapshot: &servers.snapshot(),
        registry: &registry,
        targets: &[],
        rotation,
    })
}

async fn run(servers: &Fake, plan: Plan) -> Report {
    let (events, _) = mpsc::unbounded_channel();
    let (_stopper, stop) = stop::channel();
    let run = Run {
        id: "run".into(),
        actor: "someone".into(),
        host: "here".into(),
        purpose: "apply".into(),
        git_revision: String::new(),
        started: jiff::Timestamp::from_second(1_800_000_000).unwrap(),
        plan: String::new(),
    };
    apply::apply(Arc::new(servers.clone()), Arc::new(plan), &run, &Options::default(), events, stop).await
}

/// Runs the first operations of a plan: a run that is killed after them.
async fn run_some(servers: &Fake, mut plan: Plan, count: usize) {
    for step in &mut plan.steps {
        step.ops.truncate(count);
    }
    assert_eq!(run(servers, plan).await.outcome(), Outcome::Done);
}

fn asked() -> Rotation {
    Rotation { users: [addr()].into(), ..Rotation::default() }
}

fn ops(plan: &Plan) -> usize {
    plan.steps.iter().map(|step| step.ops.len()).sum()
}

/// Returns servers with a user whose password was applied at the beginning, and clients that hold it.
fn servers(version: &str) -> Fake {
    let servers = Fake::default();
    let mut state = servers.state();
    state.now = BEGIN;
    state.version = version.to_owned();
    state.put_secret("the-first-password-of-all");
    let first = state.password().unwrap();
    state.methods = vec![(first.salted_sha256("salt"), "salt".into())];
    let row = serde_json::json!({
        "scope": "platform", "environment": "development", "address": addr().to_string(), "kind": "user",
        "identity": USER, "status": "applied", "salt": "x", "fingerprint": first.salted_sha256("x"),
        "credential_at": BEGIN,
        "spec": serde_json::json!({"attrs": {"credential": {}}, "retained": false, "tenant": null}).to_string(),
    });
    state.rows.push(row.as_object().cloned().unwrap());
    drop(state);
    servers
}

/// A story: how the servers come to need a change of the password, and what is asked first.
struct Story {
    name: &'static str,
    version: &'static str,
    rotate_after: Option<u64>,
    asked: bool,
    /// Changes something by hand. Returns whether what the Secret holds logs in all the same.
    begin: fn(&Fake) -> bool,
    /// Whether clients that hold the first password must be able to log in until the grace ends.
    keeps_old: bool,
}

const STORIES: [Story; 8] = [
    Story {
        name: "asked for",
        version: SEVERAL,
        rotate_after: None,
        asked: true,
        begin: |_| true,
        keeps_old: true,
    },
    Story {
        name: "due",
        version: SEVERAL,
        rotate_after: Some(30 * DAY),
        asked: false,
        begin: |servers| {
            servers.state().now += 30 * DAY;
            true
        },
        keeps_old: true,
    },
    Story {
        name: "lost Secret",
        version: SEVERAL,
        rotate_after: None,
        asked: false,
        begin: |servers| {
            servers.state().secret = None;
            true
        },
        keeps_old: true,
    },
    Story {
        name: "lost key",
        version: SEVERAL,
        rotate_after: None,
        asked: false,
        begin: |servers| {
            servers.state().secret.as_mut().unwrap().1.remove("password");
            true
        },
        keeps_old: true,
    },
    Story {
        name: "changed by hand",
        version: SEVERAL,
        rotate_after: None,
        asked: false,
        begin: |servers| {
            servers.state().put_secret("set-by-a-person-in-a-hurry");
            false
        },
        keeps_old: true,
    },
    Story {
        name: "changed by hand and asked for",
        version: SEVERAL,
        rotate_after: None,
        asked: true,
        begin: |servers| {
            servers.state().put_secret("set-by-a-person-in-a-hurry");
            false
        },
        keeps_old: true,
    },
    Story {
        name: "asked for, one method",
        version: ONE,
        rotate_after: None,
        asked: true,
        begin: |_| false,
        keeps_old: false,
    },
    Story {
        name: "lost Secret, one method",
        version: ONE,
        rotate_after: None,
        asked: false,
        begin: |servers| {
            servers.state().secret = None;
            false
        },
        keeps_old: false,
    },
];

impl Story {
    fn begin(&self) -> Fake {
        let servers = servers(self.version);
        let first = servers.state().password().unwrap();
        let is_proved = (self.begin)(&servers);
        let mut state = servers.state();
        state.is_proved = is_proved;
        if self.keeps_old {
            let until = state.now + GRACE;
            state.held.push((first, until));
        }
        drop(state);
        servers
    }

    fn plan(&self, servers: &Fake, rotation: &Rotation) -> Plan {
        plan(servers, self.rotate_after, rotation)
    }

    fn first_plan(&self, servers: &Fake) -> Plan {
        let rotation = if self.asked { asked() } else { Rotation::default() };
        self.plan(servers, &rotation)
    }

    /// Lets later runs complete what is there, and asserts how it ends.
    async fn complete(&self, servers: &Fake, what: &str) {
        let quiet = Rotation::default();
        let report = run(servers, self.plan(servers, &quiet)).await;
        assert_eq!(report.outcome(), Outcome::Done, "{}, {what}: {report:?}", self.name);
        let again = self.plan(servers, &quiet);
        assert_eq!(again.steps.len(), 0, "{}, {what}: planning again is not empty: {again:?}", self.name);
        servers.state().now += GRACE;
        let report = run(servers, self.plan(servers, &quiet)).await;
        assert_eq!(report.outcome(), Outcome::Done, "{}, {what}: {report:?}", self.name);
        let again = self.plan(servers, &quiet);
        assert_eq!(again.steps.len(), 0, "{}, {what}: after the grace: {again:?}", self.name);
        let state = servers.state();
        assert_eq!(state.methods.len(), 1, "{}, {what}: one password is left", self.name);
        assert!(state.accepts(&state.password().unwrap()), "{}, {what}: the Secret's", self.name);
        assert!(state.broken.is_empty(), "{}, {what}: {:?}", self.name, state.broken);
        let newest = state.rows.last().unwrap();
        assert_eq!(newest.get("credential_state"), None, "{}, {what}: {newest:?}", self.name);
    }
}

#[tokio::test(start_paused = true)]
async fn stopped_after_any_operation_the_next_runs_complete_it() {
    for story in &STORIES {
        let count = ops(&story.first_plan(&story.begin()));
        assert!(count >= 3, "{}: {count} operations", story.name);
        for stop in 0..=count {
            let servers = story.begin();
            run_some(&servers, story.first_plan(&servers), stop).await;
            story.complete(&servers, &format!("stopped after {stop} of {count}")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn stopped_twice_the_next_runs_complete_it() {
    for story in &STORIES {
        let count = ops(&story.first_plan(&story.begin()));
        for first in 0..=count {
            for second in 0..=count {
                let servers = story.begin();
                run_some(&servers, story.first_plan(&servers), first).await;
                run_some(&servers, story.plan(&servers, &Rotation::default()), second).await;
                story.complete(&servers, &format!("stopped after {first}, then after {second}")).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_retirement_is_completed_wherever_it_stops() {
    for count in 0..=4 {
        let servers = servers(SEVERAL);
        servers.state().is_proved = true;
        let _ = run(&servers, plan(&servers, None, &asked())).await;
        assert_eq!(servers.state().methods.len(), 2);
        let finish = Rotation { finish: true, ..asked() };
        let finishing = plan(&servers, None, &finish);
        assert_eq!(ops(&finishing), 4, "{finishing:?}");
        run_some(&servers, finishing, count).await;
        STORIES[0].complete(&servers, &format!("the retirement stopped after {count}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_password_is_not_retired_where_the_new_one_does_not_log_in() {
    let servers = servers(SEVERAL);
    let _ = run(&servers, plan(&servers, None, &asked())).await;
    let retirement = {
        servers.state().now += GRACE;
        plan(&servers, None, &Rotation::default())
    };
    // Someone takes the new one away, after the plan was made.
    servers.state().methods.remove(1);
    let before = servers.state().methods.clone();
    assert_eq!(run(&servers, retirement).await.failed.len(), 1);
    assert_eq!(servers.state().methods, before, "nothing was changed");
}

#[tokio::test(start_paused = true)]
async fn two_rotations_at_once_do_not_both_say_that_they_are_done() {
    let servers = servers(SEVERAL);
    // Between the proof of the one and its Secret the other names its own list.
    let first = servers.state().methods[0].clone();
    servers.state().before_write = Some(vec![first, ("the other's".into(), "salt".into())]);
    let report = run(&servers, plan(&servers, None, &asked())).await;
    assert_eq!(report.failed.len(), 1, "{report:?}");
    servers.state().broken.clear();
    let report = run(&servers, plan(&servers, None, &Rotation::default())).await;
    assert_eq!(report.outcome(), Outcome::Done, "the next run completes it");
    STORIES[0].complete(&servers, "two at once").await;
}

#[tokio::test(start_paused = true)]
async fn a_grace_can_be_asked_for_and_a_second_rotation_keeps_the_last_password() {
    let servers = servers(SEVERAL);
    servers.state().is_proved = true;
    let _ = run(&servers, plan(&servers, None, &Rotation { grace: Some(2 * GRACE), ..asked() })).await;
    let second = servers.state().password().unwrap();
    servers.state().now += GRACE;
    assert_eq!(plan(&servers, None, &Rotation::default()).steps.len(), 0, "the grace is twice as long");
    let again = plan(&servers, None, &asked());
    assert!(again.findings.iter().any(|finding| finding.code == "CH319"), "{:?}", again.findings);
    let _ = run(&servers, again).await;
    let state = servers.state();
    assert_eq!(state.methods.len(), 2);
    assert!(state.accepts(&second) && state.password() != Some(second.clone()));
}

#[test]
fn no_statement_goes_by_a_place_in_the_list() {
    for story in &STORIES {
        for step in story.first_plan(&story.begin()).steps {
            for op in step.ops {
                let Op::Sql(sql) = op else { continue };
                assert!(
                    !sql.statement.contains("RESET") && !sql.statement.contains("VALID UNTIL"),
                    "{sql:?}"
                );
            }
        }
    }
}
