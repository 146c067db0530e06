//! What is read for the proof, beyond what a check reads anyway, and what it is read as.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, Principal};
use super::objects::Object;
use crate::kinds::common::reads;
use crate::model::Snapshot;
use crate::model::snapshot::{Caps, Read, Row, number, text, texts};
use crate::privileges::{Catalog, ShowGrant, parse_show_grants};

const USERS: &str = "isolation_users";
const OBJECTS: &str = "isolation_objects";
const POLICIES: &str = "isolation_policies";

/// Returns the reads of the proof: their number is fixed. Of the views and the like only those are
/// read that can show one database's rows to the readers of another.
pub fn reads(caps: &Caps) -> Vec<Read> {
    let users = "SELECT name, storage, toString(auth_type) AS auth, host_ip, host_names, host_names_regexp, \
                 host_names_like, grantees_any, grantees_list, grantees_except FROM system.users";
    let sources = if caps.has_column("system.tables", "loading_dependencies_database") {
        "loading_dependencies_database AS source_databases, loading_dependencies_table AS source_tables"
    } else {
        "[] AS source_databases, [] AS source_tables"
    };
    // A query names its own database; one that names no other shows nothing of another.
    let others = r"arrayExists(name -> name != database, arrayConcat(extractAll(create_table_query, '([A-Za-z_][A-Za-z0-9_]*)\\.'), extractAll(create_table_query, '`((?:[^`\\\\]|\\\\.)*)`\\.')))";
    let objects = format!(
        "SELECT database, name, engine, create_table_query AS query, {sources} FROM system.tables \
         WHERE database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA') AND \
         ((engine = 'View' AND positionCaseInsensitive(create_table_query, 'SQL SECURITY') > 0) \
         OR engine IN ('Dictionary', 'Distributed') \
         OR (engine IN ('MaterializedView', 'LiveView', 'WindowView') AND {others}))"
    );
    let policies = "SELECT short_name, database, table, apply_to_all, apply_to_list, apply_to_except \
                    FROM system.row_policies";
    vec![
        reads::grants(),
        reads::privileges(),
        reads::roles(),
        Read::Sql { name: USERS, statement: users.into() },
        Read::Sql { name: OBJECTS, statement: objects },
        Read::Sql { name: POLICIES, statement: policies.into() },
    ]
}

/// Where a user may log in from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// Addresses and networks.
    pub ip: Vec<String>,
    /// Names.
    pub names: Vec<String>,
    /// Patterns of names: regular expressions and those of LIKE.
    pub patterns: Vec<String>,
}

impl Hosts {
    /// Tells whether the server itself may log in: that is how a dictionary's source or `remote()`
    /// comes to it. A pattern of names counts, for it may match.
    pub fn admit_the_server(&self) -> bool {
        let local = |ip: &String| {
            let address = ip.split('/').next().unwrap_or_default();
            let any = matches!(ip.as_str(), "::/0" | "0.0.0.0/0" | "::ffff:0.0.0.0/96");
            any || address.starts_with("127.")
                || matches!(address, "::1" | "::ffff:127.0.0.1" | "::" | "0.0.0.0")
        };
        self.ip.iter().any(local)
            || self.names.iter().any(|name| name == "localhost")
            || !self.patterns.is_empty()
    }

    /// Tells whether anything else than the server itself may log in.
    pub fn admit_others(&self) -> bool {
        let remote = |ip: &String| {
            !matches!(ip.as_str(), "::1" | "127.0.0.1" | "::1/128" | "127.0.0.1/32" | "127.0.0.0/8")
        };
        self.ip.iter().any(remote)
            || self.names.iter().any(|name| name != "localhost")
            || !self.patterns.is_empty()
    }
}

/// A user's side that is no grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Where it is stored; what is in `users_xml` no statement can change.
    pub storage: String,
    /// Its methods of authentication, as the server names them.
    pub auth: String,
    /// Where it may log in from.
    pub hosts: Hosts,
    /// Whom it may pass on to what it may pass on; empty for nobody.
    pub grantees: String,
}

impl User {
    /// Tells whether no password is needed to log in, as the server says it.
    pub fn has_no_password(&self) -> bool {
        self.auth.contains("no_password") || self.auth.contains("no_authentication")
    }
}

/// A row policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The database.
    pub database: String,
    /// The table; empty for all of the database.
    pub table: String,
    /// For whom, in words.
    pub to: String,
}

