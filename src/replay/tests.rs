//! Unit tests of the replay: what is run where, and what is dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::groups::{Group, Plan, Statement, Tenant};
use super::vet::{Verdict, unreplicated_engine, vet};
use crate::backend::{Error, ErrorKind, Insert, LoginVerdict, ObjectWrite, Query, Servers, Stats};
use crate::model::op::KubeDelete;
use crate::model::snapshot::{Api, Listing, Row};
use crate::model::{Addr, Secret};

fn judged(sql: &str) -> Verdict {
    vet(sql, "tenant_acme", &mut BTreeSet::new())
}

#[test]
fn only_definitions_within_the_database_are_run() {
    for sql in [
        "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id",
        "ALTER TABLE charter_replay_database.t ADD COLUMN b UInt8",
        "CREATE MATERIALIZED VIEW m TO t AS SELECT 1 AS id FROM s",
        "RENAME TABLE a TO b",
        "DROP TABLE t SYNC",
    ] {
        assert_eq!(judged(sql), Verdict::Run(sql.to_owned()));
    }
    for sql in ["INSERT INTO t VALUES (1)", "ALTER TABLE k ADD COLUMN a UInt8", "OPTIMIZE TABLE t"] {
        let mut left_out = BTreeSet::from(["k".to_owned()]);
        assert_eq!(vet(sql, "tenant_acme", &mut left_out), Verdict::Skip, "{sql}");
    }
    for sql in [
        "CREATE TABLE other.t (id UInt64) ENGINE = Memory",
        "CREATE VIEW v AS SELECT * FROM system.users",
        "CREATE TABLE t ENGINE = Merge('tenant_acme', '^x')",
        "GRANT SELECT ON *.* TO u",
        "CREATE USER u",
        "CREATE FUNCTION f AS x -> x",
        "CREATE DATABASE d",
        "SYSTEM FLUSH LOGS",
        "ATTACH TABLE t",
        "CREATE TABLE t ON CLUSTER c (id UInt64) ENGINE = Memory",
    ] {
        assert!(matches!(judged(sql), Verdict::Refuse(_)), "{sql}: {:?}", judged(sql));
    }
}

#[test]
fn what_connects_elsewhere_is_left_out_with_what_alters_it() {
    let mut left_out = BTreeSet::new();
    for sql in [
        "CREATE TABLE k (a UInt8) ENGINE = Kafka('h:1', 't', 'g', 'CSV')",
        "CREATE TABLE s (a UInt8) ENGINE = S3('http://x')",
        "CREATE DICTIONARY d (id UInt64) PRIMARY KEY id SOURCE(HTTP(URL 'http://x' FORMAT CSV)) LIFETIME(1) LAYOUT(FLAT())",
        "CREATE TABLE m (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = s3, endpoint = 'http://x')",
        "ALTER TABLE k MODIFY COLUMN a UInt16",
        "ALTER TABLE other MODIFY SETTING disk = disk(type = s3, endpoint = 'http://x')",
        "DROP TABLE s",
    ] {
        assert_eq!(vet(sql, "tenant_acme", &mut left_out), Verdict::Skip, "{sql}");
    }
    assert_eq!(left_out, BTreeSet::from(["d", "k", "m", "s"].map(str::to_owned)));
    assert!(matches!(vet("RENAME TABLE k TO l", "tenant_acme", &mut left_out), Verdict::Refuse(_)));
}

#[test]
fn tables_are_not_replicated() {
    let plain = |sql: &str| match judged(sql) {
        Verdict::Run(sql) => sql,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        plain(
            "CREATE TABLE t (a UInt8) ENGINE = ReplicatedReplacingMergeTree('/p/{uuid}', '{replica}', a) ORDER BY a"
        ),
        "CREATE TABLE t (a UInt8) ENGINE = ReplacingMergeTree(a) ORDER BY a"
    );
    assert_eq!(
        plain("CREATE TABLE ReplicatedMergeTree (a UInt8) ENGINE ReplicatedMergeTree ORDER BY a"),
        "CREATE TABLE ReplicatedMergeTree (a UInt8) ENGINE MergeTree ORDER BY a"
    );
    assert_eq!(unreplicated_engine("ReplicatedMergeTree('/p', '{replica}')"), "MergeTree()");
}

/// A statement, and who ran it.
type Told = (Option<String>, String);

/// Servers that note what they are told, and fail or hang at a statement that begins with a word.
#[derive(Clone, Default)]
struct Fake {
    told: Arc<Mutex<Vec<Told>>>,
    fails: Option<&'static str>,
    hangs: Option<&'static str>,
}

