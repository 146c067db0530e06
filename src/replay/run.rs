//! Runs a replay: scratch databases are made, filled with definitions, looked at and dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};

use super::groups::{Group, Plan, Tenant};
use crate::backend::{Error, Query, Servers};
use crate::migrate::look::{Look, query};
use crate::model::snapshot::{Row, text};
use crate::model::{Secret, digest, sql};

/// How many scratch databases there are at once.
const AT_ONCE: usize = 4;

/// How old, in seconds, a scratch database of another run is before it is taken for one of a run that
/// crashed.
const CRASHED: u64 = 3600;

/// How long an interrupted replay waits for the statements that the server is at: dropped before, a
/// user or a database could come to be after its drop.
const LAST_STATEMENTS: Duration = Duration::from_secs(10);

/// What the names of scratch databases begin with.
const PREFIX: &str = "charter_replay_";

/// The comment that says whose they are: nothing without it is ever dropped.
const COMMENT: &str = "scratch of charter check --replay";

/// What became of a replay.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Each tenant with the looks of its tables as its files make them, and as they are, by name.
    pub compared: Vec<Compared>,
    /// The tenants that could not be rebuilt, each with the reason.
    pub unknown: Vec<(crate::model::Addr, String)>,
    /// The leftovers of crashed runs that were dropped.
    pub dropped: Vec<String>,
    /// The scratch databases and users that could not be dropped, each with the reason.
    pub left: Vec<(String, String)>,
}

/// A tenant's tables on both sides, by name.
#[derive(Debug)]
pub struct Compared {
    /// The tenant.
    pub tenant: Tenant,
    /// As its files make them.
    pub made: BTreeMap<String, Look>,
    /// As they are.
    pub live: BTreeMap<String, Look>,
    /// Objects that are not compared.
    pub left_out: BTreeSet<String>,
}

/// Runs a replay. `run` is the run's id, which the names of the scratch databases hold; when `stop`
/// is ready, nothing more is made, and all is dropped.
pub async fn run<S: Servers>(
    servers: &S,
    plan: Plan,
    run: &str,
    stop: impl Future<Output = ()> + Send,
) -> Outcome {
    let mut outcome = Outcome { unknown: plan.unknown, ..Outcome::default() };
    match leftovers(servers).await {
        Ok(names) => {
            for name in names {
                match drop_scratch(servers, &name).await {
                    Ok(()) => outcome.dropped.push(name),
                    Err(error) => outcome.left.push((name, error.to_string())),
                }
            }
        }
        Err(error) => outcome.left.push((format!("{PREFIX}…"), error.to_string())),
    }
    let named: Vec<(String, Group)> =
        plan.groups.into_iter().enumerate().map(|(at, group)| (name(run, at + 1), group)).collect();
    let names: Vec<String> = named.iter().map(|(name, _)| name.clone()).collect();
    let stopped = AtomicBool::new(false);
    let work = stream::iter(named)
        .map(|(name, group)| one(servers, name, group, &stopped))
        .buffered(AT_ONCE)
        .collect::<Vec<_>>();
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => {
            for (compared, unknown, left) in done {
                outcome.compared.extend(compared);
                outcome.unknown.extend(unknown);
                outcome.left.extend(left);
            }
        }
        () = stop => {
            stopped.store(true, Ordering::Relaxed);
            // What is not done by then is dropped all the same, and found by the next replay.
            let _ = tokio::time::timeout(LAST_STATEMENTS, work).await;
            for name in names {
                if let Err(error) = drop_scratch(servers, &name).await {
                    outcome.left.push((name, error.to_string()));
                }
            }
        }
    }
    outcome
}

fn name(run: &str, number: usize) -> String {
    let plain: String = run.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{PREFIX}{plain}_{number}")
}

type Done = (Vec<Compared>, Vec<(crate::model::Addr, String)>, Option<(String, String)>);

/// Rebuilds a group in its scratch database, which is dropped whatever comes.
async fn one<S: Servers>(servers: &S, name: String, group: Group, stopped: &AtomicBool) -> Done {
    let built = build(servers, &name, &group, stopped).await;
    let left = drop_scratch(servers, &name).await.err().map(|error| (name.clone(), error.to_string()));
    let made = match built {
        Ok(made) => made,
        Err(why) => {
            let unknown = group.tenants.into_iter().map(|tenant| (tenant.addr, why.clone()));
            return (Vec::new(), unknown.collect(), left);
        }
    };
    let databases: Vec<&str> = group.tenants.iter().map(|tenant| &*tenant.database).collect();
    let mut live = match looks(servers, &databases).await {
        Ok(live) => live,
        Err(error) => {
            let unknown = group.tenants.into_iter().map(|tenant| (tenant.addr, error.to_string()));
            return (Vec::new(), unknown.collect(), left);
        }
    };
    let compared = group.tenants.into_iter().map(|tenant| Compared {
        live: live.remove(&tenant.database).unwrap_or_default(),
        made: made.clone(),
        left_out: group.left_out.clone(),
        tenant,
    });
    (compared.collect(), Vec::new(), left)
}

