//! Reads what is there: what the servers are, what charter recorded, and what the kinds that are in
//! use ask for. The number of queries depends on the kinds, never on the number of resources.
//!
//! First two small queries (who answers, which columns there are), then the registry and whether all
//! is in sight, then all the rest at once within a bound. Whatever is denied is gathered into one error.
//! What a kind asks once it has its answers ([`crate::kinds::Kind::follow_up`]) comes last.

mod caps;
mod error;
mod preflight;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};

use crate::backend::{Error, ErrorKind, Query, Servers};
use crate::kinds::{Kind, Kinds};
use crate::model::registry::{Registry, TABLE};
use crate::model::resource::Desired;
use crate::model::snapshot::{Api, Caps, Listing, Read, Row};
use crate::model::{Settings, Snapshot};

pub use error::{ObserveError, Server};
pub use preflight::{answer, answer_what_may_be, preflight};

/// The columns of the registry that are read.
const REGISTRY: [&str; 14] = [
    "scope",
    "environment",
    "address",
    "kind",
    "identity",
    "status",
    "spec",
    "salt",
    "fingerprint",
    "credential_at",
    "credential_state",
    "credential_grace",
    "at",
    "run_id",
];

/// Reads everything that planning or checking needs. At most `parallelism` reads run at a time.
///
/// # Errors
/// The first server that cannot be asked; else all that is denied; else the first read that failed.
pub async fn observe<S: Servers>(
    servers: &S,
    settings: &Settings,
    kinds: &Kinds,
    desired: &Desired,
    parallelism: usize,
) -> Result<(Snapshot, Registry), ObserveError> {
    let extent = Extent { withheld: BTreeSet::new(), more: &|_| Vec::new() };
    observe_to(servers, settings, kinds, desired, parallelism, extent).await
}

/// How far reading goes, compared with what the kinds ask for.
pub struct Extent<'a> {
    /// Kinds of objects that are not listed.
    pub withheld: BTreeSet<Api>,
    /// What is read besides, once it is known what the server is.
    pub more: &'a (dyn Fn(&Caps) -> Vec<Read> + Sync),
}

/// Reads as [`observe()`] does, as far as `extent` says.
///
/// # Errors
/// As [`observe()`].
pub async fn observe_to<S: Servers>(
    servers: &S,
    settings: &Settings,
    kinds: &Kinds,
    desired: &Desired,
    parallelism: usize,
    extent: Extent<'_>,
) -> Result<(Snapshot, Registry), ObserveError> {
    let tables = looked_up(kinds, desired);
    let (caps, cluster_uid) = tokio::join!(caps::read(servers, &tables), servers.cluster_uid());
    let caps = caps?;
    let cluster_uid =
        cluster_uid.map_err(|error| ObserveError::of(Server::Kubernetes, "the cluster's UID", error))?;
    let (sight, registry) =
        tokio::join!(caps::sight(servers, &caps), registry(servers, &caps, &settings.scope));
    let mut errors = Vec::new();
    let () = later(sight, &mut errors)?;
    let registry = later(registry, &mut errors)?;
    let mut asked = unite(kinds, desired, settings, &registry, &caps)?;
    asked.lists.retain(|(api, _)| !extent.withheld.contains(api));
    (extent.more)(&caps).into_iter().try_for_each(|read| asked.add(read))?;
    let (rows, objects) = run(servers, asked, parallelism, errors).await?;
    let mut snapshot =
        Snapshot { caps, cluster_uid, rows, objects, withheld: extent.withheld, ..Snapshot::default() };
    follow_up(servers, settings, kinds, desired, &mut snapshot).await?;
    Ok((snapshot, registry))
}

/// Reads what the answers call for: nothing, but for a run that ended in the middle.
async fn follow_up<S: Servers>(
    servers: &S,
    settings: &Settings,
    kinds: &Kinds,
    desired: &Desired,
    snapshot: &mut Snapshot,
) -> Result<(), ObserveError> {
    for kind in kinds.iter() {
        let wanted: Vec<_> =
            desired.resources.values().filter(|resource| resource.kind == kind.name()).collect();
        if wanted.is_empty() {
            continue;
        }
        for read in kind.follow_up(&wanted, settings, snapshot) {
            let Read::Sql { name, statement } = read else { continue };
            match servers.rows(Query::new(&statement)).await {
                Ok(rows) => {
                    snapshot.rows.insert(name, rows);
                }
                Err(error) if matches!(error.kind, ErrorKind::Denied | ErrorKind::Missing) => {
                    tracing::debug!(name, %error, "not read");
                }
                Err(error) => return Err(ObserveError::of(Server::ClickHouse, &statement, error)),
            }
        }
    }
    Ok(())
}

/// Puts a denial off: what else is denied is worth knowing at once.
fn later<T: Default>(
    result: Result<T, ObserveError>,
    errors: &mut Vec<ObserveError>,
) -> Result<T, ObserveError> {
    match result {
        Err(error @ ObserveError::Denied { .. }) => {
            errors.push(error);
            Ok(T::default())
        }
        other => other,
    }
}

