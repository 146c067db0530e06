//! What is written is read back; what is not what was written is refused, with its reason.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::frame::VERSION;
use super::*;
use crate::model::files::Files;
use crate::model::inputs::Inputs;
use crate::model::op::{KubeApply, KubeWrite, Sql, Text};
use crate::model::snapshot::Api;
use crate::model::{Action, Finding, Secret, Severity, Step, Value};
use configuration::Secrets;

const ID: &str = "00112233445566778899aabbccddeeff";

/// Files in memory.
struct Memory(BTreeMap<&'static str, &'static str>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).map(|text| text.as_bytes().to_vec()).ok_or_else(|| "no such file".to_owned())
    }

    fn list(&self, _: &str) -> Result<Option<Vec<String>>, String> {
        Ok(None)
    }
}

fn memory(files: &[(&'static str, &'static str)]) -> Memory {
    Memory(files.iter().copied().collect())
}

fn inputs(files: &[&str], variables: &[(&str, Option<&str>)]) -> Inputs {
    Inputs {
        files: files.iter().map(|path| (*path).to_owned()).collect(),
        variables: variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.map(Into::into)))
            .collect(),
        secrets: vec![Secret::new("hunter5")],
        ..Inputs::default()
    }
}

fn secrets(inputs: &Inputs) -> Secrets {
    Secrets::new(inputs.secrets.clone())
}

fn plan(password: &str) -> Plan {
    let sql = Sql::new("CREATE USER u IDENTIFIED WITH sha256_hash BY {auth_0_hash:String}")
        .param("auth_0_hash", Text::Sensitive(Secret::new(password)));
    let object = KubeApply {
        api: Api::secrets(),
        namespace: "n".into(),
        name: "s".into(),
        manager: "charter".into(),
        object: serde_json::json!({"metadata": {"name": "s"}}),
        data: BTreeMap::from([("token".to_owned(), Text::Sensitive(Secret::new("hunter6")))]),
        mode: KubeWrite::Create,
        prune: Vec::new(),
    };
    let step = Step {
        id: 0,
        after: Vec::new(),
        addr: Addr::new("user", "u"),
        kind: "user".into(),
        identity: "u".into(),
        tenant: None,
        action: Action::Create,
        before: None,
        desired: Some([("authentication".to_owned(), Value::Secret(Secret::new(password)))].into()),
        diff: Vec::new(),
        ops: vec![sql.into(), object.into()],
        notes: vec!["a note".into()],
        cause: crate::model::Cause::default(),
        costs: Vec::new(),
        expects: Digest::of_bytes(b""),
    };
    let finding = Finding::new("CH101", Severity::Warning, crate::model::Category::Access, "look");
    Plan { scope: "s".into(), steps: vec![step], findings: vec![finding], ..Plan::default() }
}

fn saved(plan: Plan, key: Option<&Key>) -> Saved {
    let values = values::collect(&plan, &Configuration::default(), &memory(&[])).unwrap();
    Saved {
        id: ID.into(),
        made_at: 1_000,
        expires_at: 2_000,
        made_by: "ada".into(),
        git_revision: String::new(),
        options: Options { targets: vec![Addr::new("user", "u")], ..Options::default() },
        configuration: Configuration::default(),
        values: Proof::of(&values, key, ID, "salt"),
        digest: plan.digest(),
        plan,
    }
}

fn key() -> Key {
    Key::new(Some(&"k".repeat(32))).unwrap().unwrap()
}

fn bytes(key: Option<&Key>) -> Vec<u8> {
    saved(plan("hunter5"), key).to_bytes("0.1.0", key).unwrap()
}

#[test]
fn a_plan_is_read_back_and_holds_no_secret() {
    for key in [None, Some(key())] {
        let bytes = bytes(key.as_ref());
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.contains("hunter"), "{text}");
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        let opened = read(&bytes, key.as_ref()).unwrap();
        assert_eq!((opened.charter.as_str(), opened.keyed), ("0.1.0", key.is_some()));
        assert_eq!(opened.saved.plan.digest(), plan("hunter5").digest());
        assert_eq!(opened.saved.options.targets, [Addr::new("user", "u")]);
    }
}

