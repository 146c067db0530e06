use super::*;
use crate::kinds::testing::{change, lowered_sql, span, world_with};
use crate::model::registry::Registry;
use crate::model::snapshot::{Listing, Row};
use crate::model::value::attrs_json;
use crate::model::{Action, Addr, Op, Snapshot};

const NOW: u64 = 1_800_000_000;

fn role() -> Resource {
    Resource::new(Addr::new("role", "analyst"), "role", "Analyst`; DROP USER x", span())
}

fn issue<'a>(role: &'a Resource, reason: &'a str) -> Issue<'a> {
    Issue { role, actor: "Jane.Doe@example.com", reason, hosts: &[], secret: None, unique: "3f9a1c2b77" }
}

/// Returns a registry that has a user, and its role unless that is gone.
fn recorded(user: &Resource, status: &str, with_role: bool) -> Registry {
    let row = |kind: &str, identity: &str, addr: &Addr, status: &str, spec: serde_json::Value| -> Row {
        let row = serde_json::json!({
            "scope": "platform", "environment": "development", "address": addr, "kind": kind,
            "identity": identity, "status": status, "spec": spec.to_string(),
        });
        serde_json::from_value(row).expect("a row")
    };
    let spec = serde_json::json!({"attrs": attrs_json(&user.attrs), "retained": false});
    let mut rows = vec![row(NAME, &user.identity, &user.addr, status, spec)];
    if with_role {
        let role = role();
        rows.push(row("role", &role.identity, &role.addr, "applied", serde_json::json!({"retained": true})));
    }
    Registry::from_rows(&rows, "platform")
}

/// Returns what becomes of a user that was issued for an hour, some seconds later.
fn fate(status: &str, later: u64, with_role: bool) -> (&'static str, String) {
    let role = role();
    let user = issue(&role, "").resource(NOW, 3600);
    let registry = recorded(&user, status, with_role);
    let mut snapshot = Snapshot::default();
    snapshot.caps.now = NOW + later;
    world_with(snapshot, &registry, "26.9.1.1", |world| {
        let entry = world.registry.mine(NAME, &user.identity).expect("recorded");
        let reason = IssuedUser.lower(
            &Change { entry: Some(entry), wanted: None, ..change(Action::Delete, &user, None) },
            world,
        );
        let word = match IssuedUser.undeclared(entry, world) {
            Undeclared::Leftover => "removed",
            Undeclared::Ended(_) => "ended",
            Undeclared::Kept(_) => "kept",
        };
        (word, reason.notes.join("; "))
    })
}

#[test]
fn names_say_who_and_why_and_stay_short() {
    let role = role();
    assert_eq!(issue(&role, "").name(), "issued_analyst_drop_use_jane_doe_examp_3f9a1c2b77");
    let long = issue(&role, "Störung im Datenabzug — Ticket 4711").name();
    assert_eq!(long, "issued_analyst_drop_use_jane_doe_examp_st_rung_im_dat_3f9a1c2b7");
    assert!(
        long.len() <= 63 && long.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    );
}

#[test]
fn it_holds_one_role_until_its_end_and_names_are_quoted() {
    let role = role();
    let hosts = ["10.0.0.0/8".to_owned()];
    let user = Issue { hosts: &hosts, ..issue(&role, "") }.resource(NOW, 3600);
    let statements = world_with(Snapshot::default(), &Registry::default(), "24.8.1.1", |world| {
        lowered_sql(&IssuedUser.lower(&change(Action::Create, &user, None), world))
    });
    assert_eq!(
        statements,
        [
            "CREATE USER `issued_analyst_drop_use_jane_doe_examp_3f9a1c2b77` IDENTIFIED WITH sha256_hash BY {hash:String} SALT {salt:String} VALID UNTIL '2027-01-15T09:00:00Z' HOST IP '10.0.0.0/8' GRANTEES NONE",
            r"GRANT `Analyst\`; DROP USER x` TO `issued_analyst_drop_use_jane_doe_examp_3f9a1c2b77`",
        ]
    );
}

#[test]
fn it_is_left_alone_until_its_end_and_then_removed() {
    assert_eq!(fate("applied", 3599, true).0, "kept");
    assert_eq!(fate("applied", 3600, true), ("ended", "expired at 2027-01-15T09:00:00Z".into()));
    assert_eq!(fate("applied", 5, false).0, "removed");
    assert_eq!(fate("claimed", 119, true).0, "kept", "it may be under way");
    assert_eq!(
        fate("claimed", 120, true),
        ("removed", "an earlier run was interrupted while issuing it".into())
    );
    assert_eq!(fate("applied", 5, true).1, "revoked before its end");
}

fn secret(label: Option<&str>) -> Snapshot {
    let mut object =
        serde_json::json!({"metadata": {"name": "s", "uid": "u-1", "resourceVersion": "7", "labels": {}}});
    object["metadata"]["labels"] =
        label.map_or(serde_json::json!({}), |label| serde_json::json!({LABEL: label}));
    let mut snapshot = Snapshot::default();
    let key = (Api::secrets(), "jobs".to_owned());
    snapshot.objects.insert(key, Listing::Objects(vec![Value::from_json(&object)]));
    snapshot
}

#[test]
fn a_secret_of_somebody_else_is_neither_written_nor_deleted() {
    let role = role();
    let user = Issue { secret: Some(("jobs", "s")), ..issue(&role, "") }.resource(NOW, 3600);
    let lowered = |snapshot: Snapshot, action: Action| {
        let registry = recorded(&user, "applied", true);
        world_with(snapshot, &registry, "26.9.1.1", |world| {
            let live = IssuedUser.observe(&[user.identity.as_str()].into(), world).remove(&user.identity);
            let entry = world.registry.mine(NAME, &user.identity);
            IssuedUser.lower(&Change { entry, live: live.as_ref(), ..change(action, &user, None) }, world)
        })
    };
    let foreign = lowered(secret(None), Action::Create);
    assert_eq!((foreign.ops.len(), foreign.findings[0].code), (0, "CH342"));
    let another = lowered(secret(Some("issued_other")), Action::Create);
    assert!(matches!(&another.ops[0], Op::KubeApply(apply) if apply.manager == "charter-issued"));
    assert!(
        lowered(secret(Some("issued_other")), Action::Delete).ops.is_empty(),
        "it keeps another one by now"
    );
    let own = lowered(secret(Some(&user.identity)), Action::Delete);
    assert!(matches!(&own.ops[..], [Op::KubeDelete(delete)] if delete.uid.as_deref() == Some("u-1")));
}
