//! Kubernetes objects other than credentials: deleted, applied, and what a lost answer means.

use serde_json::json;

use super::fake::{Call, Fake, error, plan, step};
use super::*;
use crate::apply::report::Outcome;
use crate::backend::{Error, ErrorKind};
use crate::model::op::{KubeApply, KubeDelete, KubeWrite, Op};
use crate::model::snapshot::Api;

fn deletion() -> Plan {
    let delete = KubeDelete {
        api: Api::secrets(),
        namespace: "operations".into(),
        name: "bi".into(),
        uid: Some("uid-1".into()),
    };
    plan(vec![step(0, "bi").op(Op::KubeDelete(delete)).build()])
}

fn application(resource_version: Option<&str>) -> Plan {
    let apply = KubeApply {
        api: Api::secrets(),
        namespace: "operations".into(),
        name: "bi".into(),
        manager: "charter".into(),
        object: json!({"metadata": {"name": "bi"}}),
        data: std::collections::BTreeMap::new(),
        mode: KubeWrite::Apply { force: false, resource_version: resource_version.map(str::to_owned) },
        prune: vec!["/metadata/labels/old".into()],
    };
    plan(vec![step(0, "bi").op(apply).build()])
}

fn lost() -> Error {
    error(ErrorKind::Unknown, None, "connection reset")
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_guarded_by_its_uid_and_sent_again() {
    let fake = Fake::default().fail_deletes([lost()]);
    let (report, _) = apply_plan(&fake, deletion()).await;
    assert_eq!(report.outcome(), Outcome::Done);
    let sent = fake
        .calls()
        .into_iter()
        .filter(|call| matches!(call, Call::Delete(delete) if delete.uid.as_deref() == Some("uid-1")));
    assert_eq!(sent.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_of_which_nobody_knows_is_unknown_and_needs_no_decision() {
    let fake = Fake::default().fail_deletes(vec![lost(); 20]);
    let (report, _) = apply_plan(&fake, deletion()).await;
    assert_eq!(report.unknown.len(), 1);
    assert_eq!(report.outcome(), Outcome::HalfWay);
}

#[tokio::test(start_paused = true)]
async fn a_denied_deletion_is_a_failure_with_its_reason() {
    let denied = error(ErrorKind::Denied, Some(403), "secrets is forbidden");
    let fake = Fake::default().fail_deletes([denied]);
    let (report, _) = apply_plan(&fake, deletion()).await;
    assert_eq!(report.failed[0].error, "deleting Secret operations/bi failed: secrets is forbidden");
    assert_eq!(report.outcome(), Outcome::Untouched);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_moved_is_not_written() {
    let moved = error(ErrorKind::Conflict, Some(409), "the object has been modified");
    let fake = Fake::default().fail_writes([moved]);
    let (report, _) = apply_plan(&fake, application(Some("7"))).await;
    assert!(report.failed[0].error.ends_with("the object has been modified"));
    assert!(report.failed[0].help[0].contains("charter plan"));
}

#[tokio::test(start_paused = true)]
async fn an_application_is_sent_whole_and_again_when_its_answer_is_lost() {
    let fake = Fake::default().fail_writes([lost()]);
    let (report, _) = apply_plan(&fake, application(None)).await;
    assert_eq!(report.outcome(), Outcome::Done);
    let writes: Vec<_> = fake
        .calls()
        .into_iter()
        .filter_map(|call| match call {
            Call::Write(object) => Some(object),
            _ => None,
        })
        .collect();
    assert_eq!(writes.len(), 2);
    assert_eq!(writes[1].prune, ["/metadata/labels/old"]);
    assert_eq!(writes[1].manager, "charter");
}
