//! Passwords: where they come from, where they go, and where they never are.

use std::time::Duration;

use serde_json::json;

use super::fake::{Call, Fake, error, plan, step};
use super::*;
use crate::apply::report::Outcome;
use crate::backend::{ErrorKind, LoginVerdict};
use crate::model::op::{
    KubeApply, KubeWrite, LedgerRow, Login, Op, Part, Probe, Slot, SlotSource, Sql, Text,
};
use crate::model::registry;
use crate::model::snapshot::Api;
use crate::model::{Addr, Secret};

fn slot() -> Slot {
    Slot::of(Addr::new("user", "bi"))
}

fn secret_write(mode: KubeWrite) -> KubeApply {
    KubeApply {
        api: Api::secrets(),
        namespace: "operations".into(),
        name: "bi".into(),
        manager: "charter-credentials".into(),
        object: json!({"apiVersion": "v1", "kind": "Secret"}),
        data: [
            ("username".to_owned(), Text::Plain("bi".into())),
            ("password".to_owned(), Text::Slot(slot(), Part::Password)),
        ]
        .into(),
        mode,
        prune: Vec::new(),
    }
}

fn probe() -> Probe {
    Probe::Login { user: "bi".into(), slot: slot() }
}

fn add_method() -> Sql {
    let sql = Sql::new("ALTER USER bi ADD IDENTIFIED WITH sha256_hash BY {h:String} SALT {s:String}")
        .param("h", Text::Slot(slot(), Part::Hash))
        .param("s", Text::Slot(slot(), Part::Salt));
    Sql { unless: Some(probe()), ..sql }
}

/// A step that makes a password, keeps it, proves it and records its fingerprint.
fn with_password(source: SlotSource) -> Plan {
    let mut record = LedgerRow::new(registry::TABLE).with("status", "applied");
    record.fill = vec![("fingerprint".into(), slot(), Part::Hash), ("salt".into(), slot(), Part::Salt)];
    let as_user =
        Sql { login: Login::User { name: "bi".into(), slot: slot() }, ..Sql::new("CREATE TABLE t") };
    let steps = vec![
        step(0, "bi")
            .op(secret_write(KubeWrite::Create))
            .op(add_method())
            .op(Op::Await(probe()))
            .op(as_user)
            .op(Op::Ledger(record))
            .build(),
    ];
    let mut plan = plan(steps);
    plan.slots.insert(slot(), source);
    plan
}

fn generated() -> Plan {
    with_password(SlotSource::Generate { length: 32 })
}

fn kept() -> SlotSource {
    SlotSource::Secret { namespace: "operations".into(), name: "bi".into(), key: "password".into() }
}

