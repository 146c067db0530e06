use super::*;
use crate::kinds::testing::{change, span, world};
use crate::model::finding::Severity;
use crate::model::op::{Login, Op};
use crate::model::{Action, Addr};

fn wanted(statements: &[&str]) -> Resource {
    let values = statements.iter().map(|sql| {
        let analysis = crate::migrate::analyze_sql(sql).expect("lexes");
        Value::Map(BTreeMap::from([
            ("sql".to_owned(), (*sql).into()),
            ("token_sha256".to_owned(), format!("hash of {sql}").into()),
            ("replay".to_owned(), format!("{:?}", analysis.replay).into()),
            ("touches".to_owned(), Value::List(vec![Value::strings(["d", "t"])])),
        ]))
    });
    let addr = Addr::new("tenant", "acme").keyed_part("migration", "schema/V2__t.sql");
    Resource::new(addr, KIND, "acme|schema|2", span())
        .with("tenant", "acme")
        .with("folder", "schema")
        .with("version", Value::Number(2.0))
        .with("database", "d")
        .with("user", "u")
        .with("user_addr", "tenant.acme.user")
        .with("checksum", "sum")
        .with("statements", Value::List(values.collect()))
}

fn event(statement: f64, status: &str, sql: &str) -> Value {
    Value::Map(BTreeMap::from([
        ("statement".to_owned(), Value::Number(statement)),
        ("status".to_owned(), status.into()),
        ("token_sha256".to_owned(), format!("hash of {sql}").into()),
        ("query_id".to_owned(), "q".into()),
    ]))
}

fn live(status: &str, events: Vec<Value>) -> Attrs {
    Attrs::from([
        ("status".to_owned(), status.into()),
        ("checksum".to_owned(), "sum".into()),
        ("newest".to_owned(), Value::Number(1.0)),
        ("events".to_owned(), Value::List(events)),
    ])
}

const ONE: &str = "CREATE TABLE t (a UInt8) ENGINE = Memory";
const TWO: &str = "INSERT INTO t VALUES (1)";

fn lowered(live: &Attrs) -> Lowered {
    world("26.9.1.1", |world| {
        Migrations.lower(&change(Action::Update, &wanted(&[ONE, TWO]), Some(live)), world)
    })
}

fn refused(live: &Attrs) -> Vec<(&'static str, Severity)> {
    let lowered = lowered(live);
    assert!(lowered.ops.is_empty());
    lowered.findings.iter().map(|finding| (finding.code, finding.severity)).collect()
}

#[test]
fn a_pending_file_runs_its_statements_as_the_tenant_and_is_recorded_last() {
    let lowered = lowered(&live("pending", vec![]));
    assert_eq!(lowered.action, Some(Action::Execute { statements: 2 }));
    let [Op::Sql(one), Op::Sql(two), Op::Sql(record), Op::Ledger(done)] = &lowered.ops[..] else {
        panic!("{:?}", lowered.ops)
    };
    for sql in [one, two] {
        assert!(matches!(&sql.login, Login::User { name, .. } if name == "u"));
        assert_eq!(sql.database.as_deref(), Some("d"));
        assert!(sql.journal.is_some());
    }
    assert_eq!(record.login, Login::Charter);
    assert_eq!(done.table, "schema_migrations_tenant");
}

#[test]
fn a_file_goes_on_after_what_was_applied() {
    let lowered = lowered(&live("partial", vec![event(1.0, "applied", ONE), event(2.0, "failed", TWO)]));
    assert_eq!(lowered.action, Some(Action::Execute { statements: 1 }));
    assert!(matches!(&lowered.ops[0], Op::Sql(sql) if sql.statement == TWO));
}

#[test]
fn what_was_edited_is_refused_and_what_nobody_knows_is_asked() {
    let mut edited = live("applied", vec![]);
    edited.insert("checksum".into(), "other".into());
    assert_eq!(refused(&edited), [("CH410", Severity::Error)]);
    let half = live("partial", vec![event(1.0, "applied", "something else")]);
    assert_eq!(refused(&half), [("CH413", Severity::Error)]);
    let started = live("partial", vec![event(1.0, "applied", ONE), event(2.0, "started", TWO)]);
    assert_eq!(refused(&started), [("CH414", Severity::Decision)]);
}