#[test]
fn a_plan_with_a_key_can_be_shown_without() {
    assert!(read(&bytes(Some(&key())), None).unwrap().keyed);
}

#[test]
fn what_is_no_plan_is_refused() {
    let own = String::from_utf8(bytes(None)).unwrap();
    let pretty = format!("{:#}", serde_json::from_str::<serde_json::Value>(&own).unwrap());
    let newer = own.replace("\"version\":1", &format!("\"version\":{}", VERSION + 1));
    let all: Vec<String> = [
        "",
        "PK\u{3}\u{4}",
        "{\"format_version\":\"1.2\"}",
        &own[..20],
        &own[..own.len() / 2],
        &own[..own.len() - 2],
        &pretty,
        &own.replace("CREATE USER", "CREATE ROLE"),
        &own.replacen("\"hmac\":\"\"", "\"hmac\":\"00\"", 1),
        &format!("{own}{own}"),
        &newer,
        &newer.replace("0.1.0", "\u{1b}[31m"),
        "{\"format\":\"charter plan\",\"version\":99999999999999999999",
    ]
    .iter()
    .map(|text| match read(text.as_bytes(), Some(&key())) {
        Ok(_) => "read".to_owned(),
        Err(refusal) => format!("{refusal} / {}", refusal.help()),
    })
    .collect();
    insta::with_settings!({filters => vec![(r"\d+ of its \d+", "N of its M")]}, {
        insta::assert_snapshot!(all.join("\n"), @r#"
        it is not a saved plan / `charter plan -o FILE` writes one
        it is not a saved plan / `charter plan -o FILE` writes one
        it is not a saved plan / `charter plan -o FILE` writes one
        it was cut off: N of its M bytes are there / plan again: `charter plan -o FILE`
        it was cut off: N of its M bytes are there / plan again: `charter plan -o FILE`
        it was cut off: N of its M bytes are there / plan again: `charter plan -o FILE`
        it was changed after it was written: its digest is another / plan again: `charter plan -o FILE`
        it was changed after it was written: its digest is another / plan again: `charter plan -o FILE`
        it was not written by whoever holds CHARTER_PLAN_KEY: its keyed digest is another / plan again: `charter plan -o FILE`
        it was changed after it was written: its digest is another / plan again: `charter plan -o FILE`
        it is in format 2 (made by charter 0.1.0), and this version of charter reads format 1 / plan again: `charter plan -o FILE`; or show it with charter 0.1.0, which made it
        it is in format 2, and this version of charter reads format 1 / plan again: `charter plan -o FILE`
        it was changed after it was written: its digest is another / plan again: `charter plan -o FILE`
        "#);
    });
}

#[test]
fn a_plan_that_is_whole_and_makes_no_sense_is_refused() {
    let body = |text: &str| frame::seal("0.2.0", text.as_bytes(), None);
    for text in ["", "{}", "[]", "{\"id\":1}", &"[".repeat(100_000)] {
        assert!(matches!(read(&body(text), None), Err(Refusal::Broken { .. })), "{text:.20}");
    }
    let mut other = saved(plan("hunter5"), None);
    other.plan.steps.clear();
    let refusal = read(&frame::seal("0.2.0", &serde_json::to_vec(&other).unwrap(), None), None).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "it cannot be read (made by charter 0.2.0): the plan in it has another digest than it says"
    );
}

#[test]
fn a_plan_of_somebody_without_the_key_is_refused() {
    let other = Key::new(Some(&"x".repeat(32))).unwrap().unwrap();
    assert_eq!(read(&bytes(Some(&other)), Some(&key())).unwrap_err(), Refusal::Forged);
}

