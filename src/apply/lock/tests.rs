//! The lock against a server in memory, with a clock that the tests move.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::time::{Instant, advance};

use super::*;
use crate::apply::{Stop, stop};
use crate::backend::{ErrorKind, Insert, LoginVerdict, ObjectWrite, Query, Stats};
use crate::model::Secret;
use crate::model::op::KubeDelete;
use crate::model::snapshot::{Api, Listing, Row};

/// A table of a lock: its comment, when it was made, its events.
type Table = (String, u64, Vec<(String, u64)>);

/// A ClickHouse that knows locks only.
struct Server {
    begun: Instant,
    tables: Mutex<BTreeMap<String, Table>>,
    down: Mutex<bool>,
    other: Mutex<Vec<String>>,
}

impl Server {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            tables: Mutex::default(),
            down: Mutex::default(),
            other: Mutex::default(),
        })
    }

    /// Returns its clock, in milliseconds.
    fn now(&self) -> u64 {
        1_700_000_000_000 + u64::try_from(self.begun.elapsed().as_millis()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        self.tables.lock().unwrap().keys().cloned().collect()
    }

    fn refuse(&self, code: u32, kind: ErrorKind) -> Error {
        Error { kind, code: Some(code), message: format!("Code: {code}"), query_id: None }
    }

    fn up(&self) -> Result<(), Error> {
        if *self.down.lock().unwrap() { Err(self.refuse(0, ErrorKind::Unreachable)) } else { Ok(()) }
    }
}

/// Returns what stands between backticks.
fn quoted(statement: &str) -> String {
    statement.split('`').nth(1).unwrap().to_owned()
}

/// Returns a string literal's text, up to its closing quote.
fn unescaped(literal: &str) -> String {
    let (mut text, mut chars) = (String::new(), literal.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            '\'' => break,
            c => text.push(c),
        }
    }
    text
}

impl Servers for Server {
    async fn rows(&self, query: Query) -> Result<Vec<Row>, Error> {
        self.up()?;
        let tables = self.tables.lock().unwrap();
        if query.statement.contains("FROM system.tables") {
            let prefix = query.params[0].1.expose().to_owned();
            let rows = tables.iter().filter(|(name, _)| name.starts_with(&prefix)).map(|(name, table)| {
                let row = json!({"name": name, "comment": table.0, "created": table.1 / 1000});
                row.as_object().unwrap().clone()
            });
            return Ok(rows.collect());
        }
        let Some((_, _, events)) = tables.get(&quoted(&query.statement)) else {
            return Err(self.refuse(60, ErrorKind::Missing));
        };
        let row = json!({
            "released": events.iter().filter(|(event, _)| event == "released").count(),
            "renewed": events.iter().map(|(_, at)| at).max().unwrap_or(&0),
            "events": events.len(),
            "now": self.now(),
        });
        Ok(vec![row.as_object().unwrap().clone()])
    }

    async fn execute(&self, query: Query) -> Result<Stats, Error> {
        self.up()?;
        let mut tables = self.tables.lock().unwrap();
        let (now, statement) = (self.now(), query.statement.as_str());
        if statement.starts_with("CREATE TABLE") {
            let comment = unescaped(statement.split(" COMMENT '").nth(1).unwrap());
            let name = quoted(statement);
            if tables.contains_key(&name) {
                return Err(self.refuse(57, ErrorKind::Conflict));
            }
            tables.insert(name, (comment, now, Vec::new()));
        } else if statement.starts_with("INSERT") {
            let event = query.params[0].1.expose().to_owned();
            let table = tables.get_mut(&quoted(statement));
            table.ok_or_else(|| self.refuse(60, ErrorKind::Missing))?.2.push((event, now));
        } else if statement.starts_with("DROP TABLE") {
            tables.remove(&quoted(statement));
        } else {
            self.other.lock().unwrap().push(statement.to_owned());
        }
        Ok(Stats::default())
    }

    async fn insert(&self, _: Insert) -> Result<(), Error> {
        Ok(())
    }

    async fn login(&self, _: &str, _: &Secret) -> LoginVerdict {
        LoginVerdict::Works
    }

    async fn list(&self, _: &Api, _: &str) -> Result<Listing, Error> {
        Ok(Listing::NoSuchKind)
    }

    async fn write(&self, _: ObjectWrite) -> Result<(), Error> {
        Ok(())
    }

    async fn delete(&self, _: &KubeDelete) -> Result<(), Error> {
        Ok(())
    }

    async fn secret_key(&self, _: &str, _: &str, _: &str) -> Result<Option<Secret>, Error> {
        Ok(None)
    }

