use serde_json::{Value as Json, json};

use super::*;
use crate::kinds::Kind as _;
use crate::kinds::common::credential::Policy;
use crate::kinds::common::user;
use crate::kinds::testing::{span, world_with};
use crate::kinds::user::{User, remarks};
use crate::model::registry::Registry;
use crate::model::snapshot::{Api, Listing, Row};
use crate::model::{Addr, Rotation, Value};

const DAY: u64 = 86_400;
const APPLIED: u64 = 1_800_000_000;
const NEW: &str = "26.9.2.1";
const ONE: &str = "24.8.7.41";

fn addr() -> Addr {
    Addr::new("user", "bi")
}

/// How things stand with the password of user `bi`.
struct Case {
    version: &'static str,
    /// What the Secret holds; none where there is no Secret.
    held: Option<&'static str>,
    /// Another field manager of the password.
    manager: Option<&'static str>,
    record: Json,
    now: u64,
    rotate_after: Option<u64>,
    rotation: Rotation,
    login: Option<LoginVerdict>,
    hosts: Vec<&'static str>,
}

fn case() -> Case {
    Case {
        version: NEW,
        held: Some("first"),
        manager: None,
        record: json!({}),
        now: APPLIED,
        rotate_after: None,
        rotation: Rotation::default(),
        login: None,
        hosts: vec!["::/0"],
    }
}

impl Case {
    fn run<T>(self, ask: impl FnOnce(&Resource, &World) -> T) -> T {
        let policy = Policy { rotate_after: self.rotate_after, ..Policy::default() };
        let credential = Credential::new("operations", "bi", "bi", "", policy);
        let wanted =
            user::resource(addr(), "bi", "", span()).with(credential::CREDENTIAL, credential.to_value());
        let mut snapshot = Snapshot::default();
        snapshot.caps.now = self.now;
        snapshot.logins.extend(self.login.map(|verdict| (addr(), verdict)));
        let user = json!({"name": "bi", "storage": "local_directory", "host_ip": self.hosts});
        snapshot.rows.insert("users", vec![row(user)]);
        let objects = self.held.map(|held| secret(held, self.manager)).into_iter().collect();
        snapshot.objects.insert((Api::secrets(), "operations".into()), Listing::Objects(objects));
        let mut record = row(json!({
            "scope": "platform", "environment": "development", "address": "user.bi", "kind": "user",
            "identity": "bi", "status": "applied", "spec": "{}", "salt": "x",
            "fingerprint": Secret::new("first").salted_sha256("x"), "credential_at": APPLIED,
        }));
        record.extend(row(self.record));
        let registry = Registry::from_rows(&[record], "platform");
        world_with(snapshot, &registry, self.version, |world| {
            ask(&wanted, &World { rotation: &self.rotation, ..*world })
        })
    }

    fn what(self) -> Option<What> {
        self.run(due).map(|due| due.what)
    }

    fn codes(self) -> Vec<&'static str> {
        self.run(|wanted, world| {
            let live = User.observe(&["bi"].into(), world);
            remarks::remarks(wanted, live.get("bi"), world).iter().map(|finding| finding.code).collect()
        })
    }
}

fn row(json: Json) -> Row {
    json.as_object().cloned().unwrap_or_default()
}

fn secret(password: &str, manager: Option<&str>) -> Value {
    use base64::Engine as _;
    let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let managers: Vec<Json> = manager
        .map(|name| json!({"manager": name, "fieldsV1": {"f:data": {"f:password": {}}}}))
        .into_iter()
        .collect();
    Value::from_json(&json!({
        "metadata": {"name": "bi", "resourceVersion": "7", "managedFields": managers},
        "data": {"username": encoded("bi"), "password": encoded(password)},
    }))
}

fn asked() -> Rotation {
    Rotation { users: [addr()].into(), ..Rotation::default() }
}

fn finish() -> Rotation {
    Rotation { finish: true, ..asked() }
}

fn old(grace: u64) -> Json {
    json!({"credential_state": "old", "credential_grace": grace})
}

#[test]
fn a_password_is_due_when_its_time_has_passed_by_the_servers_clock() {
    let aged = |age: u64| Case { rotate_after: Some(90 * DAY), now: APPLIED + age, ..case() };
    assert_eq!(aged(90 * DAY - 1).what(), None);
    assert_eq!(aged(90 * DAY).what(), Some(What::Rotate));
    assert_eq!(Case { rotate_after: None, ..aged(900 * DAY) }.what(), None);
    // A grace that was asked for is kept, and a rotation that is due waits for its end.
    let grace = |grace: u64| Case { record: old(grace), ..aged(90 * DAY) }.what();
    assert_eq!((grace(91 * DAY), grace(90 * DAY)), (None, Some(What::Rotate)));
    // A clock that stands behind the record, and a record without a time.
    assert_eq!(Case { now: 0, ..aged(0) }.what(), None);
    assert_eq!(Case { record: json!({"credential_at": 0}), ..aged(900 * DAY) }.what(), None);
}