fn refused() -> Error {
    Error { kind: ErrorKind::Refused, code: Some(1), message: "refused".into(), query_id: None }
}

impl Servers for Fake {
    async fn rows(&self, _: Query) -> Result<Vec<Row>, Error> {
        Ok(Vec::new())
    }

    async fn execute(&self, query: Query) -> Result<Stats, Error> {
        let of_a_user = query.statement.starts_with("CREATE USER");
        assert_eq!((query.params.len() == 2, query.sensitive), (of_a_user, of_a_user), "{}", query.statement);
        let user = query.login.as_ref().map(|(name, _)| name.clone());
        self.told.lock().expect("no panic").push((user, query.statement.clone()));
        if self.hangs.is_some_and(|word| query.statement.starts_with(word)) {
            std::future::pending::<()>().await;
        }
        if self.fails.is_some_and(|word| query.statement.starts_with(word)) {
            return Err(refused());
        }
        Ok(Stats::default())
    }

    async fn insert(&self, _: Insert) -> Result<(), Error> {
        Err(refused())
    }

    async fn login(&self, _: &str, _: &Secret) -> LoginVerdict {
        LoginVerdict::Fails
    }

    async fn list(&self, _: &Api, _: &str) -> Result<Listing, Error> {
        Err(refused())
    }

    async fn write(&self, _: ObjectWrite) -> Result<(), Error> {
        Err(refused())
    }

    async fn delete(&self, _: &KubeDelete) -> Result<(), Error> {
        Err(refused())
    }

    async fn secret_key(&self, _: &str, _: &str, _: &str) -> Result<Option<Secret>, Error> {
        Err(refused())
    }

    async fn cluster_uid(&self) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

fn planned() -> Plan {
    let tenant = Tenant { addr: Addr::new("tenant", "acme"), database: "tenant_acme".into() };
    let statement = Statement {
        sql: "ALTER TABLE charter_replay_database.t ADD COLUMN a UInt8".into(),
        settings: BTreeMap::new(),
        from: "statement 1 of V1__t.sql".into(),
    };
    let group = Group { statements: vec![statement], left_out: BTreeSet::new(), tenants: vec![tenant] };
    Plan { groups: vec![group], unknown: Vec::new() }
}

const NAME: &str = "charter_replay_20261121T080000Z_ab_1";

/// Runs the plan, and returns what came of it with the last two statements.
async fn ran(servers: &Fake, stop: impl Future<Output = ()> + Send) -> (super::Outcome, Vec<String>) {
    let outcome = super::run(servers, planned(), "20261121T080000Z-ab", stop).await;
    let told = servers.told.lock().expect("no panic").clone();
    assert!(
        told.iter()
            .all(|(user, statement)| statement.starts_with("ALTER") == (user.as_deref() == Some(NAME)))
    );
    let last = told.iter().rev().take(2).map(|(_, statement)| statement.clone());
    (outcome, last.collect())
}

#[tokio::test(start_paused = true)]
async fn scratch_is_dropped_after_success_error_and_interrupt() {
    let dropped = [format!("DROP DATABASE IF EXISTS `{NAME}` SYNC"), format!("DROP USER IF EXISTS `{NAME}`")];
    let (outcome, last) = ran(&Fake::default(), std::future::pending()).await;
    assert_eq!((outcome.compared.len(), outcome.unknown.len()), (1, 0));
    assert_eq!(last, dropped);

    for word in ["CREATE DATABASE", "CREATE USER", "GRANT", "ALTER"] {
        let (outcome, last) =
            ran(&Fake { fails: Some(word), ..Fake::default() }, std::future::pending()).await;
        assert_eq!((outcome.compared.len(), outcome.unknown.len()), (0, 1), "{word}");
        assert_eq!(last, dropped, "{word}");
    }

    let servers = Fake { hangs: Some("ALTER"), ..Fake::default() };
    let told = servers.told.clone();
    let stop = async move {
        while told.lock().expect("no panic").len() < 4 {
            tokio::task::yield_now().await;
        }
    };
    let (outcome, last) = ran(&servers, stop).await;
    assert!(outcome.compared.is_empty());
    assert_eq!(last, dropped);

    let (outcome, _) = ran(&Fake { fails: Some("DROP"), ..Fake::default() }, std::future::pending()).await;
    assert_eq!(outcome.left.len(), 1, "what could not be dropped is named");
    assert_eq!(super::findings(&outcome)[0].code, "CH517");
}