async fn registry<S: Servers>(servers: &S, caps: &Caps, scope: &str) -> Result<Registry, ObserveError> {
    let table = format!("ops.{TABLE}");
    if !caps.has_table(&table) {
        return absent(servers, &table).await;
    }
    let columns: Vec<&str> = REGISTRY.into_iter().filter(|column| caps.has_column(&table, column)).collect();
    let statement = format!(
        "SELECT {} FROM {table} ORDER BY at DESC LIMIT 1 BY scope, kind, identity",
        columns.join(", ")
    );
    match servers.rows(Query::new(&statement)).await {
        Ok(rows) => Ok(Registry::from_rows(&rows, scope)),
        Err(error) => Err(ObserveError::of(Server::ClickHouse, &statement, error)),
    }
}

/// Makes sure that the registry is not there rather than out of sight: `system.columns` shows only
/// what one may see, and a plan that does not know what is owned would adopt or create it again.
async fn absent<S: Servers>(servers: &S, table: &str) -> Result<Registry, ObserveError> {
    let statement = format!("SELECT 1 FROM {table} LIMIT 0");
    match servers.rows(Query::new(&statement)).await {
        Ok(_) => Ok(Registry::default()),
        Err(error) if error.kind == ErrorKind::Missing => Ok(Registry::default()),
        Err(error) => Err(ObserveError::of(Server::ClickHouse, &statement, error)),
    }
}

/// What all kinds ask for, each thing once.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    queries: BTreeMap<&'static str, String>,
    lists: BTreeSet<(Api, String)>,
}

/// Returns the tables of which the kinds must know whether they are there.
fn looked_up(kinds: &Kinds, desired: &Desired) -> BTreeSet<(String, String)> {
    let of_kind = |kind: &'static dyn Kind| {
        let wanted = desired.resources.values().filter(|resource| resource.kind == kind.name());
        kind.looks_up(&wanted.collect::<Vec<_>>())
    };
    kinds.iter().flat_map(of_kind).collect()
}

/// Unites what the kinds ask for. A kind of which nothing is declared, nothing owned and nothing removed
/// asks nothing.
fn unite(
    kinds: &Kinds,
    desired: &Desired,
    settings: &Settings,
    registry: &Registry,
    caps: &Caps,
) -> Result<Asked, ObserveError> {
    let mut asked = Asked::default();
    for kind in kinds.iter() {
        let wanted: Vec<_> =
            desired.resources.values().filter(|resource| resource.kind == kind.name()).collect();
        let owned: Vec<_> = registry.all_mine().filter(|entry| entry.kind == kind.name()).collect();
        let mut removed = desired.removals.iter().map(|removal| &removal.from.segments()[0].word);
        if wanted.is_empty() && owned.is_empty() && !removed.any(|word| word == kind.name()) {
            continue;
        }
        for read in kind.reads(&wanted, &owned, settings, caps) {
            asked.add(read)?;
        }
    }
    Ok(asked)
}

impl Asked {
    fn add(&mut self, read: Read) -> Result<(), ObserveError> {
        match read {
            Read::Objects { api, namespace } => {
                self.lists.insert((api, namespace));
            }
            Read::Sql { name, statement } => {
                let known = self.queries.entry(name).or_insert_with(|| statement.clone());
                if *known != statement {
                    return Err(ObserveError::TwoReads(name));
                }
            }
        }
        Ok(())
    }
}

/// What a read answers.
enum Answer {
    Rows(&'static str, String, Result<Vec<Row>, Error>),
    Objects((Api, String), Result<Listing, Error>),
}

type Found = (BTreeMap<&'static str, Vec<Row>>, BTreeMap<(Api, String), Listing>);

async fn run<S: Servers>(
    servers: &S,
    asked: Asked,
    parallelism: usize,
    errors: Vec<ObserveError>,
) -> Result<Found, ObserveError> {
    let mut reads: Vec<BoxFuture<'_, Answer>> = Vec::new();
    for (name, statement) in asked.queries {
        reads.push(ask(servers, name, statement).boxed());
    }
    for (api, namespace) in asked.lists {
        reads.push(list(servers, api, namespace).boxed());
    }
    // In order, so that the same failures make the same report.
    let answers: Vec<Answer> = futures_util::stream::iter(reads).buffered(parallelism.max(1)).collect().await;
    sort_out(answers, errors)
}

async fn ask<S: Servers>(servers: &S, name: &'static str, statement: String) -> Answer {
    let rows = servers.rows(Query::new(&statement)).await;
    Answer::Rows(name, statement, rows)
}

async fn list<S: Servers>(servers: &S, api: Api, namespace: String) -> Answer {
    let listing = servers.list(&api, &namespace).await;
    Answer::Objects((api, namespace), listing)
}

fn sort_out(answers: Vec<Answer>, mut errors: Vec<ObserveError>) -> Result<Found, ObserveError> {
    let mut found = Found::default();
    for answer in answers {
        match answer {
            Answer::Rows(name, _, Ok(rows)) => {
                found.0.insert(name, rows);
            }
            Answer::Objects(key, Ok(listing)) => {
                found.1.insert(key, listing);
            }
            Answer::Rows(_, statement, Err(error)) => {
                errors.push(ObserveError::of(Server::ClickHouse, &statement, error));
            }
            Answer::Objects((api, namespace), Err(error)) => {
                let what = match error.kind {
                    ErrorKind::Denied => error::rule(&api, &namespace),
                    _ => format!("the list of {} in namespace {namespace}", api.plural),
                };
                errors.push(ObserveError::of(Server::Kubernetes, &what, error));
            }
        }
    }
    match ObserveError::united(errors) {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests;
