//! Tests of the observer against servers that answer from a table.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::backend::{ErrorKind, Insert, LoginVerdict, ObjectWrite, Stats};
use crate::diag::{Diagnostic, SourceMap, Span};
use crate::kinds::{Change, Kind, Lowered, World};
use crate::model::op::KubeDelete;
use crate::model::registry::Entry;
use crate::model::settings::ClickHouse;
use crate::model::{Addr, Attrs, Resource, Secret};

type Answers = fn(&str) -> Result<Vec<Row>, Error>;

/// Servers whose ClickHouse answers by function and whose cluster is empty.
struct Fake {
    answers: Answers,
    asked: Mutex<Vec<String>>,
}

impl Fake {
    fn new(answers: Answers) -> Self {
        Self { answers, asked: Mutex::default() }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

impl Servers for Fake {
    async fn rows(&self, query: Query) -> Result<Vec<Row>, Error> {
        let mut asked = query.statement.clone();
        for (_, value) in &query.params {
            asked.push_str(value.expose());
        }
        self.asked.lock().expect("not poisoned").push(asked.clone());
        (self.answers)(&asked)
    }
    async fn execute(&self, query: Query) -> Result<Stats, Error> {
        panic!("an observer changes nothing: {query:?}")
    }
    async fn insert(&self, insert: Insert) -> Result<(), Error> {
        panic!("an observer changes nothing: {insert:?}")
    }
    async fn login(&self, _: &str, _: &Secret) -> LoginVerdict {
        LoginVerdict::Works
    }
    async fn list(&self, _: &Api, _: &str) -> Result<Listing, Error> {
        Ok(Listing::NoSuchKind)
    }
    async fn write(&self, object: ObjectWrite) -> Result<(), Error> {
        panic!("an observer changes nothing: {object:?}")
    }
    async fn delete(&self, object: &KubeDelete) -> Result<(), Error> {
        panic!("an observer changes nothing: {object:?}")
    }
    async fn secret_key(&self, _: &str, _: &str, _: &str) -> Result<Option<Secret>, Error> {
        Ok(None)
    }
    async fn cluster_uid(&self) -> Result<Option<String>, Error> {
        Ok(Some("uid".into()))
    }
}

/// A kind that asks these queries, and for Secrets.
struct Asking(&'static str, &'static [(&'static str, &'static str)]);

impl Kind for Asking {
    fn name(&self) -> &'static str {
        self.0
    }
    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        let queries =
            self.1.iter().map(|(name, statement)| Read::Sql { name, statement: (*statement).to_owned() });
        let secrets = Read::Objects { api: Api::secrets(), namespace: "operations".into() };
        queries.chain([secrets]).collect()
    }
    fn observe(&self, _: &BTreeSet<&str>, _: &World) -> BTreeMap<String, Attrs> {
        BTreeMap::new()
    }
    fn lower(&self, _: &Change, _: &World) -> Lowered {
        Lowered::default()
    }
}

static USER: Asking =
    Asking("user", &[("users", "SELECT name FROM system.users"), ("log", "SELECT 1 FROM system.query_log")]);
static ROLE: Asking = Asking("role", &[("users", "SELECT name FROM system.users")]);
static ODD: Asking = Asking("odd", &[("users", "SELECT id FROM system.users")]);

fn settings() -> Settings {
    Settings {
        scope: "platform".into(),
        environment: "test".into(),
        clickhouse: ClickHouse {
            url: "http://h:8123".into(),
            user: "char-ter".into(),
            password: Secret::new("hunter5"),
            cluster: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            timeout: Duration::from_secs(1),
            mutation_timeout: Duration::from_secs(1),
            settings: BTreeMap::new(),
        },
        kubernetes: None,
        isolation: Default::default(),
        rollout: None,
        lint: crate::model::lint::Policy::default(),
    }
}

