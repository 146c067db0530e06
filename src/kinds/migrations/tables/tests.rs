//! Unit tests of drift: what is told of rows as servers answer them.

use serde_json::json;

use super::*;
use crate::kinds::common::migration::KIND;
use crate::kinds::testing::{span, world_with};
use crate::model::finding::Severity;
use crate::model::registry::Registry;
use crate::model::{Addr, Snapshot};

/// Returns a row of the read: a table `d.t` of 24.8, and as it is.
fn row(recorded: &serde_json::Value, live: &serde_json::Value) -> Row {
    let columns = r#"[["id","UInt64","","","",""]]"#;
    let row = json!({
        "tenant": "acme", "database": "d", "table": "t", "recorded_version": "24.8.4.1",
        "recorded_columns": columns, "recorded_look": recorded.to_string(),
        "live_engine": live["engine"], "live_columns": columns, "live_look": live.to_string(),
    });
    row.as_object().expect("an object").clone()
}

fn told(row: Row, version: &str) -> Vec<(&'static str, Severity)> {
    let mut snapshot = Snapshot::default();
    snapshot.rows.insert(record::TABLES, vec![row]);
    let addr = Addr::new("tenant", "acme").keyed_part("migration", "schema/V1__t.sql");
    let wanted =
        Resource::new(addr, KIND, "acme|schema|1", span()).with("tenant", "acme").with("database", "d");
    world_with(snapshot, &Registry::default(), version, |world| {
        let findings = survey(&[&wanted], world);
        findings.iter().map(|finding| (finding.code, finding.severity)).collect()
    })
}

fn merge_tree(key: &str) -> serde_json::Value {
    let definition = format!(
        "CREATE TABLE d.t (`id` UInt64) ENGINE = MergeTree ORDER BY {key} SETTINGS index_granularity = 8192"
    );
    json!({"engine": "MergeTree", "sorting_key": key, "primary_key": key, "definition": definition})
}

#[test]
fn an_upgrade_alone_is_no_drift_and_another_key_is() {
    let same = row(&merge_tree("id"), &merge_tree("(id)"));
    assert_eq!(told(same, "26.9.2.1"), []);
    let other = row(&merge_tree("id"), &merge_tree("intHash32(id)"));
    assert_eq!(told(other.clone(), "24.8.11.5"), [("CH504", Severity::Drift)]);
    assert_eq!(
        told(other, "26.9.2.1"),
        [("CH511", Severity::Note)],
        "of one key no more is known than its text"
    );
    let more = row(&merge_tree("id"), &merge_tree("(id, x)"));
    assert_eq!(told(more, "26.9.2.1"), [("CH504", Severity::Drift)]);
}

#[test]
fn a_table_of_nobody_is_a_note() {
    let mut strange = row(&merge_tree("id"), &merge_tree("id"));
    for column in ["tenant", "recorded_columns", "recorded_look", "recorded_version"] {
        strange.insert(column.to_owned(), "".into());
    }
    assert_eq!(told(strange, "26.9.2.1"), [("CH510", Severity::Note)]);
}

#[test]
fn only_what_is_certain_keeps_a_table_from_being_recorded() {
    let mut snapshot = Snapshot::default();
    let doubtful = row(&merge_tree("id"), &merge_tree("intHash32(id)"));
    let mut certain = row(&merge_tree("id"), &merge_tree("(id, x)"));
    certain.insert("table".to_owned(), "u".into());
    snapshot.rows.insert(record::TABLES, vec![doubtful, certain]);
    let drifted = world_with(snapshot, &Registry::default(), "26.9.2.1", drifted);
    assert_eq!(drifted["acme"], BTreeSet::from(["d.u".to_owned()]));
}
