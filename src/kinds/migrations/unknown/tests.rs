//! Statements and evidence, and what is decided: a line each.

use serde_json::json;

use super::alter::does;
use super::case::{Case, Logged, Mutation, Running, columns_of_create};
use super::verdict::{Verdict, decide};
use super::watch;
use crate::migrate::analyze_sql;
use crate::model::watch::{Fact, Facts};

/// What is there under a name, in a few words: `uuid=1 def=a rows=3 parts=x cols=n:UInt8 …`.
fn facts(statement: &str, state: &str) -> Facts {
    let watched = watch(statement, "d");
    let mut facts = Facts { watched, ..Facts::default() };
    for object in state.split(';').map(str::trim).filter(|object| !object.is_empty()) {
        let (name, rest) = object.split_once(' ').unwrap_or((object, ""));
        let word = |key: &str| {
            let found = rest.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
            found.unwrap_or_default().to_owned()
        };
        let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
        let mut add = |what: &str, is: serde_json::Value| {
            let is = is.as_object().cloned().expect("an object");
            facts.facts.push(Fact { what: what.into(), database: "d".into(), name: name.into(), is });
        };
        add(
            "table",
            json!({
                "uuid": or(word("uuid"), "1"), "engine": or(word("engine"), "MergeTree"),
                "definition": word("def"), "engine_full": word("tail"), "order_by": word("order"),
                "elements": word("elements"), "rows": word("rows"), "bytes": word("bytes"),
            }),
        );
        let columns = word("cols");
        if !columns.is_empty() {
            let pairs = columns.split(',').filter_map(|pair| pair.split_once(':'));
            add("columns", pairs.map(|(name, ty)| (name.to_owned(), json!(ty))).collect());
        }
        if !word("parts").is_empty() {
            add(
                "parts",
                json!({
                    "names": word("parts"), "rows": word("rows"), "count": "1", "mutated": word("mutated"),
                }),
            );
        }
        if !word("newest").is_empty() {
            add("mutations", json!({"newest": word("newest")}));
        }
    }
    facts
}

fn case(statement: &str, before: &str, now: &str) -> Case {
    Case {
        sql: statement.to_owned(),
        analysis: analyze_sql(statement).expect("lexes"),
        database: "d".to_owned(),
        edited: false,
        before: Some(facts(statement, before)),
        now: Some(facts(statement, now)),
        running: Running::No,
        logged: Logged::Unread,
        mutations: Some(Vec::new()),
    }
}

fn told(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Done(_) => "done",
        Verdict::NotDone(_) => "not done",
        Verdict::Runs(_) => "runs",
        Verdict::Ask(_) => "ask",
    }
}

