//! Servers that refuse to write without the lock.

use std::sync::Arc;

use super::Lease;
use crate::backend::{Error, ErrorKind, Insert, LoginVerdict, ObjectWrite, Query, Servers, Stats};
use crate::model::Secret;
use crate::model::op::KubeDelete;
use crate::model::snapshot::{Api, Listing, Row};

/// Passes everything on; what writes, only while the lock is held for sure.
#[derive(Debug)]
pub struct Fenced<S> {
    servers: Arc<S>,
    lease: Arc<Lease>,
}

impl<S> Fenced<S> {
    pub(super) fn new(servers: Arc<S>, lease: Arc<Lease>) -> Self {
        Self { servers, lease }
    }

    /// Returns whether a write may be sent.
    fn hold(&self) -> Result<(), Error> {
        self.lease.check().map_err(|how| Error {
            kind: ErrorKind::LockLost,
            code: None,
            message: format!("the lock was lost ({how}), so this was not sent"),
            query_id: None,
        })
    }
}

impl<S: Servers> Servers for Fenced<S> {
    async fn rows(&self, query: Query) -> Result<Vec<Row>, Error> {
        self.servers.rows(query).await
    }

    async fn execute(&self, query: Query) -> Result<Stats, Error> {
        self.hold()?;
        self.servers.execute(query).await
    }

    /// Records are written in any case: what happened is worth knowing.
    async fn insert(&self, insert: Insert) -> Result<(), Error> {
        self.servers.insert(insert).await
    }

    async fn login(&self, user: &str, password: &Secret) -> LoginVerdict {
        self.servers.login(user, password).await
    }

    async fn list(&self, api: &Api, namespace: &str) -> Result<Listing, Error> {
        self.servers.list(api, namespace).await
    }

    async fn write(&self, object: ObjectWrite) -> Result<(), Error> {
        self.hold()?;
        self.servers.write(object).await
    }

    async fn delete(&self, object: &KubeDelete) -> Result<(), Error> {
        self.hold()?;
        self.servers.delete(object).await
    }

    async fn secret_key(&self, namespace: &str, name: &str, key: &str) -> Result<Option<Secret>, Error> {
        self.servers.secret_key(namespace, name, key).await
    }

    async fn cluster_uid(&self) -> Result<Option<String>, Error> {
        self.servers.cluster_uid().await
    }
}
