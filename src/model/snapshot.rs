//! What was read from the servers: capabilities, rows by query, objects by list.
//!
//! Reads are data ([`Read`]): kinds say what they need, the observer unites and runs them, and the
//! kinds find the answers here. So the number of queries does not depend on the number of resources.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::addr::Addr;
use super::value::Value;

/// A row of a query: values by column.
pub type Row = Map<String, Json>;

/// A resource of the Kubernetes API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Api {
    /// The group; empty for the core.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The name in URLs.
    pub plural: String,
}

impl Api {
    /// Returns the API of Secrets.
    pub fn secrets() -> Self {
        Self { group: String::new(), version: "v1".into(), kind: "Secret".into(), plural: "secrets".into() }
    }

    /// Returns `apiVersion` as objects carry it.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    /// A query; kinds that name the same one share it.
    Sql {
        /// The name under which the rows are found.
        name: &'static str,
        /// The statement, without FORMAT.
        statement: String,
    },
    /// All objects of a kind in a namespace.
    Objects {
        /// The kind of object.
        api: Api,
        /// The namespace.
        namespace: String,
    },
}

/// What the ClickHouse server is and can do.
#[derive(Clone, Debug, Default)]
pub struct Caps {
    /// The version as the server says it (`26.9.2.1`).
    pub version: String,
    /// `serverUUID()`.
    pub server_uuid: String,
    /// The UUID of database `ops`; empty where there is none.
    pub ops_uuid: String,
    /// Charter's own user.
    pub user: String,
    /// The server's clock when it was asked, in seconds since 1970. What is due is judged by it, so
    /// that planning itself needs no clock.
    pub now: u64,
    /// The columns of the tables of `system` and `ops`, by `database.table`.
    pub columns: BTreeMap<String, BTreeSet<String>>,
}

impl Caps {
    /// Returns whether the server's version is at least this.
    pub fn at_least(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self.version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (major, minor)
    }

    /// Returns whether a table (`ops.charter_runs`) is there.
    pub fn has_table(&self, table: &str) -> bool {
        self.columns.contains_key(table)
    }

    /// Returns whether a table has a column.
    pub fn has_column(&self, table: &str, column: &str) -> bool {
        self.columns.get(table).is_some_and(|columns| columns.contains(column))
    }

    /// Returns whether a user may have several authentication methods: since 24.9
    /// (ClickHouse PR 65277).
    pub fn has_several_auth_methods(&self) -> bool {
        self.at_least(24, 9)
    }
}

/// The objects of one list.
#[derive(Clone, Debug, PartialEq)]
pub enum Listing {
    /// The objects. The values of a Secret's `data` are [`Value::Secret`], still base64.
    Objects(Vec<Value>),
    /// The server does not know the kind: its CRD is missing.
    NoSuchKind,
}

/// What was read, all of it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The ClickHouse server.
    pub caps: Caps,
    /// The UID of the cluster's namespace kube-system; none without a cluster.
    pub cluster_uid: Option<String>,
    /// The rows by the name of the query.
    pub rows: BTreeMap<&'static str, Vec<Row>>,
    /// The lists by kind and namespace.
    pub objects: BTreeMap<(Api, String), Listing>,
    /// Kinds of objects that were not listed, because whoever asks may not see them. What is recorded
    /// of such objects is taken as still being so.
    pub withheld: BTreeSet<Api>,
    /// Whether what is kept for a user logs in, by the user's address; only what was tried.
    pub logins: BTreeMap<Addr, LoginVerdict>,
}

/// What a login proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginVerdict {
    /// It works.
    Works,
    /// The server refuses the password, or the user is unknown to it.
    Fails,
    /// It cannot be told from here: host rules, expiry, network. Says why.
    Unproved(String),
}

impl Snapshot {
    /// Returns the rows of a query; none where it was not asked.
    pub fn rows(&self, name: &str) -> &[Row] {
        self.rows.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the objects of a kind in a namespace; none where there is no such kind.
    pub fn objects(&self, api: &Api, namespace: &str) -> &[Value] {
        match self.objects.get(&(api.clone(), namespace.to_owned())) {
            Some(Listing::Objects(objects)) => objects,
            Some(Listing::NoSuchKind) | None => &[],
        }
    }

    /// Returns whether a kind of object was left unread on purpose.
    pub fn withholds(&self, api: &Api) -> bool {
        self.withheld.contains(api)
    }

    /// Returns whether the cluster knows a kind of object; true where it was not asked.
    pub fn knows(&self, api: &Api, namespace: &str) -> bool {
        self.objects.get(&(api.clone(), namespace.to_owned())) != Some(&Listing::NoSuchKind)
    }
}

/// Returns the text of a column; empty where it is missing or null.
pub fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).and_then(Json::as_str).unwrap_or_default()
}

/// Returns the number of a column, be it a JSON number, a quoted one or a truth value.
pub fn number(row: &Row, column: &str) -> u64 {
    match row.get(column) {
        Some(Json::Number(number)) => number.as_u64().unwrap_or_default(),
        Some(Json::String(text)) => text.parse().unwrap_or_default(),
        Some(Json::Bool(value)) => u64::from(*value),
        _ => 0,
    }
}

/// Returns the texts of an array column.
pub fn texts(row: &Row, column: &str) -> Vec<String> {
    let items = row.get(column).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(Json::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let caps = Caps { version: "24.10.3.21".into(), ..Caps::default() };
        assert!(caps.at_least(24, 9));
        assert!(caps.at_least(24, 10));
        assert!(!caps.at_least(25, 1));
    }
}