#[track_caller]
fn table(lines: &[(&str, &str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (statement, before, now, expected) in lines {
        let verdict = decide(&case(statement, before, now));
        if told(&verdict) != *expected {
            wrong.push(format!(
                "{statement}\n  before {before}\n  now {now}\n  {expected} expected: {verdict:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_makes_objects_is_told_by_whether_they_are_there() {
    let create = "CREATE TABLE t (a UInt8, `b` UInt8, INDEX i a TYPE minmax) ENGINE = MergeTree ORDER BY a";
    table(&[
        (create, "", "", "not done"),
        (create, "", "t uuid=1 cols=a:UInt8,b:UInt8", "done"),
        (create, "", "t uuid=1 cols=a:UInt8", "ask"),
        (create, "t uuid=1", "t uuid=1", "not done"),
        (create, "t uuid=1", "t uuid=2", "ask"),
        ("CREATE VIEW t AS SELECT 1", "", "t uuid=1 engine=View", "done"),
        ("CREATE TABLE t (a UInt8) ENGINE = Memory AS SELECT 1", "", "t uuid=1 cols=a:UInt8", "ask"),
        ("CREATE TABLE t (a UInt8) ENGINE = Memory AS SELECT 1", "", "", "not done"),
        ("CREATE OR REPLACE TABLE t (a UInt8) ENGINE = Memory", "t uuid=1", "t uuid=2 cols=a:UInt8", "done"),
        ("CREATE OR REPLACE TABLE t (a UInt8) ENGINE = Memory", "t uuid=1", "t uuid=1", "not done"),
        ("CREATE TEMPORARY TABLE t (a UInt8)", "", "", "not done"),
        ("UNDROP TABLE t", "", "t uuid=1", "done"),
        ("CREATE FUNCTION f AS (x) -> x", "", "", "ask"),
        ("CREATE USER u", "", "", "ask"),
    ]);
}

#[test]
fn what_drops_and_renames_is_told_by_identity() {
    table(&[
        ("DROP TABLE t", "t uuid=1", "", "done"),
        ("DROP TABLE t", "t uuid=1", "t uuid=1", "not done"),
        ("DROP TABLE t", "t uuid=1", "t uuid=2", "ask"),
        ("DROP TABLE t", "", "", "not done"),
        ("DROP TABLE t, u", "t uuid=1; u uuid=2", "u uuid=2", "ask"),
        ("RENAME TABLE t TO u", "t uuid=1", "u uuid=1", "done"),
        ("RENAME TABLE t TO u", "t uuid=1", "t uuid=1", "not done"),
        ("RENAME TABLE t TO u", "t uuid=1", "u uuid=7", "ask"),
        ("RENAME TABLE t TO x, u TO y", "t uuid=1; u uuid=2", "x uuid=1; u uuid=2", "ask"),
        ("EXCHANGE TABLES t AND u", "t uuid=1; u uuid=2", "t uuid=2; u uuid=1", "done"),
        ("EXCHANGE TABLES t AND u", "t uuid=1; u uuid=2", "t uuid=1; u uuid=2", "not done"),
        ("TRUNCATE TABLE t", "t parts=x rows=3", "t", "done"),
        ("TRUNCATE TABLE t", "t parts=x rows=3", "t parts=x rows=3", "not done"),
        ("TRUNCATE TABLE t", "t parts=x rows=3", "t parts=y rows=4", "ask"),
    ]);
}

#[test]
fn an_insert_is_not_done_where_all_parts_are_those_from_before_and_never_done_by_counting() {
    let insert = "INSERT INTO t VALUES (1)";
    table(&[
        (insert, "t parts=x rows=3", "t parts=x rows=3", "not done"),
        (insert, "t", "t", "not done"),
        (insert, "t parts=x rows=3", "t parts=y rows=4", "ask"),
        (insert, "t parts=x rows=3", "t parts=y rows=3", "ask"),
        (insert, "t", "t parts=y rows=1", "ask"),
        (insert, "t uuid=1", "t uuid=2", "ask"),
        (insert, "t engine=Memory rows=1 bytes=8", "t engine=Memory rows=1 bytes=8", "not done"),
        (insert, "t engine=Memory rows=1 bytes=8", "t engine=Memory rows=2 bytes=16", "ask"),
        (insert, "t engine=Distributed", "t engine=Distributed", "ask"),
        (insert, "t engine=Null", "t engine=Null", "ask"),
        ("INSERT INTO FUNCTION file('x') SELECT 1", "", "", "ask"),
        ("ALTER TABLE t DROP PARTITION 1", "t parts=x rows=3", "t parts=x rows=3", "not done"),
        ("ALTER TABLE t DROP PARTITION 1", "t parts=x rows=3", "t", "ask"),
        ("ALTER TABLE t FREEZE", "t parts=x rows=3", "t parts=x rows=3", "ask"),
        ("SYSTEM STOP MERGES t", "", "", "ask"),
    ]);
}

#[test]
fn a_change_of_the_definition_is_told_by_what_it_changes() {
    let add = "ALTER TABLE t ADD COLUMN n UInt8, ADD INDEX i n TYPE minmax";
    let modify = "ALTER TABLE t MODIFY COLUMN a UInt64";
    table(&[
        (add, "t def=1", "t def=1", "not done"),
        (add, "t def=1", "t def=2 cols=n:UInt8 elements=i", "done"),
        (add, "t def=1", "t def=2 cols=n:UInt8", "ask"),
        (add, "t def=1", "t def=2", "not done"),
        (add, "t def=1", "", "ask"),
        (add, "t uuid=1 def=1", "t uuid=2 def=1", "ask"),
        ("ALTER TABLE t DROP COLUMN n", "t def=1 cols=n:UInt8", "t def=2", "done"),
        ("ALTER TABLE t RENAME COLUMN n TO m", "t def=1 cols=n:U", "t def=2 cols=m:U", "done"),
        ("ALTER TABLE t RENAME COLUMN n TO m", "t def=1 cols=n:U", "t def=1 cols=n:U", "not done"),
        ("ALTER TABLE t ADD COLUMN n Nested(a UInt8)", "t def=1", "t def=2", "ask"),
        (modify, "t def=1 cols=a:UInt8", "t def=1 cols=a:UInt8", "not done"),
        (modify, "t def=1 cols=a:UInt8", "t def=2 cols=a:UInt64", "done"),
        (modify, "t def=1 cols=a:UInt8", "t def=2 cols=a:UInt8", "ask"),
        ("ALTER TABLE t MODIFY TTL a + 1", "t def=1 tail=1", "t def=2 tail=2", "done"),
        ("ALTER TABLE t MODIFY ORDER BY (a, b)", "t def=1 order=a", "t def=2 order=a,b", "done"),
        ("DROP INDEX i ON t", "t def=1", "t def=1", "not done"),
        ("ALTER TABLE t SOMETHING new", "t def=1", "t def=1", "ask"),
    ]);
}

fn with_mutation(statement: &str, command: &str, done: bool) -> Verdict {
    let state = "t parts=x rows=1 newest=4";
    let mutation = Mutation {
        database: "d".into(),
        table: "t".into(),
        number: 5,
        command: command.into(),
        done,
        failure: String::new(),
    };
    decide(&Case { mutations: Some(vec![mutation]), ..case(statement, state, state) })
}

#[test]
fn a_mutation_is_told_by_those_that_are_new() {
    let update = "ALTER TABLE t UPDATE n = n+1 WHERE id>0";
    let state = "t parts=x rows=1 newest=4";
    table(&[
        (update, state, state, "not done"),
        (update, "t parts=x newest=4", "t parts=y newest=4", "not done"),
        (update, "t parts=x newest=4", "t parts=y newest=4 mutated=5", "ask"),
        (update, "t engine=Memory", "t engine=Memory", "ask"),
        ("DELETE FROM t WHERE id = 1", state, state, "not done"),
        ("DELETE FROM t WHERE id = 1", state, "t parts=y rows=1 newest=4", "ask"),
    ]);
    assert_eq!(told(&with_mutation(update, "(UPDATE n = n + 1 WHERE id > 0)", true)), "done");
    assert_eq!(told(&with_mutation(update, "UPDATE n = n + 1 WHERE id > 0", false)), "runs");
    assert_eq!(told(&with_mutation(update, "(UPDATE n = n + 2 WHERE id > 0)", true)), "ask");
    let mut blind = case(update, state, state);
    blind.mutations = None;
    assert_eq!(told(&decide(&blind)), "ask");
}

#[test]
fn a_mutation_is_compared_word_by_word() {
    assert!(does(
        "(DELETE WHERE a = 'x  y')",
        "alter table d.t delete where `a`='x  y' SETTINGS mutations_sync = 2"
    ));
    assert!(!does("(DELETE WHERE a = 'x y')", "ALTER TABLE t DELETE WHERE a = 'x  y'"));
    assert!(!does("(UPDATE n = 1 WHERE x)", "ALTER TABLE t UPDATE n = 1 WHERE x AND y"));
    assert!(!does("(DELETE WHERE y)", "ALTER TABLE t UPDATE n = 1 WHERE y"));
    assert!(does("(UPDATE _row_exists = 0 WHERE id = 2)", "DELETE FROM t WHERE id = 2"));
    assert!(!does("(UPDATE _row_exists = 0 WHERE id = 3)", "DELETE FROM t WHERE id = 2"));
}

#[test]
fn the_servers_word_comes_first_and_what_may_still_run_is_not_done_again() {
    let insert = case("INSERT INTO t VALUES (1)", "t parts=x rows=3", "t parts=x rows=3");
    let logged = |logged| told(&decide(&Case { logged, ..insert.clone() }));
    assert_eq!(logged(Logged::Finished { rows: 1 }), "done");
    assert_eq!(logged(Logged::Refused { error: "no".into() }), "not done");
    assert_eq!(logged(Logged::Failed { error: "no".into() }), "not done");
    assert_eq!(logged(Logged::Begun), "not done");
    let running = |running| told(&decide(&Case { running, ..insert.clone() }));
    assert_eq!(running(Running::Yes { elapsed: 7 }), "runs");
    assert_eq!(running(Running::Unread), "ask");
    assert_eq!(told(&decide(&Case { edited: true, ..insert.clone() })), "ask");
    assert_eq!(told(&decide(&Case { before: None, ..insert.clone() })), "ask");
    assert_eq!(told(&decide(&Case { now: None, ..insert })), "ask");
}

#[test]
fn without_a_look_at_parts_an_insert_is_asked_and_a_definition_is_not() {
    let blind = |statement: &str, before: &str, now: &str| {
        let mut case = case(statement, before, now);
        if let Some(now) = &mut case.now {
            now.unread = "no right".into();
        }
        told(&decide(&case))
    };
    assert_eq!(blind("INSERT INTO t VALUES (1)", "t", "t"), "ask");
    assert_eq!(blind("ALTER TABLE t ADD COLUMN n UInt8", "t def=1", "t def=2 cols=n:UInt8"), "done");
}

#[test]
fn only_what_could_do_harm_is_watched() {
    assert!(watch("CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = Memory", "d").is_empty());
    assert!(watch("OPTIMIZE TABLE t FINAL", "d").is_empty());
    assert!(watch("GRANT SELECT ON d.* TO r", "d").is_empty());
    let names = |statement: &str| -> Vec<String> {
        let watched = watch(statement, "d").into_iter();
        watched.map(|one| format!("{}.{} {}", one.database, one.name, one.columns.join(","))).collect()
    };
    assert_eq!(names("INSERT INTO t SELECT * FROM s"), ["d.t "]);
    assert_eq!(names("ALTER TABLE x.t RENAME COLUMN a TO b, UPDATE c = 1 WHERE 1"), ["x.t a,b"]);
    assert_eq!(names("CREATE DATABASE e"), ["e. "]);
    assert_eq!(names("RENAME TABLE a TO b"), ["d.a ", "d.b "]);
}

#[test]
fn the_columns_of_a_new_table_are_its_own() {
    let columns =
        |sql: &str| columns_of_create(&analyze_sql(sql).expect("lexes"), sql).map(|names| names.join(" "));
    let sql = "CREATE TABLE d.t (a Tuple(x UInt8, y UInt8), `b c` DateTime('UTC') DEFAULT now(), PRIMARY KEY (a, b), \
               CONSTRAINT c CHECK a > 1, d UInt8) ENGINE = MergeTree";
    assert_eq!(columns(sql).as_deref(), Some("a b c d"));
    assert_eq!(columns("CREATE TABLE t AS s"), None);
    assert_eq!(columns("CREATE TABLE t ENGINE = MergeTree ORDER BY (a, b) AS SELECT 1"), None);
    assert_eq!(columns("CREATE TABLE t (n Nested(a UInt8)) ENGINE = Memory"), None);
    assert_eq!(columns("CREATE VIEW v AS SELECT (1)"), None);
}
