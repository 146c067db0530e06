//! The servers: the only code that talks to a network, or to the folder of manifests that stands in
//! for a cluster.
//!
//! [`Servers`] is the seam: the observer and the executor are written against it, [`Live`] is the
//! real thing, and tests of the executor bring their own.

pub mod clickhouse;
pub mod connect;
pub mod kubernetes;
pub mod live;
pub mod retry;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::model::Secret;
use crate::model::op::{KubeDelete, KubeWrite};
use crate::model::snapshot::{Api, Listing, Row};

pub use crate::model::snapshot::LoginVerdict;
pub use connect::ConnectError;
pub use live::Live;

/// A statement on its way to ClickHouse, with everything resolved.
#[derive(Clone, Debug)]
pub struct Query {
    /// The statement, exactly as it is sent.
    pub statement: String,
    /// Server-side parameters; sent in the body, never in the URL.
    pub params: Vec<(String, Secret)>,
    /// Whether a parameter is a secret, so that the server's answer is cut to code and name.
    pub sensitive: bool,
    /// Who runs it; charter's own user where there is none.
    pub login: Option<(String, Secret)>,
    /// The current database.
    pub database: Option<String>,
    /// Settings of this query.
    pub settings: BTreeMap<String, String>,
    /// The query's own id; [`Live`] fills in an empty one.
    pub query_id: String,
    /// What the server's logs say of it (`log_comment`): run and address; [`Live`] fills in an
    /// empty one.
    pub comment: String,
}

impl Query {
    /// Returns a statement of charter's own user, without parameters and settings.
    pub fn new(statement: impl Into<String>) -> Self {
        Self {
            statement: statement.into(),
            params: Vec::new(),
            sensitive: false,
            login: None,
            database: None,
            settings: BTreeMap::new(),
            query_id: String::new(),
            comment: String::new(),
        }
    }
}

/// What a statement did, as the server counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Rows written.
    pub written_rows: u64,
}

/// Rows on their way to one of charter's tables.
#[derive(Clone, Debug)]
pub struct Insert {
    /// The table, without database `ops`.
    pub table: &'static str,
    /// The rows.
    pub rows: Vec<Row>,
    /// The query's own id.
    pub query_id: String,
    /// What the server's logs say of it.
    pub comment: String,
}

/// A Kubernetes object on its way to the cluster, with everything resolved.
#[derive(Clone, Debug)]
pub struct ObjectWrite {
    /// The API of the object.
    pub api: Api,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The field manager.
    pub manager: String,
    /// The fields that we own, less a Secret's `data`.
    pub object: serde_json::Value,
    /// The entries of a Secret's `data`, not yet encoded.
    pub data: BTreeMap<String, Secret>,
    /// How it is written.
    pub mode: KubeWrite,
    /// Fields (JSON pointers) that we owned and no longer declare.
    pub prune: Vec<String>,
}

/// What kind of failure an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The server answered with an exception: the statement did not do its work, or not all of it.
    Refused,
    /// The server cannot be reached, or the connection failed before anything was sent.
    Unreachable,
    /// Nobody knows whether it was done: the connection broke or the time was up after it was sent.
    Unknown,
    /// The login was refused.
    Login,
    /// The rights do not suffice.
    Denied,
    /// The object is not there.
    Missing,
    /// The run's lock was lost, so nothing was sent.
    LockLost,
    /// The object is there already, was changed meanwhile, or another manager owns a field.
    Conflict,
}

/// Why a server did not do what it was asked.
///
/// The message is for people and holds no secret: answers to statements with secret parameters are
/// cut to code and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// ClickHouse's exception code, or the HTTP status of the Kubernetes API; none without an answer.
    pub code: Option<u32>,
    /// What the server, or the transport, says.
    pub message: String,
    /// The query's id, where it was one.
    pub query_id: Option<String>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The servers, as the observer and the executor use them.
pub trait Servers: Send + Sync + 'static {
    /// Runs a query and returns its rows.
    fn rows(&self, query: Query) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;

    /// Runs a statement. It is sent once: whether to send it again is the caller's to decide.
    fn execute(&self, query: Query) -> impl Future<Output = Result<Stats, Error>> + Send;

    /// Appends rows to one of charter's tables; they are there when it returns.
    fn insert(&self, insert: Insert) -> impl Future<Output = Result<(), Error>> + Send;

    /// Tries a login to ClickHouse.
    fn login(&self, user: &str, password: &Secret) -> impl Future<Output = LoginVerdict> + Send;

    /// Lists the objects of a kind in a namespace.
    fn list(&self, api: &Api, namespace: &str) -> impl Future<Output = Result<Listing, Error>> + Send;

    /// Writes an object.
    fn write(&self, object: ObjectWrite) -> impl Future<Output = Result<(), Error>> + Send;

    /// Deletes an object. That it is gone already is no error.
    fn delete(&self, object: &KubeDelete) -> impl Future<Output = Result<(), Error>> + Send;

    /// Returns what a key of a Secret holds, decoded; none where there is no such Secret or key.
    fn secret_key(
        &self,
        namespace: &str,
        name: &str,
        key: &str,
    ) -> impl Future<Output = Result<Option<Secret>, Error>> + Send;

    /// Returns the UID of the cluster's namespace kube-system, or a name of the manifests folder;
    /// none without a `kubernetes` block.
    fn cluster_uid(&self) -> impl Future<Output = Result<Option<String>, Error>> + Send;
}

/// How long an attempt to connect may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
