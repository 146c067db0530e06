//! The tables of a lock: what is asked of them and what they say.

use std::fmt;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::Run;
use crate::apply::events::seconds;
use crate::backend::{Error, ErrorKind, Query, Servers};
use crate::model::snapshot::{Row, number, text};
use crate::model::{Secret, sql};

/// One generation of a lock.
#[derive(Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its number.
    pub number: u64,
    /// Its table, without database `ops`.
    pub table: String,
    comment: String,
    /// When it was made, in seconds since 1970.
    created: u64,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The run.
    pub run: String,
    /// Who.
    pub actor: String,
    /// Where.
    pub host: String,
    /// What for: the command.
    pub purpose: String,
    /// How long ago it was taken, by the server's clock.
    pub held: Duration,
    /// When it lapses unless it is renewed, by the server's clock.
    pub lapses: Duration,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, actor, host, purpose, held, lapses } = self;
        write!(
            f,
            "{actor} on {host} holds the lock for {} ({purpose}, run {run}); unless renewed, it lapses in {}",
            seconds(*held),
            seconds(*lapses)
        )
    }
}

/// Returns a statement of the lock's.
pub fn statement(statement: impl Into<String>) -> Query {
    let settings = [("async_insert".to_owned(), "0".to_owned())].into();
    Query { settings, ..Query::new(statement) }
}

/// Returns the statement that makes a generation. The comment says who, so that it is known even
/// where nothing else could be written.
pub fn create(table: &str, run: &Run, ttl: Duration) -> Query {
    let cut = |text: &str| text.chars().take(200).collect::<String>();
    let comment = json!({
        "run": run.id,
        "actor": cut(&run.actor),
        "host": cut(&run.host),
        "purpose": cut(&run.purpose),
        "ttl_ms": u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX),
    });
    statement(format!(
        "CREATE TABLE ops.{} (event LowCardinality(String), at DateTime64(3, 'UTC') DEFAULT now64(3)) \
         ENGINE = MergeTree ORDER BY at COMMENT {}",
        sql::ident(table),
        sql::literal(&comment.to_string())
    ))
}

/// Returns the statement that appends an event.
pub fn event(table: &str, event: &str) -> Query {
    let mut query =
        statement(format!("INSERT INTO ops.{} (event) SELECT {{event:String}}", sql::ident(table)));
    query.params.push(("event".to_owned(), Secret::new(event)));
    query
}

/// Returns the statement that drops an old generation.
pub fn drop(table: &str) -> Query {
    statement(format!("DROP TABLE IF EXISTS ops.{} SYNC", sql::ident(table)))
}

/// Returns the generations of a scope's lock, the newest last.
///
/// # Errors
/// The server's.
pub async fn generations<S: Servers>(servers: &S, scope: &str) -> Result<Vec<Generation>, Error> {
    let prefix = super::prefix(scope);
    let mut query = statement(
        "SELECT name, comment, toUnixTimestamp(metadata_modification_time) AS created FROM system.tables \
         WHERE database = 'ops' AND startsWith(name, {prefix:String})",
    );
    query.params.push(("prefix".to_owned(), Secret::new(prefix.as_str())));
    let rows = servers.rows(query).await?;
    let generation = |row: &Row| {
        let table = text(row, "name");
        Some(Generation {
            number: table.strip_prefix(&prefix)?.parse().ok()?,
            table: table.to_owned(),
            comment: text(row, "comment").to_owned(),
            created: number(row, "created"),
        })
    };
    let mut generations: Vec<Generation> = rows.iter().filter_map(generation).collect();
    generations.sort_by_key(|generation| generation.number);
    Ok(generations)
}

/// Whether a generation is held.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Held(Holder),
    /// It was released, has lapsed, or is gone.
    Free {
        /// Since when, in seconds since 1970; where it lapsed, when it was renewed last.
        since: u64,
    },
}

/// Returns whether a generation is held. `ttl` counts where the generation does not say its own.
///
/// # Errors
/// The server's.
pub async fn of<S: Servers>(servers: &S, generation: &Generation, ttl: Duration) -> Result<State, Error> {
    let query = statement(format!(
        "SELECT countIf(event = 'released') AS released, toUnixTimestamp64Milli(max(at)) AS renewed, \
         count() AS events, toUnixTimestamp64Milli(now64(3)) AS now FROM ops.{}",
        sql::ident(&generation.table)
    ));
    let rows = match servers.rows(query).await {
        Ok(rows) => rows,
        // Dropped just now: there are newer ones, which the next look finds.
        Err(error) if error.kind == ErrorKind::Missing => {
            return Ok(State::Free { since: generation.created });
        }
        Err(error) => return Err(error),
    };
    Ok(rows.first().map_or(State::Free { since: generation.created }, |row| read(row, generation, ttl)))
}

fn read(row: &Row, generation: &Generation, ttl: Duration) -> State {
    let comment: Json = serde_json::from_str(&generation.comment).unwrap_or(Json::Null);
    let said = |key: &str| comment[key].as_str().unwrap_or("unknown").to_owned();
    let ttl = comment["ttl_ms"].as_u64().map_or(ttl, Duration::from_millis);
    // A table's own time has whole seconds: until the next one it may still be new.
    let made = Duration::from_secs(generation.created + 1);
    let sign = match number(row, "events") {
        0 => made,
        _ => Duration::from_millis(number(row, "renewed")),
    };
    let now = Duration::from_millis(number(row, "now"));
    let lapses = (sign + ttl).saturating_sub(now);
    if number(row, "released") > 0 || lapses.is_zero() {
        return State::Free { since: sign.as_secs() };
    }
    State::Held(Holder {
        run: said("run"),
        actor: said("actor"),
        host: said("host"),
        purpose: said("purpose"),
        held: (now + Duration::from_secs(1)).saturating_sub(made),
        lapses,
    })
}
