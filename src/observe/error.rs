//! Why the servers could not be read, and what to do about it.

use std::collections::BTreeSet;

use crate::backend::clickhouse::missing_grants;
use crate::backend::{Error, ErrorKind};
use crate::diag::Diagnostic;
use crate::model::Settings;

/// ClickHouse's READONLY.
const READONLY: u32 = 164;

/// What reads of a system table need besides being logged in, by what stands in the statement. The
/// server itself names one missing privilege at a time.
const NEEDS: [(&str, &str); 11] = [
    ("system.users", "SHOW USERS ON *.*"),
    ("system.roles", "SHOW ROLES ON *.*"),
    ("system.grants", "SHOW USERS, SHOW ROLES ON *.*"),
    ("system.role_grants", "SHOW USERS, SHOW ROLES ON *.*"),
    ("SHOW GRANTS", "SHOW USERS, SHOW ROLES ON *.*"),
    ("system.settings_profile_elements", "SHOW SETTINGS PROFILES ON *.*"),
    ("system.settings_profiles", "SHOW SETTINGS PROFILES ON *.*"),
    ("system.quotas", "SHOW QUOTAS ON *.*"),
    ("system.row_policies", "SHOW ROW POLICIES ON *.*"),
    ("system.query_log", "SELECT ON system.query_log"),
    ("ops.", "SELECT ON ops.*"),
];

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// ClickHouse.
    ClickHouse,
    /// The cluster, or the folder of manifests.
    Kubernetes,
}

/// Why the servers could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObserveError {
    /// A server cannot be reached, or does not answer.
    #[error("{server:?} cannot be reached: {error}")]
    Unreachable {
        /// Which.
        server: Server,
        /// What the network says.
        error: Error,
    },
    /// A server refuses the login.
    #[error("{server:?} refuses the login: {error}")]
    Login {
        /// Which.
        server: Server,
        /// What it says.
        error: Error,
    },
    /// ClickHouse is older than charter knows it.
    #[error("ClickHouse {version} is too old")]
    TooOld {
        /// Its version.
        version: String,
    },
    /// Charter's user may not set anything.
    #[error("charter's ClickHouse user is read-only: {0}")]
    ReadOnly(Error),
    /// Rights are missing, all that were needed.
    #[error("charter may not read what it needs: {}", errors.join("; "))]
    Denied {
        /// What ClickHouse has to grant, as in `GRANT <it> TO …`.
        grants: BTreeSet<String>,
        /// Whether the cluster denies something, too.
        in_cluster: bool,
        /// What each server says.
        errors: Vec<String>,
    },
    /// A read failed.
    #[error("{what} failed: {error}")]
    Failed {
        /// What was asked.
        what: String,
        /// What the server says.
        error: Error,
    },
    /// Two kinds ask different things by one name: a mistake in charter.
    #[error("two different queries are named {0:?}")]
    TwoReads(&'static str),
}

impl ObserveError {
    /// Sorts out what an error means for the one who gets it. `what` is the statement, or says what
    /// was asked.
    pub(super) fn of(server: Server, what: &str, error: Error) -> Self {
        match (error.kind, error.code) {
            (ErrorKind::Unreachable | ErrorKind::Unknown, None) => Self::Unreachable { server, error },
            (ErrorKind::Login, _) => Self::Login { server, error },
            (ErrorKind::Denied, _) => Self::Denied {
                grants: match server {
                    Server::ClickHouse => needed(what, &error.message),
                    Server::Kubernetes => BTreeSet::new(),
                },
                in_cluster: server == Server::Kubernetes,
                errors: vec![error.message],
            },
            (_, Some(READONLY)) if server == Server::ClickHouse => Self::ReadOnly(error),
            _ => Self::Failed { what: what.to_owned(), error },
        }
    }

    /// Makes one error of many: what concerns a whole server first, then everything that is denied.
    pub(super) fn united(errors: Vec<Self>) -> Option<Self> {
        let mut grants = BTreeSet::new();
        let mut denials = Vec::new();
        let mut in_cluster = false;
        let mut first = None;
        for error in errors {
            match error {
                Self::Denied { grants: more, in_cluster: also, errors } => {
                    in_cluster |= also;
                    grants.extend(more);
                    denials.extend(errors);
                }
                Self::Failed { .. } => {
                    first.get_or_insert(error);
                }
                whole => return Some(whole),
            }
        }
        if denials.is_empty() {
            return first;
        }
        Some(Self::Denied { grants, in_cluster, errors: denials })
    }