#[test]
fn a_file_before_an_applied_one_is_out_of_order() {
    let mut late = live("pending", vec![]);
    late.insert("newest".into(), Value::Number(7.0));
    assert_eq!(refused(&late), [("CH412", Severity::Error)]);
}

#[test]
fn a_table_that_drifted_is_not_blessed() {
    let mut drifted = live("pending", vec![]);
    drifted.insert("drifted".into(), Value::strings(["d.t"]));
    let records =
        lowered(&drifted).ops.into_iter().filter(|op| matches!(op, Op::Sql(sql) if sql.journal.is_none()));
    assert_eq!(records.count(), 0);
}

/// Returns what the last of the files of a folder costs, and its findings of data that is lost; the others
/// are applied up to a version.
fn costs(files: &[&[&str]], applied: u32) -> Vec<String> {
    let mut desired = crate::model::resource::Desired::default();
    let mut last: Option<Resource> = None;
    for (version, statements) in (1u32..).zip(files) {
        let addr = Addr::new("tenant", "acme").keyed_part("migration", &format!("schema/V{version}__t.sql"));
        let mut file = wanted(statements).with("version", Value::Number(version.into()));
        file.after.extend(last.map(|last| last.addr));
        file.addr = addr.clone();
        desired.resources.insert(addr, file.clone());
        last = Some(file);
    }
    let row = serde_json::json!({"database": "d", "table": "events", "engine": "MergeTree", "total_rows": "7", "total_bytes": "9"});
    let row = row.as_object().expect("an object").clone();
    let snapshot = Snapshot { rows: BTreeMap::from([(there::THERE, vec![row])]), ..Snapshot::default() };
    let mut live = live("pending", vec![]);
    live.insert("newest".into(), Value::Number(applied.into()));
    let last = last.expect("a file");
    crate::kinds::testing::world_with(snapshot, &Default::default(), "26.9.1.1", |world| {
        let world = World { desired: &desired, ..*world };
        let lowered = Migrations.lower(&change(Action::Update, &last, Some(&live)), &world);
        let lost = lowered.findings.iter().filter(|one| one.code == "CH431");
        let lost = lost.map(|one| format!("lost by statement {}", one.statement.map_or(0, |at| at + 1)));
        let costs = lowered.costs.iter().filter(|cost| cost.destroys());
        costs.map(|cost| format!("{} on {}", cost.what, cost.name())).chain(lost).collect()
    })
}

#[test]
fn a_table_is_weighed_by_whichever_name_it_has_by_then() {
    const NEW: &str = "CREATE TABLE events_new (a UInt8) ENGINE = Log";
    const SWAP: &str = "EXCHANGE TABLES events AND events_new";
    const DROP: &str = "DROP TABLE events_new SYNC";
    let old = ["DROP TABLE (by then events_new) on d.events", "lost by statement 3"];
    assert_eq!(costs(&[&[NEW, SWAP, DROP]], 0), old);
    assert_eq!(costs(&[&[NEW], &[SWAP], &["SELECT 1", "SELECT 2", DROP]], 0), old);
    // What is applied is as the server says.
    assert!(costs(&[&[NEW], &[SWAP], &["SELECT 1", "SELECT 2", DROP]], 2).is_empty());
    assert!(costs(&[&[NEW, SWAP, "DROP TABLE events SYNC"]], 0).is_empty());
    assert_eq!(
        costs(&[&["CREATE TABLE IF NOT EXISTS events AS s", "TRUNCATE TABLE events"]], 0),
        ["TRUNCATE on d.events", "lost by statement 2"]
    );
    assert_eq!(
        costs(&[&["RENAME TABLE events TO e.old", "DROP DATABASE e SYNC"]], 0),
        ["DROP DATABASE on database e", "lost by statement 2"]
    );
    assert_eq!(
        costs(&[&[NEW, "ALTER TABLE events MOVE PARTITION 1 TO TABLE events_new", DROP]], 0),
        ["DROP TABLE (by then events_new) on d.events", "lost by statement 3"]
    );
}
