use super::*;
use crate::kinds::testing::span;
use crate::model::snapshot::{Row, Snapshot};
use crate::model::{Addr, Attrs};

/// A world whose server knows a few settings and holds these elements of role `r`.
fn snapshot(elements: &[serde_json::Value]) -> Snapshot {
    let known = serde_json::json!({"known": [
        ["max_memory_usage", "UInt64", "", ""],
        ["max_threads", "MaxThreads", "", "'auto(16)'"],
        ["async_insert", "Bool", "", ""],
        ["log_comment", "String", "", ""],
        ["allow_old", "Bool", "async_insert", ""],
    ]});
    let rows = elements.iter().enumerate().map(|(index, element)| {
        let mut row: Row = serde_json::from_value(element.clone()).expect("a row");
        row.insert("role_name".into(), "r".into());
        row.insert("index".into(), index.to_string().into());
        row
    });
    let mut snapshot = Snapshot::default();
    let known: Row = serde_json::from_value(known).expect("a row");
    snapshot.rows.insert(live::READ, rows.chain([known]).collect());
    snapshot
}

fn live(snapshot: &Snapshot) -> Attrs {
    let mut attrs = Attrs::new();
    Live::of(snapshot, Holder::Role).add_to(&mut attrs, "r", PROFILE);
    attrs
}

fn declared(settings: serde_json::Value, profiles: &[&str]) -> Attrs {
    let mut attrs = Attrs::from([(SETTINGS.to_owned(), Value::from_json(&settings))]);
    if !profiles.is_empty() {
        attrs.insert(PROFILE.to_owned(), Value::strings(profiles.iter().copied()));
    }
    attrs
}

fn differing(wanted: &Attrs, snapshot: &Snapshot) -> Vec<String> {
    let diff = diff(wanted, &live(snapshot), PROFILE, Known::of(snapshot));
    diff.into_iter()
        .map(|diff| format!("{}: {} -> {}", diff.attr, diff.before.to_json(), diff.after.to_json()))
        .collect()
}

#[test]
fn what_is_read_back_is_what_was_declared() {
    let snapshot = snapshot(&[
        serde_json::json!({"inherit_profile": "p"}),
        serde_json::json!({"setting_name": "max_memory_usage", "value": "10000000000", "max": "20000000000"}),
        serde_json::json!({"setting_name": "max_memory_usage", "writability": "CONST"}),
        serde_json::json!({"setting_name": "async_insert", "value": "1"}),
        serde_json::json!({"setting_name": "max_threads", "value": "16"}),
        serde_json::json!({"setting_name": "log_comment", "value": ""}),
    ]);
    let wanted = declared(
        serde_json::json!({
            "max_memory_usage": {"value": "10G", "max": "20G", "writability": "CONST"},
            "allow_old": true,
            "max_threads": "auto",
            "log_comment": "",
        }),
        &["p"],
    );
    assert_eq!(differing(&wanted, &snapshot), Vec::<String>::new());
}

#[test]
fn each_part_of_a_setting_is_compared_and_so_is_what_is_not_declared() {
    let snapshot = snapshot(&[
        serde_json::json!({"inherit_profile": "other"}),
        serde_json::json!({"setting_name": "max_memory_usage", "value": "10000000000", "min": "1"}),
        serde_json::json!({"setting_name": "max_threads", "value": "16"}),
    ]);
    let wanted = declared(
        serde_json::json!({"max_memory_usage": {"value": 1e10, "min": 2}, "async_insert": false}),
        &[],
    );
    insta::assert_snapshot!(differing(&wanted, &snapshot).join("\n"), @r#"
    profile: ["other"] -> null
    settings.async_insert: null -> false
    settings.max_memory_usage: {"min":"1","value":10000000000} -> {"min":2,"value":10000000000}
    settings.max_threads: "16" -> null
    "#);
}

#[test]
fn the_clause_replaces_the_whole_list() {
    let wanted = declared(
        serde_json::json!({
            "max_memory_usage": {"value": "10G", "min": 1, "max": "20G", "writability": "CONST"},
            "max_threads": {"max": 8},
            "log_comment": "it's; DROP",
            "async_insert": true,
        }),
        &["a`b"],
    );
    insta::assert_snapshot!(clause(&wanted, PROFILE), @r"SETTINGS PROFILE `a\`b`, async_insert = 1, log_comment = 'it\'s; DROP', max_memory_usage = '10G' MIN 1 MAX '20G' CONST, max_threads MAX 8");
    assert_eq!(clause(&Attrs::new(), INHERIT), "SETTINGS NONE");
}

#[test]
fn a_setting_that_the_server_does_not_know_is_told() {
    let snapshot = snapshot(&[]);
    let told = |name: &str, known: Known| {
        let role = Resource::new(Addr::new("role", "r"), "role", "r", span())
            .with(SETTINGS, Value::Map([(name.to_owned(), Value::Number(1.0))].into()));
        findings(&role, known).into_iter().map(|finding| (finding.severity, finding.help)).next()
    };
    let known = Known::of(&snapshot);
    let (severity, help) = told("max_memory_usge", known).expect("a finding");
    assert_eq!((severity, help), (Severity::Error, vec!["did you mean max_memory_usage?".to_owned()]));
    assert_eq!(told("SQL_tenant_of_mine", known).map(|(severity, _)| severity), Some(Severity::Warning));
    assert_eq!(told("merge_tree_max_rows", known), None);
    assert_eq!(told("max_memory_usge", Known::of(&Snapshot::default())), None, "it was not asked");
}
