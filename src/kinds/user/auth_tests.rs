use std::collections::BTreeMap;

use serde_json::json;

use super::methods::AUTHENTICATION;
use super::*;
use crate::kinds::testing::{change, lowered_sql, span, world_with};
use crate::model::op::{Op, Text};
use crate::model::registry::Registry;
use crate::model::snapshot::{Row, Snapshot};
use crate::model::{Action, Addr, Secret};

fn method(word: &str, params: &[(&str, Value)]) -> Value {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    Value::Map(params.chain([("method".to_owned(), word.into())]).collect())
}

fn hash(text: &str) -> Value {
    Value::Secret(Secret::new(text))
}

fn wanted(methods: Vec<Value>) -> Resource {
    user::resource(Addr::new("user", "u"), "u", "", span()).with(AUTHENTICATION, Value::List(methods))
}

fn live(kinds: &[&str], params: &[&str], expiry: &[u64]) -> Snapshot {
    let row = json!({
        "name": "u", "storage": "local_directory", "auth_type": kinds, "auth_params": params, "valid_until": expiry,
        "host_ip": ["::/0"], "default_roles_all": 1, "grantees_any": 0,
    });
    let mut snapshot = Snapshot::default();
    snapshot.rows.insert(reads::USERS, vec![serde_json::from_value(row).unwrap()]);
    snapshot.caps.columns.insert("system.users".into(), ["valid_until".to_owned()].into());
    snapshot
}

fn registry(spec: &serde_json::Value) -> Registry {
    let row: Row = serde_json::from_value(json!({
        "scope": "platform", "address": "user.u", "kind": "user", "identity": "u", "status": "applied",
        "spec": spec.to_string(),
    }))
    .unwrap();
    Registry::from_rows(&[row], "platform")
}

/// Returns the names of the attributes that differ.
fn differing(wanted: &Resource, snapshot: Snapshot, spec: &serde_json::Value) -> Vec<String> {
    world_with(snapshot, &registry(spec), "26.9.1.1", |world| {
        let live = User.observe(&["u"].into(), world);
        User.diff(wanted, &live["u"], world).into_iter().map(|diff| diff.attr).collect()
    })
}

