use super::*;
use crate::kinds::testing::{change, span, world, world_with};
use crate::model::op::{KubeWrite, Op};
use crate::model::registry::Registry;
use crate::model::snapshot::{Row, Snapshot};
use crate::model::{Action, Addr, Secret as Hidden};

fn wanted() -> Resource {
    let data =
        [("host".to_owned(), Value::from("ch")), ("token".to_owned(), Value::Secret(Hidden::new("t")))];
    crate::kinds::common::secret::resource(Addr::new("secret", "bi"), "operations", "bi", span())
        .with("data", Value::Map(data.into()))
}

fn live(data: &[(&str, &str)]) -> Attrs {
    let mut live = wanted().attrs;
    let data =
        data.iter().map(|(key, text)| ((*key).to_owned(), Value::Secret(Hidden::new(*text)))).collect();
    live.insert("data".into(), Value::Map(data));
    live
}

#[test]
fn entries_are_compared_one_by_one_and_others_are_left_alone() {
    world("26.9.1.1", |world| {
        let diff = |data: &[(&str, &str)]| -> Vec<String> {
            Secret.diff(&wanted(), &live(data), world).into_iter().map(|diff| diff.attr).collect()
        };
        assert!(diff(&[("host", "ch"), ("token", "t"), ("other", "x")]).is_empty());
        assert_eq!(diff(&[("host", "ch"), ("token", "u")]), ["data.token"]);
        assert_eq!(diff(&[]), ["data.host", "data.token"]);
    });
}

#[test]
fn what_is_no_longer_declared_is_pruned() {
    let row: Row = serde_json::from_value(serde_json::json!({
        "scope": "platform", "address": "secret.bi", "kind": "secret", "identity": "operations/bi",
        "status": "applied", "spec": r#"{"attrs":{"data":{"old":"(sensitive value)"}}}"#,
    }))
    .expect("row");
    let registry = Registry::from_rows(&[row], "platform");
    world_with(Snapshot::default(), &registry, "26.9.1.1", |world| {
        let (wanted, live) = (wanted(), live(&[("host", "ch"), ("token", "t"), ("old", "x")]));
        let diff = Secret.diff(&wanted, &live, world);
        assert_eq!(diff.len(), 1);
        let entry = registry.mine("secret", "operations/bi");
        let change = Change { diff: &diff, entry, ..change(Action::Update, &wanted, Some(&live)) };
        let lowered = Secret.lower(&change, world);
        let [Op::KubeApply(apply)] = &lowered.ops[..] else { panic!("{:?}", lowered.ops) };
        assert_eq!(apply.prune, ["/data/old"]);
    });
}

#[test]
fn a_secret_without_a_credential_is_created_and_never_overwrites() {
    world("26.9.1.1", |world| {
        let lowered = Secret.lower(&change(Action::Create, &wanted(), None), world);
        let [Op::KubeApply(apply)] = &lowered.ops[..] else { panic!("{:?}", lowered.ops) };
        assert_eq!(apply.mode, KubeWrite::Create);
    });
}

#[test]
fn one_that_was_not_read_is_compared_with_its_record() {
    let row: Row = serde_json::from_value(serde_json::json!({
        "scope": "platform", "environment": "development", "address": "secret.bi", "kind": NAME,
        "identity": "operations/bi", "status": "applied",
        "spec": r#"{"attrs": {"data": {"host": "old", "token": "(sensitive value)", "gone": "x"}}}"#,
    }))
    .expect("a row");
    let registry = Registry::from_rows(&[row], "platform");
    let snapshot = Snapshot { withheld: [Api::secrets()].into(), ..Snapshot::default() };
    world_with(snapshot, &registry, "26.9.1.1", |world| {
        let live = Secret.observe(&["operations/bi", "operations/new"].into(), world);
        assert_eq!(live.len(), 1, "what is not recorded is not there");
        let diff = Secret.diff(&wanted(), &live["operations/bi"], world);
        let attrs: Vec<&str> = diff.iter().map(|diff| diff.attr.as_str()).collect();
        assert_eq!(attrs, ["data.host", "data.gone"], "a sensitive value is taken as it was");
        let told: Vec<_> = Secret.review(&[], world);
        assert!(told.is_empty(), "nothing declared, nothing to say");
    });
}