/// Makes what the statements define, and returns what it looks like.
async fn build<S: Servers>(
    servers: &S,
    name: &str,
    group: &Group,
    stopped: &AtomicBool,
) -> Result<BTreeMap<String, Look>, String> {
    let prepare = |error: Error| format!("the scratch database cannot be made: {error}");
    let going_on = || match stopped.load(Ordering::Relaxed) {
        true => Err("the replay was interrupted".to_owned()),
        false => Ok(()),
    };
    let (password, queries) = scratch(name)?;
    for query in queries {
        going_on()?;
        servers.execute(query).await.map_err(prepare)?;
    }
    for statement in &group.statements {
        going_on()?;
        let mut query = Query::new(statement.text(name));
        query.login = Some((name.to_owned(), password.clone()));
        query.database = Some(name.to_owned());
        query.settings = statement.settings.clone();
        query.settings.extend(
            [("alter_sync", "2"), ("mutations_sync", "2")].map(|(k, v)| (k.to_owned(), v.to_owned())),
        );
        let done = servers.execute(query).await;
        done.map_err(|error| format!("{} does not run in a scratch database: {error}", statement.from))?;
    }
    going_on()?;
    let mut looks = looks(servers, &[name]).await.map_err(|error| error.to_string())?;
    Ok(looks.remove(name).unwrap_or_default())
}

/// Returns a password for a scratch user, and what makes it and its database.
fn scratch(name: &str) -> Result<(Secret, [Query; 3]), String> {
    let random = || {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|_| "there is no randomness for a password".to_owned())?;
        Ok::<_, String>(digest::hex(&bytes))
    };
    let (password, salt, quoted) = (Secret::new(random()?), random()?, sql::ident(name));
    let mut user = Query::new(format!(
        "CREATE USER {quoted} IDENTIFIED WITH sha256_hash BY {{hash:String}} SALT {{salt:String}} \
         DEFAULT DATABASE {quoted} GRANTEES NONE"
    ));
    user.params = vec![
        ("hash".to_owned(), Secret::new(password.salted_sha256(&salt))),
        ("salt".to_owned(), Secret::new(salt)),
    ];
    user.sensitive = true;
    user.settings = BTreeMap::from([("log_queries".to_owned(), "0".to_owned())]);
    let database = Query::new(format!("CREATE DATABASE {quoted} COMMENT {}", sql::literal(COMMENT)));
    let rights = Query::new(format!("GRANT {RIGHTS} ON {quoted}.* TO {quoted}"));
    Ok((password, [database, user, rights]))
}

/// What the scratch user may do in its database: define, and select in views.
const RIGHTS: &str =
    "SELECT, INSERT, ALTER TABLE, ALTER VIEW, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW";

/// Returns the looks of tables by database and name; each database's name is written as `database`.
async fn looks<S: Servers>(
    servers: &S,
    databases: &[&str],
) -> Result<BTreeMap<String, BTreeMap<String, Look>>, Error> {
    let list: Vec<String> = databases.iter().map(|name| sql::literal(name)).collect();
    let (list, columns, fields, (hide, off)) =
        (list.join(", "), query::COLUMNS, query::fields(), query::HIDE);
    let statement = format!(
        "SELECT database, table, max(l_columns) AS columns, max(l_look) AS look FROM (\
         SELECT database, name AS table, '' AS l_columns, {fields} AS l_look FROM system.tables \
         WHERE database IN ({list}) AND NOT is_temporary AND NOT startsWith(name, '.inner') \
         UNION ALL SELECT database, table, {columns}, '' FROM system.columns \
         WHERE database IN ({list}) AND NOT startsWith(table, '.inner') GROUP BY database, table) \
         GROUP BY database, table SETTINGS {hide} = {off}"
    );
    let rows = servers.rows(Query::new(statement)).await?;
    let mut all: BTreeMap<String, BTreeMap<String, Look>> = BTreeMap::new();
    for row in &rows {
        let look = Look::read(&neutral(row, "columns"), &neutral(row, "look"));
        all.entry(text(row, "database").to_owned()).or_default().insert(text(row, "table").to_owned(), look);
    }
    Ok(all)
}

/// Returns a column with the row's database replaced where it stands as a whole word.
fn neutral(row: &Row, column: &str) -> String {
    let (all, name) = (text(row, column), text(row, "database"));
    if name.is_empty() {
        return all.to_owned();
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::with_capacity(all.len());
    let mut rest = all;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        out.push_str(before);
        out.push_str(if whole { "database" } else { name });
        rest = after;
    }
    out + rest
}

/// Returns the scratch databases of runs that crashed, and scratch users whose database is gone.
async fn leftovers<S: Servers>(servers: &S) -> Result<Vec<String>, Error> {
    let old = format!(
        "startsWith(name, '{PREFIX}') AND \
         ifNull(dateDiff('second', parseDateTimeBestEffortOrNull(substring(name, {}, 15), 'UTC'), now()), 0) > {CRASHED}",
        PREFIX.len() + 1
    );
    let statement = format!(
        "SELECT DISTINCT name FROM (\
         SELECT name FROM system.databases WHERE {old} AND comment = '{COMMENT}' \
         UNION ALL SELECT name FROM system.users WHERE {old} AND default_database = name \
         AND name NOT IN (SELECT name FROM system.databases)) ORDER BY name"
    );
    let rows = servers.rows(Query::new(statement)).await?;
    Ok(rows.iter().map(|row| text(row, "name").to_owned()).collect())
}

/// Drops a scratch database and its user; that they are gone already is no error.
async fn drop_scratch<S: Servers>(servers: &S, name: &str) -> Result<(), Error> {
    let quoted = sql::ident(name);
    let user = servers.execute(Query::new(format!("DROP USER IF EXISTS {quoted}"))).await;
    let database = servers.execute(Query::new(format!("DROP DATABASE IF EXISTS {quoted} SYNC"))).await;
    user.and(database).map(|_| ())
}