#[test]
fn the_list_is_quoted_and_what_is_secret_is_bound() {
    let certificate = method("ssl_certificate", &[("subject_alt_names", Value::strings(["DNS:a'b"]))]);
    let key = [("public_key".to_owned(), "AAAA".into()), ("type".to_owned(), "ssh-ed25519".into())];
    let methods = vec![
        method("sha256_hash", &[("hash", hash("deadbeef")), ("salt", hash("pepper"))]),
        certificate,
        method("ssh_key", &[("keys", Value::List(vec![Value::Map(key.into())]))]),
        method("kerberos", &[]),
        method(
            "http",
            &[
                ("server", "h".into()),
                ("scheme", "basic".into()),
                ("valid_until", "2090-01-01T00:00:00Z".into()),
            ],
        ),
    ];
    let fragments = auth::fragments(&wanted(methods).attrs);
    let texts: Vec<&str> = fragments.iter().map(|fragment| fragment.sql.as_str()).collect();
    insta::assert_snapshot!(texts.join("\n"), @r"
    sha256_hash BY {auth_0_hash:String} SALT {auth_0_salt:String}
    ssl_certificate SAN 'DNS:a\'b'
    ssh_key BY KEY 'AAAA' TYPE 'ssh-ed25519'
    kerberos
    http SERVER 'h' SCHEME 'basic' VALID UNTIL '2090-01-01T00:00:00Z'
    ");
    let params: BTreeMap<_, _> = fragments.iter().flat_map(|fragment| fragment.params.clone()).collect();
    assert_eq!(params["auth_0_hash"], Text::Sensitive(Secret::new("deadbeef")));
    assert!(!format!("{fragments:?}").contains("deadbeef"));
}

#[test]
fn methods_are_compared_by_kind_and_by_what_the_server_tells() {
    let ldap = || method("ldap", &[("server", "corp".into())]);
    let kept = json!({"attrs": {}, "kept": {"passwords": [], "hidden": []}});
    let told = r#"{"server":"corp"}"#;
    for (kinds, params, expected) in [
        (&["ldap"][..], &[told][..], &[][..]),
        (&["ldap"], &[r#"{"server":"evil"}"#], &[AUTHENTICATION]),
        (&["kerberos"], &["{}"], &[AUTHENTICATION]),
        (&["ldap", "no_password"], &[told, "{}"], &[AUTHENTICATION]),
        (&[], &[], &[AUTHENTICATION]),
    ] {
        assert_eq!(
            differing(&wanted(vec![ldap()]), live(kinds, params, &[0, 0]), &kept),
            expected,
            "{kinds:?}"
        );
    }
    let both = || wanted(vec![ldap(), method("kerberos", &[])]);
    let swapped = live(&["kerberos", "ldap"], &[r#"{"realm":""}"#, told], &[0, 0]);
    assert!(differing(&both(), swapped, &kept).is_empty(), "the order says nothing");
    let expiring = wanted(vec![ldap()]).with("valid_until", "2090-01-01T00:00:00Z");
    assert_eq!(differing(&expiring, live(&["ldap"], &[told], &[0]), &kept), ["valid_until"]);
    assert!(differing(&expiring, live(&["ldap"], &[told], &[3_786_912_000]), &kept).is_empty());
}

#[test]
fn a_scalar_of_an_old_server_is_a_list_of_one() {
    let mut snapshot = live(&[], &[], &[]);
    let row = &mut snapshot.rows.get_mut(reads::USERS).unwrap()[0];
    row.insert("auth_type".into(), json!("ldap"));
    row.insert("auth_params".into(), json!(r#"{"server":"corp"}"#));
    row.remove("valid_until");
    let kept = json!({"attrs": {}, "kept": {"passwords": [], "hidden": []}});
    let wanted = wanted(vec![method("ldap", &[("server", "corp".into())])]);
    assert!(differing(&wanted, snapshot, &kept).is_empty());
}

#[test]
fn what_no_server_tells_is_compared_by_a_salted_fingerprint() {
    let with = |text: &str| wanted(vec![method("sha256_hash", &[("hash", hash(text))])]);
    let kept = world_with(Snapshot::default(), &Registry::default(), "26.9.1.1", |world| {
        record::keeps(&change(Action::Create, &with("deadbeef"), None), world)
    });
    let spec = json!({"attrs": {}, "kept": kept});
    assert!(!spec.to_string().contains("deadbeef"));
    let unsalted = Secret::new("deadbeef").salted_sha256("");
    assert!(!spec.to_string().contains(&unsalted));
    let snapshot = || live(&["sha256_password"], &["{}"], &[0]);
    assert!(differing(&with("deadbeef"), snapshot(), &spec).is_empty());
    assert_eq!(differing(&with("0badf00d"), snapshot(), &spec), [AUTHENTICATION]);
    let another = world_with(Snapshot::default(), &Registry::default(), "26.9.1.1", |world| {
        let other = Resource { identity: "v".into(), ..with("deadbeef") };
        (record::hidden(&with("deadbeef"), world), record::hidden(&other, world))
    });
    assert_ne!(another.0, another.1, "equal hashes of two users do not show as equal");
}

#[test]
fn passwords_beyond_those_of_the_record_are_drift() {
    let credential = Credential::new("operations", "s", "u", "", credential::Policy::default());
    let wanted = || wanted(Vec::new()).with(credential::CREDENTIAL, credential.to_value());
    let kept = |passwords: &[&str]| json!({"attrs": {}, "kept": {"passwords": passwords}});
    let differs = |kinds: &[&str], spec: &serde_json::Value| {
        let snapshot = live(kinds, &["{}", "{}", "{}"], &[0, 0, 0]);
        differing(&wanted(), snapshot, spec).contains(&AUTHENTICATION.to_owned())
    };
    let (one, two) = (["sha256_password"], ["sha256_password", "sha256_password"]);
    assert!(!differs(&one, &kept(&one)));
    assert!(differs(&two, &kept(&one)), "a second password that nobody recorded");
    assert!(!differs(&two, &kept(&two)) && !differs(&one, &kept(&two)));
    assert!(differs(&["plaintext_password"], &kept(&one)));
    assert!(!differs(&["plaintext_password"], &kept(&["plaintext_password"])), "adopted so");
    assert!(differs(&["ldap"], &kept(&one)) && differs(&["sha256_password", "ldap"], &kept(&one)));
}

#[test]
fn a_convention_that_did_not_hold_is_kept_until_it_is_declared() {
    let kerberos = || wanted(vec![method("kerberos", &[])]);
    let snapshot = || {
        let mut snapshot = live(&["kerberos"], &["{}"], &[0]);
        snapshot.rows.get_mut(reads::USERS).unwrap()[0].insert("grantees_any".into(), json!(1));
        snapshot
    };
    let (adopted, kept) = world_with(snapshot(), &Registry::default(), "26.9.1.1", |world| {
        let (wanted, live) = (kerberos(), User.observe(&["u"].into(), world)["u"].clone());
        assert!(User.diff(&wanted, &live, world).is_empty());
        let change = Change { diff: &[], ..change(Action::Adopt, &wanted, Some(&live)) };
        (User.lower(&change, world), record::keeps(&change, world))
    });
    assert!(adopted.ops.is_empty() && adopted.notes[0].contains("grantees any"), "{:?}", adopted.notes);
    let spec = json!({"attrs": {}, "kept": kept});
    assert!(differing(&kerberos(), snapshot(), &spec).is_empty());
    let declared = kerberos().with(user::CONVENTIONS, Value::List(Vec::new()));
    assert_eq!(differing(&declared, snapshot(), &spec), ["grantees"]);
    assert_eq!(
        differing(&kerberos(), snapshot(), &json!({"attrs": {}, "kept": {}})),
        ["grantees"],
        "made by charter"
    );
}

#[test]
fn a_new_user_gets_its_default_roles_after_they_were_granted() {
    let wanted = wanted(vec![method("no_password", &[])]).with(user::DEFAULT_ROLES, Value::strings(["r"]));
    let lowered = world_with(Snapshot::default(), &Registry::default(), "26.9.1.1", |world| {
        User.lower(&change(Action::Create, &wanted, None), world)
    });
    insta::assert_snapshot!(lowered_sql(&lowered).join("\n"), @r"
    CREATE USER `u` IDENTIFIED WITH no_password HOST ANY DEFAULT ROLE NONE GRANTEES NONE
    GRANT `r` TO `u`
    ALTER USER `u` DEFAULT ROLE `r`
    ");
    assert!(lowered.ops.iter().all(|op| matches!(op, Op::Sql(sql) if sql.settings.is_empty())));
}
