//! Mutations that statements make: waited for where the server did not, within a bound.
//!
//! `mutations_sync = 2` is sent with each statement of a migration, and is not enough: the time of
//! the query may be up (159), a replica may be away (341), the connection may break, or somebody
//! set it otherwise. `system.mutations` knows what became of it. One that failed once is tried by
//! the server again and again, and holds up those behind it: it is told, and never killed by us.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::events::{Progress, plural, seconds};
use super::ops::{At, Trouble};
use super::statement::{End, Sent};
use crate::backend::{Error, ErrorKind, Query, Servers};
use crate::model::op::{Mutation, Sql, TableName};
use crate::model::snapshot::{Row, number, text};
use crate::model::{Secret, sql};

const COLUMNS: &str = "SELECT mutation_id, toUnixTimestamp(create_time) AS created, toUnixTimestamp(now()) AS asked, command, parts_to_do, is_done, latest_fail_reason FROM system.mutations \
    WHERE database = {database:String} AND table = {table:String}";

/// The server's clock has whole seconds.
const SLACK: Duration = Duration::from_secs(1);

/// How long a question may take to reach the server: mutations are asked for from that long before, and
/// those that are too old are left out by the answer's own time.
const QUEUED: Duration = Duration::from_secs(900);

/// How often in a row `system.mutations` may not answer.
const PATIENCE: usize = 4;

/// How much of a reason is told.
const LONGEST_REASON: usize = 300;

/// A row of `system.mutations`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    mutation: Mutation,
    command: String,
    parts: u64,
    done: bool,
    reason: String,
}

/// Mutations that a statement left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// Whether one of them fails; else they go on.
    pub(super) failing: bool,
    /// What is told.
    pub(super) error: String,
    seen: Vec<Seen>,
}

/// What became of mutations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Followed {
    /// None was found, or none could be looked for.
    Nothing,
    /// They are done.
    Done(Vec<String>),
    /// They are not.
    Left(Left),
}

/// Which mutations of a table are meant.
enum Which<'a> {
    /// Those that were made since.
    Since(Instant),
    /// Those of these ids.
    Ids(&'a [&'a str]),
}

/// Waits for the mutations that were made of a statement's tables since it was sent.
pub(super) async fn after<S: Servers>(at: &At<'_, S>, sql: &Sql, sent: &Sent) -> Followed {
    let deadline = Instant::now() + at.cx.options.mutation_limit;
    let mut commands = Vec::new();
    for table in &sql.waits_for {
        match follow(at, table, &Which::Since(sent.begun), deadline).await {
            Ok(seen) => match Left::of(seen.clone(), at.cx.options.mutation_limit) {
                Some(left) => return Followed::Left(left),
                None => commands.extend(seen.into_iter().map(|one| one.command)),
            },
            Err(error) => {
                tracing::warn!(%table, %error, "system.mutations cannot be read");
                return Followed::Nothing;
            }
        }
    }
    if commands.is_empty() { Followed::Nothing } else { Followed::Done(commands) }
}

/// Waits for mutations that an earlier run left behind.
pub(super) async fn wait<S: Servers>(at: &At<'_, S>, wanted: &[Mutation]) -> Result<(), Trouble> {
    let limit = at.cx.options.mutation_limit;
    let deadline = Instant::now() + limit;
    let tables: BTreeSet<&TableName> = wanted.iter().map(|one| &one.of).collect();
    for table in tables {
        let here: Vec<&Mutation> = wanted.iter().filter(|one| one.of == *table).collect();
        let ids: Vec<&str> = here.iter().map(|one| one.id.as_str()).collect();
        let mut seen = follow(at, table, &Which::Ids(&ids), deadline).await.map_err(|error| {
            Trouble::failed(format!("mutations of {table} cannot be looked up: {error}")).help_for(error.kind)
        })?;
        seen.retain(|one| here.contains(&&one.mutation));
        if let Some(gone) = here.iter().find(|wanted| seen.iter().all(|one| one.mutation != ***wanted)) {
            let help = "plan again: it says how to go on";
            return Err(Trouble::failed(format!("mutation {} of {table} was killed", gone.id)).help(help));
        }
        if let Some(left) = Left::of(seen, limit) {
            return Err(left.trouble());
        }
    }
    Ok(())
}