    async fn cluster_uid(&self) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

const TTL: Duration = Duration::from_secs(30);

fn run(id: &str) -> Run {
    Run {
        id: id.into(),
        actor: "it's \"me\"".into(),
        host: "ci-7".into(),
        purpose: "apply".into(),
        git_revision: String::new(),
        started: jiff::Timestamp::UNIX_EPOCH,
        plan: String::new(),
    }
}

async fn take(server: &Arc<Server>, id: &str) -> Result<Lock<Server>, LockError> {
    acquire(Arc::clone(server), "platform", &run(id), TTL).await
}

fn keep(lock: Lock<Server>) -> (Keeper<Server>, Stop) {
    let (stopper, stop) = stop::channel();
    (Keeper::start(lock, "platform", stopper), stop)
}

#[tokio::test(start_paused = true)]
async fn one_has_it_and_the_others_are_told_who() {
    let server = Server::new();
    let first = take(&server, "a").await.unwrap();
    advance(Duration::from_secs(5)).await;
    let Err(LockError::Held(holder)) = take(&server, "b").await else { panic!("it is held") };
    insta::assert_snapshot!(holder, @r#"it's "me" on ci-7 holds the lock for 5.0s (apply, run a); unless renewed, it lapses in 25.0s"#);
    let other = acquire(Arc::clone(&server), "another", &run("c"), TTL).await;
    assert!(other.is_ok(), "scopes have locks of their own");
    first.release().await.unwrap();
    assert_eq!(take(&server, "b").await.unwrap().generation(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_renewed_lapses_and_its_old_tables_go() {
    let server = Server::new();
    for number in 1..=5 {
        assert_eq!(take(&server, "a").await.unwrap().generation(), number);
        assert!(matches!(take(&server, "b").await, Err(LockError::Held(_))));
        advance(TTL).await;
    }
    assert_eq!(server.names().len(), 2, "{:?}", server.names());
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_does_not_lapse() {
    let server = Server::new();
    let (keeper, stop) = keep(take(&server, "a").await.unwrap());
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(matches!(take(&server, "b").await, Err(LockError::Held(_))));
    }
    assert!(!stop.requested());
    keeper.end(false).await.unwrap();
    assert!(take(&server, "b").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_cannot_renew_stops_before_anybody_else_can_have_it() {
    let server = Server::new();
    let lock = take(&server, "a").await.unwrap();
    let fenced = lock.fenced();
    let (keeper, mut stop) = keep(lock);
    *server.down.lock().unwrap() = true;
    let lost = Instant::now();
    stop.wait().await;
    assert!(lost.elapsed() <= TTL + TTL / 3);
    *server.down.lock().unwrap() = false;
    let refused = fenced.execute(state::statement("CREATE ROLE r")).await.unwrap_err();
    assert!(refused.message.contains("could not be renewed"), "{refused}");
    assert!(server.other.lock().unwrap().is_empty(), "nothing was sent");
    assert!(keeper.end(false).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_was_taken_away_is_lost_at_the_next_renewal() {
    let server = Server::new();
    let lock = take(&server, "a").await.unwrap();
    let fenced = lock.fenced();
    let (_keeper, mut stop) = keep(lock);
    let had = force(Arc::clone(&server), "platform", &run("b")).await.unwrap();
    assert_eq!(had.unwrap().run, "a");
    stop.wait().await;
    let refused = fenced.execute(state::statement("CREATE ROLE r")).await.unwrap_err();
    assert!(refused.message.contains("another run has taken it"), "{refused}");
    assert_eq!(force(Arc::clone(&server), "platform", &run("b")).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_busy_end_leaves_it_to_lapse() {
    let server = Server::new();
    let (keeper, _stop) = keep(take(&server, "a").await.unwrap());
    keeper.end(true).await.unwrap();
    assert!(matches!(take(&server, "b").await, Err(LockError::Held(_))));
    advance(TTL).await;
    assert!(take(&server, "b").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn of_many_at_once_one_wins() {
    let server = Server::new();
    for round in 0..20 {
        let tries = (0..8).map(|id| {
            let server = Arc::clone(&server);
            async move { take(&server, &format!("{round}-{id}")).await }
        });
        let taken = futures_util::future::join_all(tries).await;
        let mut winners: Vec<_> = taken.into_iter().filter_map(Result::ok).collect();
        assert_eq!(winners.len(), 1);
        winners.remove(0).release().await.unwrap();
    }
}

#[test]
fn the_newest_generation_is_known_from_what_was_observed() {
    let mut caps = Caps::default();
    for name in [
        format!("{}3", prefix("platform")),
        format!("{}12", prefix("platform")),
        format!("{}99", prefix("b")),
    ] {
        caps.columns.insert(format!("ops.{name}"), Default::default());
    }
    assert_eq!(newest(&caps, "platform"), 12);
    assert_eq!(newest(&caps, "nobody"), 0);
}