fn desired(kinds: &[&'static str]) -> Desired {
    let mut sources = SourceMap::default();
    let file = sources.add("t.hcl", "");
    let span = Span::new(file, 0..0);
    let mut desired = Desired::default();
    for kind in kinds {
        let addr = Addr::new(kind, "x");
        desired.resources.insert(addr.clone(), Resource::new(addr, kind, "x", span));
    }
    desired
}

fn row(json: serde_json::Value) -> Row {
    json.as_object().cloned().expect("an object")
}

fn refused(kind: ErrorKind, code: Option<u32>, message: &str) -> Error {
    Error { kind, code, message: message.into(), query_id: Some("q".into()) }
}

/// A server that has everything, and one role that this scope owns.
fn healthy(statement: &str) -> Result<Vec<Row>, Error> {
    Ok(match statement {
        text if text.contains("version()") => vec![row(json!({
            "version": "24.8.4.13", "server_uuid": "s", "user": "u", "ops_uuid": "o", "database": "ops", "table": TABLE, "columns": ["scope", "environment", "address", "kind", "identity", "status", "spec"],
        }))],
        text if text.contains("ops.charter_resources") => vec![row(json!({
            "scope": "platform", "environment": "test", "address": "role.gone", "kind": "role",
            "identity": "gone", "status": "applied", "spec": "{}",
        }))],
        _ => vec![row(json!({"name": "a"}))],
    })
}

async fn seen(
    fake: &Fake,
    kinds: Vec<&'static dyn Kind>,
    wanted: &[&'static str],
) -> Result<(Snapshot, Registry), ObserveError> {
    observe(fake, &settings(), &Kinds::new(kinds), &desired(wanted), 4).await
}

#[tokio::test]
async fn each_query_is_asked_once_and_idle_kinds_ask_nothing() {
    let fake = Fake::new(healthy);
    let (snapshot, registry) = seen(&fake, vec![&USER, &ROLE, &ODD], &["user"]).await.expect("seen");
    assert_eq!(snapshot.rows("users").len(), 1);
    assert_eq!(snapshot.caps.server_uuid, "s");
    assert_eq!(snapshot.cluster_uid.as_deref(), Some("uid"));
    assert!(!snapshot.knows(&Api::secrets(), "operations"));
    assert!(registry.mine("role", "gone").is_some());
    let asked = fake.asked();
    assert_eq!(asked.len(), 4, "{asked:#?}");
    assert!(
        asked[1].starts_with("SELECT scope, environment, address, kind, identity, status, spec FROM"),
        "columns that the table lacks are not asked for: {}",
        asked[1]
    );
}

#[tokio::test]
async fn one_name_for_two_queries_is_a_mistake() {
    let fake = Fake::new(healthy);
    let error = seen(&fake, vec![&USER, &ODD], &["user", "odd"]).await.expect_err("a mistake");
    assert_eq!(error, ObserveError::TwoReads("users"));
}

fn told(error: &ObserveError) -> Diagnostic {
    error.diagnostic(&settings())
}

#[tokio::test]
async fn all_that_is_denied_is_told_at_once() {
    let fake = Fake::new(|statement| match statement {
        text if text.contains("system.users") => Err(refused(
            ErrorKind::Denied,
            Some(497),
            "u: Not enough privileges. To execute this query, it's necessary to have the grant SHOW USERS ON *.* (ACCESS_DENIED, code 497)",
        )),
        text if text.contains("system.query_log") => Err(refused(
            ErrorKind::Denied,
            Some(497),
            "u: Not enough privileges. To execute this query, it's necessary to have the grant SELECT(a, b) ON system.query_log (ACCESS_DENIED, code 497)",
        )),
        other => healthy(other),
    });
    let error = seen(&fake, vec![&USER], &["user"]).await.expect_err("denied");
    assert_eq!(
        told(&error).help,
        ["GRANT SELECT ON system.query_log TO `char-ter`", "GRANT SHOW USERS ON *.* TO `char-ter`",]
    );
}

#[tokio::test]
async fn a_registry_out_of_sight_is_not_taken_for_none() {
    let hidden: Answers = |statement| match statement {
        text if text.contains("system.columns") => Ok(Vec::new()),
        text if text.contains("ops.") => Err(refused(
            ErrorKind::Denied,
            Some(497),
            "u: Not enough privileges. To execute this query, it's necessary to have the grant SELECT ON ops.charter_resources (ACCESS_DENIED, code 497)",
        )),
        text if text.contains("query_log") => Err(refused(ErrorKind::Denied, Some(497), "u: denied")),
        other => healthy(other),
    };
    let fake = Fake::new(hidden);
    let error = seen(&fake, vec![&USER], &["user"]).await.expect_err("denied");
    assert_eq!(
        told(&error).help,
        ["GRANT SELECT ON ops.* TO `char-ter`", "GRANT SELECT ON system.query_log TO `char-ter`"],
        "what else is denied is told with it"
    );
    let none: Answers = |statement| match statement {
        text if text.contains("system.columns") => Ok(Vec::new()),
        text if text.contains("ops.") => Err(refused(ErrorKind::Missing, Some(81), "no database")),
        other => healthy(other),
    };
    let fake = Fake::new(none);
    let (_, registry) = seen(&fake, vec![&USER], &["user"]).await.expect("seen");
    assert_eq!(registry.all_mine().count(), 0);
}

#[tokio::test]
async fn who_sees_a_part_only_is_told() {
    let part: Answers = |statement| match statement {
        text if text.contains("version()") => {
            Ok(vec![row(json!({"version": "26.9.2.1", "user": "char-ter"}))])
        }
        text if text.starts_with("CHECK GRANT") => Ok(vec![row(json!({"result": 0}))]),
        other => healthy(other),
    };
    let fake = Fake::new(part);
    let error = seen(&fake, vec![&USER], &["user"]).await.expect_err("denied");
    assert_eq!(told(&error).help, ["GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON *.* TO `char-ter`"]);
}

#[tokio::test]
async fn a_server_that_does_not_serve_is_told_with_what_to_do() {
    let old: Answers = |statement| match statement {
        text if text.contains("version()") => Ok(vec![row(json!({"version": "23.3.1.1"}))]),
        other => healthy(other),
    };
    let away: Answers = |_| Err(refused(ErrorKind::Unreachable, None, "connection refused"));
    let login: Answers = |_| Err(refused(ErrorKind::Login, Some(516), "authentication failed"));
    let read_only: Answers = |_| Err(refused(ErrorKind::Refused, Some(164), "cannot modify a setting"));
    for (answers, summary) in [
        (old, "this ClickHouse is too old"),
        (away, "ClickHouse cannot be reached"),
        (login, "ClickHouse refuses charter's login"),
        (read_only, "charter's ClickHouse user is read-only"),
    ] {
        let fake = Fake::new(answers);
        let error = seen(&fake, vec![&USER], &["user"]).await.expect_err(summary);
        let diagnostic = told(&error);
        assert_eq!(diagnostic.summary, summary);
        assert!(!diagnostic.help.is_empty(), "{summary}");
        assert!(!format!("{diagnostic:?}").contains("hunter5"));
        assert_eq!(fake.asked().len(), 1, "{summary}: asked no further");
    }
}

#[tokio::test]
async fn statements_that_do_not_parse_are_told_why() {
    let fake = Fake::new(|statement| match statement {
        text if text.contains("arrayMap") => Ok(vec![row(json!({"failed": [1, 0]}))]),
        _ => Err(refused(ErrorKind::Refused, Some(62), "Syntax error: failed at position 25 (CRATE): CRATE")),
    });
    let statements = ["SELECT 1", "CRATE", "SELECT 1"].map(str::to_owned);
    let found = preflight(&fake, &statements).await.expect("asked");
    let why = "Syntax error: failed at position 3 (CRATE): CRATE";
    assert_eq!(found, [None, Some(why.to_owned()), None]);
    assert_eq!(fake.asked().len(), 2);
}

#[tokio::test]
async fn an_old_server_explains_each_statement() {
    let fake = Fake::new(|statement| match statement {
        text if text.contains("arrayMap") => Err(refused(ErrorKind::Refused, Some(46), "no such function")),
        _ => Ok(Vec::new()),
    });
    let statements = ["SELECT 1", "SELECT 2"].map(str::to_owned);
    assert_eq!(preflight(&fake, &statements).await, Ok(vec![None, None]));
    assert_eq!(fake.asked()[1], "EXPLAIN AST graph = 0\nSELECT 1");
}

#[test]
fn observing_and_preflight_may_move_between_threads() {
    fn is_send(_: impl Send) {}
    let fake = Fake::new(healthy);
    let (settings, kinds, desired) = (settings(), Kinds::new(vec![&USER]), desired(&["user"]));
    is_send(observe(&fake, &settings, &kinds, &desired, 4));
    is_send(preflight(&fake, &[]));
}

/// A kind that asks more once it has its answers.
struct Curious;

impl Kind for Curious {
    fn name(&self) -> &'static str {
        "curious"
    }
    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        vec![Read::Sql { name: "first", statement: "SELECT 'first'".to_owned() }]
    }
    fn follow_up(&self, _: &[&Resource], _: &Settings, snapshot: &Snapshot) -> Vec<Read> {
        let read = |name, statement: &str| Read::Sql { name, statement: statement.to_owned() };
        if snapshot.rows("first").is_empty() {
            return Vec::new();
        }
        vec![
            read("second", "SELECT 'second'"),
            read("denied", "SELECT 'denied'"),
            read("last", "SELECT 'last'"),
        ]
    }
    fn observe(&self, _: &BTreeSet<&str>, _: &World) -> BTreeMap<String, Attrs> {
        BTreeMap::new()
    }
    fn lower(&self, _: &Change, _: &World) -> Lowered {
        Lowered::default()
    }
}

#[tokio::test]
async fn what_answers_call_for_is_read_in_order_and_a_denial_leaves_it_out() {
    static CURIOUS: Curious = Curious;
    let fake = Fake::new(|statement| match statement {
        text if text.contains("'denied'") => Err(refused(ErrorKind::Denied, Some(497), "not allowed")),
        text => healthy(text),
    });
    let kinds = Kinds::new(vec![&CURIOUS]);
    let (snapshot, _) =
        observe(&fake, &settings(), &kinds, &desired(&["curious"]), 4).await.expect("observed");
    let asked = fake.asked();
    assert_eq!(asked[asked.len() - 3..], ["SELECT 'second'", "SELECT 'denied'", "SELECT 'last'"]);
    assert!(snapshot.rows.contains_key("second") && snapshot.rows.contains_key("last"));
    assert!(!snapshot.rows.contains_key("denied"), "none, rather than no rows");
    let (_, _) = observe(&fake, &settings(), &kinds, &desired(&[]), 4).await.expect("observed");
    assert_eq!(fake.asked().iter().filter(|text| text.contains("'second'")).count(), 1);
}