/// Reads mutations until they are done, one fails, or the time is up; returns them as they are then.
async fn follow<S: Servers>(
    at: &At<'_, S>,
    table: &TableName,
    which: &Which<'_>,
    deadline: Instant,
) -> Result<Vec<Seen>, Error> {
    let (mut wait, mut silent, mut told) = (Duration::from_millis(200), 0, None);
    loop {
        match look(at, table, which).await {
            Ok(seen) => {
                let open: Vec<&Seen> = seen.iter().filter(|one| !one.done).collect();
                let failing = open.iter().any(|one| !one.reason.is_empty());
                if open.is_empty() || failing || Instant::now() + wait > deadline {
                    return Ok(seen);
                }
                let parts = open.iter().map(|one| one.parts).sum();
                if told.replace(parts) != Some(parts) {
                    at.emit(Progress::Mutations { names: names(&open), parts });
                }
                silent = 0;
            }
            Err(error) => {
                silent += 1;
                if silent == PATIENCE || matches!(error.kind, ErrorKind::Denied | ErrorKind::Missing) {
                    return Err(error);
                }
            }
        }
        sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(10));
    }
}

async fn look<S: Servers>(at: &At<'_, S>, table: &TableName, which: &Which<'_>) -> Result<Vec<Seen>, Error> {
    let (condition, name, value) = match which {
        Which::Since(begun) => {
            let since = (begun.elapsed() + QUEUED).as_secs();
            ("create_time >= now() - toIntervalSecond({seconds:UInt64})", "seconds", since.to_string())
        }
        Which::Ids(ids) => (
            "has(JSONExtract({ids:String}, 'Array(String)'), mutation_id)",
            "ids",
            serde_json::json!(ids).to_string(),
        ),
    };
    let param = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
    let query = Query {
        params: vec![param("database", &table.database), param("table", &table.table), param(name, &value)],
        query_id: at.next_question_id(),
        comment: at.comment(),
        ..Query::new(format!("{COLUMNS} AND {condition} ORDER BY create_time, mutation_id"))
    };
    let mut rows = at.cx.servers.rows(query).await?;
    if let Which::Since(begun) = which {
        // Taken after the answer: however long the question waited, what was made since is in.
        let since = (begun.elapsed() + SLACK).as_secs() + 1;
        rows.retain(|row| number(row, "created") + since >= number(row, "asked"));
    }
    Ok(rows.iter().map(|row| seen(table, row)).collect())
}

fn seen(table: &TableName, row: &Row) -> Seen {
    Seen {
        mutation: Mutation {
            of: table.clone(),
            id: text(row, "mutation_id").to_owned(),
            created: number(row, "created"),
        },
        command: text(row, "command").to_owned(),
        parts: number(row, "parts_to_do"),
        done: number(row, "is_done") == 1,
        reason: text(row, "latest_fail_reason").to_owned(),
    }
}

fn names(seen: &[&Seen]) -> String {
    let named: Vec<String> =
        seen.iter().map(|one| format!("{} of {}", one.mutation.id, one.mutation.of)).collect();
    format!("mutation {}", named.join(", "))
}

impl Followed {
    /// Returns how a statement ended, given how it ended without a look at its mutations. `ours`
    /// says that they are the statement's.
    pub(super) fn end(self, plain: End, ours: bool) -> End {
        match (self, plain) {
            (Self::Nothing, plain) => plain,
            (_, plain) if !ours => plain,
            (Self::Left(left), _) => End::Left(left),
            (Self::Done(_), done @ End::Done { .. }) => done,
            (Self::Done(_), _) => End::Done { written_rows: 0 },
        }
    }

    /// Returns whether one of the mutations does what a statement says: only then is it proved that
    /// the server got a statement whose answer was lost.
    pub(super) async fn is_of<S: Servers>(&self, at: &At<'_, S>, sql: &Sql) -> bool {
        let commands: Vec<&str> = match self {
            Self::Nothing => return false,
            Self::Done(commands) => commands.iter().map(String::as_str).collect(),
            Self::Left(left) => left.seen.iter().map(|one| one.command.as_str()).collect(),
        };
        let query = Query {
            params: vec![("statement".to_owned(), Secret::new(sql.statement.as_str()))],
            query_id: at.next_question_id(),
            comment: at.comment(),
            ..Query::new("SELECT formatQuerySingleLine({statement:String}) AS formatted")
        };
        let Ok(rows) = at.cx.servers.rows(query).await else { return false };
        let formatted = rows.first().map_or("", |row| text(row, "formatted"));
        commands.iter().any(|command| says(formatted, command))
    }
}

