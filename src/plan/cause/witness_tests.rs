//! Tests of who is asked, and of what answers tell.

use serde_json::json;

use super::*;
use crate::model::Moved;
use crate::model::cause::Applied;

fn cause(at: &str) -> Cause {
    let since = Applied { at: at.into(), run: "r-1".into(), by: String::new() };
    Cause { moved: Moved::Server, since: Some(since), ..Cause::default() }
}

fn caps(tables: &[(&str, &[&str])]) -> Caps {
    let columns = tables.iter().map(|(table, columns)| {
        ((*table).to_owned(), columns.iter().map(|column| (*column).to_owned()).collect())
    });
    Caps { columns: columns.collect(), ..Caps::default() }
}

fn statement(read: &Read) -> &str {
    match read {
        Read::Sql { statement, .. } => statement,
        Read::Objects { .. } => panic!("a statement"),
    }
}

#[test]
fn nothing_is_asked_where_no_server_moved_or_nothing_is_there() {
    let all = caps(&[("ops.charter_runs", &["actor"]), (LOG_TABLE, &COLUMNS)]);
    assert_eq!(asks(&[], &all), []);
    let cause = cause("2026-11-20 09:00:00.000000");
    let suspect = || Suspect { names: vec!["analyst".into()], cause: &cause };
    assert_eq!(asks(&[suspect()], &caps(&[])), []);
    assert_eq!(asks(&[suspect()], &all).len(), 2);
    let nameless = Suspect { names: Vec::new(), cause: &cause };
    assert_eq!(asks(&[nameless], &all).len(), 1, "no object of ClickHouse");
}

#[test]
fn the_log_is_asked_once_for_all_and_never_for_texts() {
    let caps = caps(&[(LOG_TABLE, &COLUMNS)]);
    let (old, new) = (cause("2026-11-19 09:00:00.5"), cause("2026-11-20 09:00:00.5"));
    let suspects = [
        Suspect { names: vec!["role_tenant_acme".into()], cause: &new },
        Suspect { names: vec!["o'hara-\\x".into()], cause: &old },
    ];
    let reads = asks(&suspects, &caps);
    let [read] = reads.as_slice() else { panic!("{reads:?}") };
    let statement = statement(read);
    assert!(statement.contains("toDateTime('2026-11-19 09:00:00', 'UTC')"), "the oldest: {statement}");
    assert!(statement.contains("query), CAST(['role_tenant_acme'] AS Array(String))"), "{statement}");
    assert!(statement.contains("CAST([") && statement.contains(&sql::literal("o'hara-\\x")), "{statement}");
    let (columns, _) = statement.split_once(" FROM ").unwrap();
    assert!(!columns.split(", ").any(|column| column == "query"), "no text is read: {columns}");
}

#[test]
fn answers_tell_who_and_when() {
    let row = |json: serde_json::Value| json.as_object().cloned().unwrap();
    let runs = [row(json!({"run_id": "r-1", "actor": "alice"}))];
    let logged = |at: &str, name: &str| {
        row(json!({"user": "bob", "query_id": "q", "kind": "Grant", "at": at, "names": [name]}))
    };
    let log = [
        logged("2026-11-20 10:00:00", "analyst"),
        logged("2026-11-20 10:00:00", "other"),
        logged("2026-11-20 08:00:00", "analyst"),
    ];
    let mut cause = cause("2026-11-20 09:00:00.000000");
    tell(&mut cause, &["analyst".to_owned()], &runs, &log);
    assert_eq!(cause.since.unwrap().by, "alice");
    let told: Vec<String> =
        cause.traces.iter().map(|trace| format!("{} {} {}", trace.what, trace.by, trace.at)).collect();
    assert_eq!(told, ["GRANT bob 2026-11-20 10:00:00"]);
}