/// What was read, as the proof takes it.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The server's privileges.
    pub catalog: Catalog,
    /// All live users and roles.
    pub graph: Graph,
    /// The users by name.
    pub users: BTreeMap<String, User>,
    /// Views, dictionaries and the like.
    pub objects: Vec<Object>,
    /// Row policies.
    pub policies: Vec<Policy>,
    /// Lines of `SHOW GRANTS` that cannot be read.
    pub unreadable: Vec<String>,
    /// Charter's own user.
    pub own: String,
    /// Users that a login without a password was proved for.
    pub open: BTreeSet<String>,
}

impl Observed {
    /// Reads what was read. `open` are the users that let a login with an empty password in.
    pub fn new(snapshot: &Snapshot, open: BTreeSet<String>) -> Self {
        let users: BTreeMap<String, User> =
            snapshot.rows(USERS).iter().map(|row| (text(row, "name").to_owned(), user(row))).collect();
        let roles = snapshot.rows(reads::ROLES).iter().map(|row| text(row, "name"));
        let (graph, unreadable) = graph(&users, roles, snapshot.rows(reads::GRANTS));
        Self {
            catalog: reads::catalog(snapshot),
            graph,
            users,
            objects: snapshot.rows(OBJECTS).iter().map(Object::new).collect(),
            policies: snapshot.rows(POLICIES).iter().map(policy).collect(),
            unreadable,
            own: snapshot.caps.user.clone(),
            open,
        }
    }

    /// Returns the users whose password may be empty without the server saying so: a plain-text
    /// one, which is how `<password></password>` of a users.xml reads.
    pub fn may_be_open(snapshot: &Snapshot) -> BTreeSet<String> {
        let rows = snapshot.rows(USERS).iter();
        rows.filter(|row| text(row, "auth").contains("plaintext_password"))
            .map(|row| text(row, "name").to_owned())
            .collect()
    }
}

/// Assigns each line to its grantee. Where a user and a role share a name, SHOW GRANTS does not
/// tell them apart, and each is taken to have what either has.
fn graph<'a>(
    users: &BTreeMap<String, User>,
    roles: impl Iterator<Item = &'a str>,
    lines: &[Row],
) -> (Graph, Vec<String>) {
    let mut graph = Graph::default();
    for name in users.keys() {
        graph.enter(Principal::user(name));
    }
    for name in roles {
        graph.enter(Principal::role(name));
    }
    let mut unreadable = Vec::new();
    for row in lines {
        let line = row.values().find_map(serde_json::Value::as_str).unwrap_or_default();
        let Ok(show) = parse_show_grants(line) else {
            unreadable.push(line.to_owned());
            continue;
        };
        let grantee = show.grantee();
        let ids = [Principal::user(grantee), Principal::role(grantee)].map(|who| graph.find(&who));
        if ids == [None, None] {
            unreadable.push(line.to_owned());
        }
        for id in ids.into_iter().flatten() {
            match &show {
                ShowGrant::Privileges { statement, .. } => graph.grant(id, statement.clone()),
                ShowGrant::Roles { verb, roles, admin_option, .. } => {
                    roles.iter().for_each(|role| graph.member(id, role, *verb, *admin_option));
                }
            }
        }
    }
    (graph, unreadable)
}

fn user(row: &Row) -> User {
    let patterns = [texts(row, "host_names_regexp"), texts(row, "host_names_like")].concat();
    let listed = [texts(row, "grantees_list").join(", ")];
    let grantees = match number(row, "grantees_any") {
        0 => listed.concat(),
        _ => match texts(row, "grantees_except").join(", ") {
            except if except.is_empty() => "ANY".to_owned(),
            except => format!("ANY EXCEPT {except}"),
        },
    };
    User {
        storage: text(row, "storage").to_owned(),
        auth: text(row, "auth").to_owned(),
        hosts: Hosts { ip: texts(row, "host_ip"), names: texts(row, "host_names"), patterns },
        grantees,
    }
}

fn policy(row: &Row) -> Policy {
    let except = texts(row, "apply_to_except").join(", ");
    let to = match (number(row, "apply_to_all"), except.is_empty()) {
        (0, _) => texts(row, "apply_to_list").join(", "),
        (_, true) => "ALL".to_owned(),
        (_, false) => format!("ALL EXCEPT {except}"),
    };
    Policy {
        name: text(row, "short_name").to_owned(),
        database: text(row, "database").to_owned(),
        table: text(row, "table").to_owned(),
        to,
    }
}