/// Returns whether a statement, as the server formats it, has the first command of a mutation. A
/// lightweight `DELETE` is an update of `_row_exists` there.
fn says(formatted: &str, command: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| !c.is_whitespace() && !"()`".contains(*c)).collect()
    };
    let first = command.split("), (").next().unwrap_or_default();
    let first = plain(first.split_once("_row_exists = 0 WHERE").map_or(first, |(_, condition)| condition));
    !first.is_empty() && plain(formatted).contains(&first)
}

impl Left {
    /// Takes mutations that are not done; none where all are. `limit` is how long they were waited for.
    fn of(mut seen: Vec<Seen>, limit: Duration) -> Option<Self> {
        seen.retain(|one| !one.done);
        let first = seen.first()?;
        let all: Vec<&Seen> = seen.iter().collect();
        let failing = seen.iter().find(|one| !one.reason.is_empty());
        let error = match failing {
            Some(one) => format!("{} fails: {}", names(&[one]), brief(&one.reason)),
            None => format!(
                "{} is not done after {}: {} to do",
                names(&all),
                seconds(limit),
                plural(usize::try_from(first.parts).unwrap_or(usize::MAX), "part")
            ),
        };
        Some(Self { failing: failing.is_some(), error, seen })
    }

    /// Returns the mutations as they are recorded: `[["database", "table", "id", made at], …]`.
    pub(super) fn mutations(&self) -> String {
        let rows = self.seen.iter().map(|one| {
            let Mutation { of: TableName { database, table }, id, created } = &one.mutation;
            serde_json::json!([database, table, id, created])
        });
        serde_json::json!(rows.collect::<Vec<_>>()).to_string()
    }

    /// Returns what is told of it.
    pub(super) fn trouble(&self) -> Trouble {
        if !self.failing {
            return Trouble::unknown(&self.error)
                .help("it goes on without charter: the next apply waits for it, and goes on after it")
                .help("`mutation_timeout` of the clickhouse block says how long an apply waits");
        }
        let trouble = Trouble::failed(&self.error).help(
            "the server tries it again and again, and statements behind it wait: the definition of the table may \
             show already what its data is not",
        );
        let trouble =
            trouble.help(format!("mend the data, and it goes on by itself; or give it up: {}", self.kill()));
        trouble.help("`charter plan` says how it stands, and how to go on after that")
    }

    fn kill(&self) -> String {
        let mut text = String::new();
        for one in &self.seen {
            let Mutation { of: TableName { database, table }, id, created: _ } = &one.mutation;
            let separator = if text.is_empty() { "" } else { "; " };
            // Writing to a text does not fail.
            let _ = write!(
                text,
                "{separator}KILL MUTATION WHERE database = {} AND table = {} AND mutation_id = {}",
                sql::literal(database),
                sql::literal(table),
                sql::literal(id)
            );
        }
        text
    }
}

/// Returns the beginning of a reason.
fn brief(reason: &str) -> String {
    let mut text: String = reason.chars().take(LONGEST_REASON).collect();
    if text.len() < reason.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutation_is_known_by_its_command() {
        let formatted = "ALTER TABLE d.t (MODIFY COLUMN `s` UInt32), (ADD COLUMN `x` Int8)";
        assert!(says(formatted, "(MODIFY COLUMN `s` UInt32)"));
        assert!(says("ALTER TABLE d.t MODIFY COLUMN `s` UInt32", "MODIFY COLUMN s UInt32"));
        assert!(says("DELETE FROM d.t WHERE id = 3", "(UPDATE _row_exists = 0 WHERE id = 3)"));
        assert!(!says("DELETE FROM d.t WHERE id = 3", "(UPDATE _row_exists = 0 WHERE id = 4)"));
        assert!(!says(formatted, "(DELETE WHERE id = 3)"));
        assert!(!says(formatted, ""));
    }
}
