use super::*;
use crate::kinds::testing::{change, lowered_sql, span, world_with};
use crate::model::op::{Op, SlotSource};
use crate::model::registry::Registry;
use crate::model::snapshot::{Listing, Row, Snapshot};
use crate::model::{Action, Addr, Secret};

fn wanted() -> Resource {
    let addr = Addr::new("tenant", "acme").part("user");
    let credential = Credential::new("operations", "s", "u", "d", credential::Policy::default());
    user::resource(addr, "u", "d", span()).with(credential::CREDENTIAL, credential.to_value())
}

fn encoded(text: &str) -> Value {
    use base64::Engine as _;
    Value::Secret(Secret::new(base64::engine::general_purpose::STANDARD.encode(text)))
}

fn secret(keys: &[(&str, &str)]) -> Listing {
    let data = keys.iter().map(|(key, text)| ((*key).to_owned(), encoded(text))).collect();
    let mut object =
        Value::from_json(&serde_json::json!({"metadata": {"name": "s", "resourceVersion": "7"}}));
    if let Value::Map(map) = &mut object {
        map.insert("data".into(), Value::Map(data));
    }
    Listing::Objects(vec![object])
}

fn snapshot(listing: Option<Listing>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot.objects.extend(listing.map(|listing| ((Api::secrets(), "operations".to_owned()), listing)));
    snapshot
}

fn registry(password: &str) -> Registry {
    let row: Row = serde_json::from_value(serde_json::json!({
        "scope": "platform", "address": "tenant.acme.user", "kind": "user", "identity": "u", "status": "applied",
        "spec": "{}", "salt": "x", "fingerprint": Secret::new(password).salted_sha256("x"),
    }))
    .expect("row");
    Registry::from_rows(&[row], "platform")
}

fn live() -> Attrs {
    let mut live = wanted().attrs;
    live.remove(credential::CREDENTIAL);
    live
}

const FULL: [(&str, &str); 3] = [("username", "u"), ("database", "d"), ("password", "pw")];

#[test]
fn on_creation_the_secret_comes_first() {
    let lowered = world_with(snapshot(None), &Registry::default(), "26.9.1.1", |world| {
        User.lower(&change(Action::Create, &wanted(), None), world)
    });
    assert!(matches!(&lowered.ops[..], [Op::KubeApply(_), Op::Sql(_)]), "{:?}", lowered.ops);
    assert!(lowered.slots.values().all(|source| *source == SlotSource::Generate { length: 32 }));
    insta::assert_snapshot!(lowered_sql(&lowered).join("\n"), @"CREATE USER `u` IDENTIFIED WITH sha256_hash BY {hash:String} SALT {salt:String} HOST ANY DEFAULT DATABASE `d` GRANTEES NONE");
}

#[test]
fn a_dropped_user_comes_back_with_the_password_of_its_secret() {
    let lowered = world_with(snapshot(Some(secret(&FULL))), &registry("pw"), "26.9.1.1", |world| {
        User.lower(&change(Action::Create, &wanted(), None), world)
    });
    assert!(matches!(&lowered.ops[..], [Op::Sql(_)]));
    assert!(lowered.slots.values().all(|source| matches!(source, SlotSource::Secret { .. })));
}

#[test]
fn differences_of_the_password_are_told_without_it() {
    let cases: [(Option<Listing>, &str, &[&str]); 5] = [
        (Some(secret(&FULL)), "pw", &[]),
        (Some(secret(&FULL)), "other", &["password"]),
        (None, "pw", &["password"]),
        (Some(secret(&FULL[..2])), "pw", &["password"]),
        (Some(secret(&FULL[1..])), "pw", &["secret keys"]),
    ];
    for (listing, recorded, expected) in cases {
        let diff = world_with(snapshot(listing), &registry(recorded), "26.9.1.1", |world| {
            User.diff(&wanted(), &live(), world)
        });
        let attrs: Vec<&str> = diff.iter().map(|diff| diff.attr.as_str()).collect();
        assert_eq!(attrs, expected);
        assert!(!format!("{diff:?}").contains("\"pw\""));
    }
}

#[test]
fn a_changed_secret_is_accepted_beside_the_old_password_where_the_server_can() {
    for (version, verb) in [("26.9.1.1", "ADD IDENTIFIED"), ("24.8.1.1", "`u` IDENTIFIED")] {
        let sql = world_with(snapshot(Some(secret(&FULL))), &registry("old"), version, |world| {
            let (wanted, live) = (wanted(), live());
            let diff = User.diff(&wanted, &live, world);
            lowered_sql(
                &User.lower(&Change { diff: &diff, ..change(Action::Update, &wanted, Some(&live)) }, world),
            )
        });
        assert!(sql.len() == 1 && sql[0].contains(verb), "{sql:?}");
    }
}

#[test]
fn nobodys_user_keeps_the_password_that_its_secret_holds() {
    let lowered = world_with(snapshot(Some(secret(&FULL))), &Registry::default(), "26.9.1.1", |world| {
        let (wanted, live) = (wanted(), live());
        assert!(User.diff(&wanted, &live, world).is_empty());
        User.lower(&change(Action::Adopt, &wanted, Some(&live)), world)
    });
    let guarded = lowered.ops.iter().all(|op| matches!(op, Op::Sql(sql) if sql.unless.is_some()));
    assert!(guarded && lowered.ops.len() == 1);
}