    /// Tells it for the person who gets it.
    pub fn diagnostic(&self, settings: &Settings) -> Diagnostic {
        match self {
            Self::Unreachable { server, error } => unreachable(*server, error, settings),
            Self::Login { server, error } => login(*server, error, settings),
            Self::TooOld { version } => Diagnostic::error("this ClickHouse is too old")
                .detail(format!("The server is version {version:?}; charter needs 23.8 or newer."))
                .help("upgrade the server"),
            Self::ReadOnly(error) => Diagnostic::error("charter's ClickHouse user is read-only")
                .detail(format!("{error}."))
                .help(format!(
                    "give user {} a settings profile with `readonly = 0`; 2 is enough for plan and check",
                    settings.clickhouse.user
                )),
            Self::Denied { grants, in_cluster, errors } => denied(grants, *in_cluster, errors, settings),
            Self::Failed { what, error } => {
                let id = error.query_id.as_deref();
                let diagnostic = Diagnostic::error("the servers could not be read")
                    .detail(format!("{error}. Asked was: {what}"));
                match id {
                    Some(id) => diagnostic.help(format!("the server's logs have it as query {id}")),
                    None => diagnostic,
                }
            }
            Self::TwoReads(name) => Diagnostic::error("a mistake in charter")
                .detail(format!("Two kinds ask different queries by the name {name:?}.")),
        }
    }
}

/// Returns the privileges that a denied statement needs: the one that the server names, and those
/// that it would name next.
fn needed(statement: &str, message: &str) -> BTreeSet<String> {
    let named = missing_grants(message);
    let known =
        NEEDS.iter().filter(|(text, _)| statement.contains(text)).map(|(_, grant)| (*grant).to_owned());
    let known: Vec<String> = known.collect();
    // `SHOW USERS ON *.*` is a part of `SHOW USERS, SHOW ROLES ON *.*`.
    let covers = |one: &str, all: &str| match (one.split_once(" ON "), all.split_once(" ON ")) {
        (Some((one, on)), Some((all, all_on))) => {
            all.split(", ").any(|each| each == one) && (on == all_on || all_on == database_of(on))
        }
        _ => false,
    };
    let mut needed: BTreeSet<String> =
        named.into_iter().filter(|one| !known.iter().any(|all| covers(one, all))).collect();
    needed.extend(known);
    needed
}

/// Returns the whole database that a table is in: `ops.*` for `ops.charter_runs`.
fn database_of(table: &str) -> String {
    let database = table.split('.').next().unwrap_or_default();
    format!("{database}.*")
}

fn unreachable(server: Server, error: &Error, settings: &Settings) -> Diagnostic {
    let diagnostic = |name: &str| Diagnostic::error(format!("{name} cannot be reached"));
    match server {
        Server::ClickHouse => diagnostic("ClickHouse")
            .detail(format!("{}: {error}.", settings.clickhouse.url))
            .help("check `url` in the clickhouse block, and that the server is up: its /ping answers `Ok.`"),
        Server::Kubernetes => diagnostic("the Kubernetes cluster")
            .detail(format!("{error}."))
            .help("check the kubernetes block; `kubectl version` with the same context tells more"),
    }
}

fn login(server: Server, error: &Error, settings: &Settings) -> Diagnostic {
    match server {
        Server::ClickHouse => Diagnostic::error("ClickHouse refuses charter's login")
            .detail(format!(
                "User {:?} at {}: {error}.",
                settings.clickhouse.user, settings.clickhouse.url
            ))
            .help("check `user` and `password` in the clickhouse block, and from which hosts the user may log in"),
        Server::Kubernetes => Diagnostic::error("the Kubernetes cluster refuses the login")
            .detail(format!("{error}."))
            .help("log in again: `kubectl auth whoami` with the same context tells as whom"),
    }
}

fn denied(grants: &BTreeSet<String>, in_cluster: bool, errors: &[String], settings: &Settings) -> Diagnostic {
    let mut diagnostic =
        Diagnostic::error("charter may not read what it needs").detail(format!("{}.", errors.join(". ")));
    let user = quoted(&settings.clickhouse.user);
    for grant in grants {
        diagnostic = diagnostic.help(format!("GRANT {grant} TO {user}"));
    }
    if in_cluster {
        diagnostic = diagnostic.help(
            "bind a role with the verbs get, list, create, patch and delete on these resources to the account of this context",
        );
    }
    diagnostic
}

/// Returns a user's name as SQL takes it.
fn quoted(name: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.is_empty() && name.chars().all(word) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return name.to_owned();
    }
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}