#[test]
fn what_is_due_of_a_password_and_in_which_order() {
    let cases: [(&str, Case, Option<What>); 13] = [
        ("nothing", case(), None),
        ("no Secret", Case { held: None, ..case() }, Some(What::Lost)),
        ("no password", Case { held: Some(""), ..case() }, Some(What::Lost)),
        ("no Secret, asked", Case { held: None, rotation: asked(), ..case() }, Some(What::Lost)),
        ("changed", Case { held: Some("other"), ..case() }, Some(What::Accept)),
        ("changed, asked", Case { held: Some("other"), rotation: asked(), ..case() }, Some(What::Accept)),
        ("asked", Case { rotation: asked(), ..case() }, Some(What::Rotate)),
        ("asked on an old server", Case { rotation: asked(), version: ONE, ..case() }, Some(What::Rotate)),
        ("interrupted", Case { record: json!({"credential_state": "begun"}), ..case() }, Some(What::Rotate)),
        ("in the grace", Case { record: old(60), now: APPLIED + 59, ..case() }, None),
        ("after the grace", Case { record: old(60), now: APPLIED + 60, ..case() }, Some(What::Retire)),
        ("finished", Case { record: old(60), rotation: finish(), ..case() }, Some(What::Retire)),
        ("nothing to finish", Case { rotation: finish(), ..case() }, None),
    ];
    for (name, case, expected) in cases {
        assert_eq!(case.what(), expected, "{name}");
    }
}

#[test]
fn where_a_user_has_one_password_what_is_due_is_only_noted() {
    let due = || Case { version: ONE, rotate_after: Some(DAY), now: APPLIED + DAY, ..case() };
    assert_eq!(due().what(), None);
    assert_eq!(due().codes(), ["CH317"]);
    assert_eq!(Case { rotation: asked(), ..due() }.codes(), ["CH318"]);
}

#[test]
fn what_someone_else_keeps_is_rotated_only_when_asked() {
    let due =
        || Case { manager: Some("external-secrets"), rotate_after: Some(DAY), now: APPLIED + DAY, ..case() };
    assert_eq!(due().what(), None);
    assert_eq!(due().codes(), ["CH314"]);
    assert_eq!(Case { rotation: asked(), ..due() }.what(), Some(What::Rotate));
    assert_eq!(Case { rotation: asked(), ..due() }.codes(), ["CH314"]);
    assert_eq!(Case { rotate_after: None, ..due() }.codes(), [""; 0]);
}

#[test]
fn a_login_counts_where_it_proves_something() {
    let fails = || Case { login: Some(LoginVerdict::Fails), ..case() };
    assert_eq!(fails().what(), Some(What::Accept));
    assert_eq!(Case { hosts: vec!["10.0.0.0/8"], ..fails() }.what(), None);
    assert_eq!(Case { login: Some(LoginVerdict::Unproved("network".into())), ..case() }.what(), None);
    assert_eq!(Case { login: Some(LoginVerdict::Works), ..case() }.what(), None);
}

#[test]
fn an_old_password_is_not_retired_early_unless_the_new_one_is_proved() {
    let finishing = |login| Case { record: old(60), rotation: finish(), login, ..case() };
    assert_eq!(finishing(Some(LoginVerdict::Works)).codes(), [""; 0]);
    assert_eq!(finishing(Some(LoginVerdict::Fails)).codes(), ["CH315"]);
    assert_eq!(finishing(Some(LoginVerdict::Unproved("network".into()))).codes(), ["CH315"]);
    assert_eq!(Case { rotation: finish(), ..case() }.codes(), ["CH323"]);
}

#[test]
fn what_is_to_come_and_what_hurts_is_told() {
    assert_eq!(Case { record: old(60), ..case() }.codes(), ["CH316"]);
    assert_eq!(Case { record: old(60), rotation: asked(), ..case() }.codes(), ["CH319"]);
    assert_eq!(Case { held: Some("other"), rotation: asked(), ..case() }.codes(), ["CH322"]);
    assert_eq!(case().codes(), [""; 0]);
}