/// Returns the password that was written to the Secret.
fn written(fake: &Fake) -> Secret {
    let data = fake.calls().into_iter().find_map(|call| match call {
        Call::Write(object) => object.data.get("password").cloned(),
        _ => None,
    });
    data.unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_password_goes_to_secret_login_and_hash() {
    let fake = Fake::default().login_says([LoginVerdict::Fails]);
    let (report, _) = apply_plan(&fake, generated()).await;
    assert_eq!(report.outcome(), Outcome::Done, "{report:?}");
    let password = written(&fake);
    for call in fake.calls() {
        match call {
            Call::Login(user, given) => {
                assert_eq!((user.as_str(), given), ("bi", password.clone()))
            }
            Call::Execute(query) if query.statement.starts_with("ALTER") => {
                let (hash, salt) = (&query.params[0].1, &query.params[1].1);
                assert_eq!(hash.expose(), password.salted_sha256(salt.expose()));
                let (rows, _) = fake.table(registry::TABLE);
                assert_eq!(rows[0]["fingerprint"], hash.expose());
                assert_eq!(rows[0]["salt"], salt.expose());
            }
            Call::Execute(query) => {
                assert_eq!(query.login, Some(("bi".to_owned(), password.clone())));
            }
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_password_is_nowhere_else() {
    let lost = error(ErrorKind::Unknown, None, "connection reset");
    let fake = Fake::default().login_says([LoginVerdict::Fails]).answer("ALTER USER", [Err(lost)]);
    let (report, events) = apply_plan(&fake, generated()).await;
    assert_eq!(report.unknown.len(), 1);
    let password = written(&fake);
    let mut seen = format!("{report:?} {events:?} {:?}", generated());
    seen.push_str(&serde_json::to_string(&report).unwrap());
    for event in &events {
        seen.push_str(&event.message());
        seen.push_str(&serde_json::to_string(event).unwrap());
    }
    seen.push_str(&crate::render::report::text(&report));
    for call in fake.calls() {
        seen.push_str(&format!("{call:?}"));
        match call {
            Call::Execute(query) | Call::Rows(query) => {
                for (_, param) in &query.params {
                    seen.push_str(param.expose());
                }
            }
            Call::Insert(insert) => seen.push_str(&json!(insert.rows).to_string()),
            Call::Write(object) => seen.push_str(&object.object.to_string()),
            Call::Delete(_) | Call::Login(..) => {}
        }
    }
    assert!(seen.contains("run-0-1"));
    assert!(!seen.contains(password.expose()));
}

#[tokio::test(start_paused = true)]
async fn a_password_is_read_from_its_secret() {
    let fake = Fake::default().with_secret("operations", "bi", "password", "kept-password");
    let mut plan = with_password(kept());
    plan.steps[0].ops.remove(0);
    let (report, events) = apply_plan(&fake, plan).await;
    assert_eq!(report.outcome(), Outcome::Done);
    // It logs in already, so that the method is not added a second time.
    assert_eq!(fake.statements(), ["CREATE TABLE t"]);
    assert!(events.iter().any(|e| e.message().contains("works already")));
}

#[tokio::test(start_paused = true)]
async fn a_missing_password_says_what_to_do() {
    let mut plan = with_password(kept());
    plan.steps[0].ops.remove(0);
    let (report, _) = apply_plan(&Fake::default(), plan).await;
    assert_eq!(report.failed[0].error, "Secret operations/bi holds no \"password\", the password of user.bi");
    assert!(report.failed[0].help[0].contains("plan again: user.bi"));
    assert_eq!(report.outcome(), Outcome::Untouched);
}

#[tokio::test(start_paused = true)]
async fn a_password_is_never_recorded() {
    let mut filled = LedgerRow::new(registry::TABLE);
    filled.fill = vec![("spec".into(), slot(), Part::Password)];
    let mut hidden = LedgerRow::new(registry::TABLE);
    hidden.secret = [("spec".to_owned(), Text::Slot(slot(), Part::Password))].into();
    for record in [filled, hidden] {
        let mut plan = plan(vec![step(0, "bi").op(Op::Ledger(record)).build()]);
        plan.slots.insert(slot(), SlotSource::Generate { length: 32 });
        let fake = Fake::default();
        let (report, _) = apply_plan(&fake, plan).await;
        assert_eq!(report.failed.len(), 1);
        assert!(fake.table(registry::TABLE).0.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_hidden_in_a_plan_is_recorded() {
    let record =
        LedgerRow::new(registry::TABLE).with("spec", "shown").hiding("spec", "whole").hiding("salt", "s");
    let fake = Fake::default();
    let (report, _) = apply_plan(&fake, plan(vec![step(0, "bi").op(Op::Ledger(record)).build()])).await;
    assert_eq!(report.outcome(), Outcome::Done, "{report:?}");
    let rows = fake.table(registry::TABLE).0;
    assert_eq!((&rows[0]["spec"], &rows[0]["salt"]), (&"whole".into(), &"s".into()));
}

#[tokio::test(start_paused = true)]
async fn a_login_is_waited_for() {
    let fake = Fake::default().login_says(vec![LoginVerdict::Fails; 5]);
    let (report, _) = apply_plan(&fake, generated()).await;
    assert_eq!(report.outcome(), Outcome::Done);
    assert!(report.duration > Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_login_that_never_works_says_how_long_was_waited() {
    let fake = Fake::default().login_says(vec![LoginVerdict::Fails; 1_000]);
    let (report, _) = apply_plan(&fake, generated()).await;
    let error = &report.failed[0].error;
    assert!(error.starts_with("the login of \"bi\" does not work after 2"), "{error}");
    assert_eq!(report.outcome(), Outcome::HalfWay);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_cannot_be_proved_says_why() {
    let why = LoginVerdict::Unproved("the user may log in from 10.0.0.0/8 only".into());
    let fake = Fake::default().login_says(vec![why; 10]);
    let (report, _) = apply_plan(&fake, generated()).await;
    assert!(report.failed[0].error.contains("10.0.0.0/8"), "{report:?}");
    assert!(report.duration < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn what_exists_meanwhile_is_left_alone() {
    let conflict = error(ErrorKind::Conflict, Some(409), "already exists");
    let fake = Fake::default().fail_writes([conflict]);
    let (report, _) = apply_plan(&fake, generated()).await;
    assert!(report.failed[0].error.starts_with("Secret operations/bi exists meanwhile"));
    assert!(fake.statements().is_empty());
    assert_eq!(report.outcome(), Outcome::Untouched);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_recognised_by_what_it_wrote() {
    let lost = error(ErrorKind::Unknown, None, "connection reset");
    let conflict = error(ErrorKind::Conflict, Some(409), "already exists");
    let fake = Fake::default().fail_writes([lost, conflict]);
    let (report, _) = apply_plan(&fake, generated()).await;
    assert_eq!(report.outcome(), Outcome::Done, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_busy_cluster_is_waited_for() {
    let busy = error(ErrorKind::Refused, Some(429), "too many requests");
    let fake = Fake::default().fail_writes([busy]);
    let (report, events) = apply_plan(&fake, generated()).await;
    assert_eq!(report.outcome(), Outcome::Done);
    assert!(events.iter().any(|e| matches!(e, Event::Retry { .. })));
}