#[test]
fn a_plan_without_a_tag_is_refused_by_whoever_has_the_key() {
    let (bytes, key) = (String::from_utf8(bytes(Some(&key()))).unwrap(), key());
    let tag = bytes.split("\"hmac\":\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(tag.len(), 64);
    let stripped = bytes.replacen(tag, "", 1).into_bytes();
    let refusal = read(&stripped, Some(&key)).unwrap_err();
    assert_eq!(refusal, Refusal::Unkeyed);
    assert!(refusal.help().contains("CHARTER_PLAN_KEY"), "{}", refusal.help());
    // Nobody vouches for it, as for any that was made without a key.
    assert!(!read(&stripped, None).unwrap().keyed);
}

#[test]
fn what_is_derived_of_a_secret_is_a_sensitive_value_of_its_row() {
    use crate::model::op::{LedgerRow, Op};
    let mut plan = plan("hunter5");
    let row = |salt: &str| {
        let fingerprint = Secret::new("hunter5").salted_sha256(salt);
        LedgerRow::new(crate::model::registry::TABLE).hiding("salt", salt).hiding("fingerprint", fingerprint)
    };
    plan.steps[0].ops = vec![Op::Ledger(row("a-salt"))];
    let text = String::from_utf8(saved(plan.clone(), None).to_bytes("0.1.0", None).unwrap()).unwrap();
    let document = crate::render::json::plan(&plan, "0.1.0").to_string();
    for text in [text, document] {
        assert!(!text.contains("a-salt") && !text.contains(&Secret::new("hunter5").salted_sha256("a-salt")));
        assert!(text.contains("\"fingerprint\":\"(sensitive value)\""), "{text}");
    }
    // Another record is another plan.
    let values = |plan: &Plan| values::collect(plan, &Configuration::default(), &memory(&[])).unwrap();
    let proof = Proof::of(&values(&plan), Some(&key()), ID, "");
    plan.steps[0].ops = vec![Op::Ledger(row("b-salt"))];
    assert_eq!(
        proof.differences(&values(&plan), Some(&key()), ID).unwrap(),
        [
            "user.u: fingerprint (create, operation 1): the sensitive value is another",
            "user.u: salt (create, operation 1): the sensitive value is another"
        ]
    );
}

#[test]
fn sensitive_values_are_compared() {
    let values =
        |password| values::collect(&plan(password), &Configuration::default(), &memory(&[])).unwrap();
    let (same, other) = (values("hunter5"), values("hunter7"));
    let key = key();
    let keyed = Proof::of(&same, Some(&key), ID, "salt");
    let together = Proof::of(&same, None, ID, "salt");
    assert_eq!(keyed.differences(&same, Some(&key), ID), Ok(vec![]));
    assert_eq!(together.differences(&same, None, ID), Ok(vec![]));
    let told = [
        keyed.differences(&other, Some(&key), ID),
        keyed.differences(&same, Some(&key), "another id"),
        keyed.differences(&values::Values::new(), Some(&key), ID),
        together.differences(&other, None, ID),
        together.differences(&values::Values::new(), None, ID),
        keyed.differences(&same, None, ID),
        together.differences(&same, Some(&key), ID),
    ];
    let told: Vec<String> =
        told.into_iter().map(|told| told.map_or_else(|error| error, |lines| lines.join("\n"))).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    user.u: auth_0_hash (create, operation 1): the sensitive value is another
    user.u: auth_0_hash (create, operation 1): the sensitive value is another
    user.u: token (create, operation 2): the sensitive value is another
    user.u: auth_0_hash (create, operation 1): there is no sensitive value any more
    user.u: token (create, operation 2): there is no sensitive value any more
    at least one of these sensitive values is another: user.u: auth_0_hash (create, operation 1), user.u: token (create, operation 2)
    sensitive values stand in other places
    it was made with CHARTER_PLAN_KEY, which is not set here
    it was made without CHARTER_PLAN_KEY, which is set here: nobody vouches for it
    "#);
}

#[test]
fn equal_values_have_different_tags() {
    let values: values::Values =
        ["a", "b"].map(|place| (place.to_owned(), b"hunter5".to_vec().into())).into();
    let Proof::Keyed(tags) = Proof::of(&values, Some(&key()), ID, "") else { panic!("a key") };
    assert_ne!(tags["a"], tags["b"]);
    assert_ne!(Proof::of(&values, Some(&key()), "other", ""), Proof::Keyed(tags));
}

#[test]
fn what_differs_of_the_configuration_is_named() {
    let then =
        inputs(&["a.hcl", "b.hcl", "gone.sql"], &[("n", Some("1")), ("s", None), ("p", Some("x-hunter5"))]);
    let files = memory(&[("a.hcl", "a"), ("b.hcl", "password = hunter5"), ("gone.sql", "SELECT 1")]);
    let taken = Configuration::of(&then, &secrets(&then), &files).unwrap();
    assert_eq!(taken.secret_files.iter().collect::<Vec<_>>(), ["b.hcl"]);
    assert!(!serde_json::json!(taken).to_string().contains("hunter"));
    assert_eq!(taken.variables["p"], None, "the text of a secret is in it");
    assert_eq!(taken.differences(&then, &files), Vec::<String>::new());

    let now =
        inputs(&["a.hcl", "b.hcl", "new.hcl"], &[("n", Some("2")), ("s", None), ("p", None), ("q", None)]);
    let files = memory(&[("a.hcl", "other"), ("b.hcl", "password = other"), ("new.hcl", "")]);
    insta::assert_snapshot!(taken.differences(&now, &files).join("\n"), @r#"
    a.hcl: has changed
    gone.sql: is no longer read
    new.hcl: is new
    variable n: has another value
    variable q: is new
    "#);
    // The file with the secret is compared among the values.
    let values = |text| values::collect(&plan(""), &taken, &memory(&[("b.hcl", text)])).unwrap();
    let proof = Proof::of(&values("password = hunter5"), Some(&key()), ID, "");
    let told = proof.differences(&values("other"), Some(&key()), ID).unwrap();
    assert_eq!(
        told,
        ["b.hcl: all of it, since a sensitive value stands in it: the sensitive value is another"]
    );
}

#[test]
fn a_file_in_which_a_sensitive_value_stands_escaped_has_no_digest() {
    let files = [
        ("a.hcl", r#"password = "pa$${s\u0073 \"\\""#),
        ("b.hcl", r#"password = "p\U00000061${s}""#),
        ("c.hcl", r#"text = "pa$$s""#),
        ("d.hcl", "password = 2 * 21"),
        ("e.hcl", "\\"),
        ("f.hcl", r#"\u00 \u{} \UFFFFFFFF $${ %%"#),
    ];
    let mut inputs = inputs(&files.map(|(path, _)| path), &[]);
    inputs.secrets = ["pa${ss \"\\", "pa${s}"].map(Secret::new).into();
    inputs.secret_files = ["d.hcl".to_owned()].into();
    let taken = Configuration::of(&inputs, &secrets(&inputs), &memory(&files)).unwrap();
    assert_eq!(taken.secret_files.iter().collect::<Vec<_>>(), ["a.hcl", "b.hcl", "d.hcl"]);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, None);
    }

    #[test]
    fn no_body_makes_the_reader_panic(body in "[\\[\\]{}:,\"a-z0-9$]{0,200}") {
        prop_assert!(read(&frame::seal("0.1.0", body.as_bytes(), None), None).is_err());
    }

    #[test]
    fn a_changed_byte_is_never_read(at in 0..1usize << 20, with in any::<u8>()) {
        let mut bytes = bytes(Some(&key()));
        // All but the line's end.
        let at = at % (bytes.len() - 1);
        prop_assume!(bytes[at] != with);
        bytes[at] = with;
        prop_assert!(read(&bytes, Some(&key())).is_err());
    }
}
