//! The real servers: a ClickHouse node, and a cluster or a folder of manifests.
//!
//! Every query has an id with the run in it and a comment that says what it is for; callers that
//! leave them empty get those of the run. Reads are asked again after failures that pass; what
//! changes something is sent once.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::Instrument as _;

use super::clickhouse::Client;
use super::kubernetes::Objects;
use super::{ConnectError, Error, ErrorKind, Insert, LoginVerdict, ObjectWrite, Query, Servers, Stats};
use crate::model::op::KubeDelete;
use crate::model::snapshot::{Api, Listing, Row};
use crate::model::{Secret, Settings};

/// The servers that the settings name.
pub struct Live {
    clickhouse: Client,
    objects: Option<Objects>,
    purpose: String,
    run_id: String,
    queries: AtomicUsize,
}

impl Live {
    /// Prepares the clients; nothing is sent yet. Files are relative to `base_dir`, the folder of
    /// the configuration. `purpose` (`plan`, `apply`, `check`) and `run_id` go into the ids of
    /// queries; `traceparent` (W3C Trace Context) goes along with each.
    ///
    /// # Errors
    /// Settings and files that cannot be used.
    pub async fn connect(
        settings: &Settings,
        base_dir: &Path,
        purpose: &str,
        run_id: &str,
        traceparent: Option<String>,
    ) -> Result<Self, ConnectError> {
        let clickhouse = Client::new(&settings.clickhouse, base_dir, traceparent.as_deref())?;
        let objects = match &settings.kubernetes {
            Some(kubernetes) => Some(Objects::connect(kubernetes, base_dir).await?),
            None => None,
        };
        Ok(Self {
            clickhouse,
            objects,
            purpose: purpose.to_owned(),
            run_id: run_id.to_owned(),
            queries: AtomicUsize::new(0),
        })
    }

    /// Returns how many queries were sent to ClickHouse, logins included.
    pub fn queries(&self) -> usize {
        self.queries.load(Ordering::Relaxed)
    }

    /// Returns the folder of manifests, where it stands in for a cluster.
    pub fn manifests_folder(&self) -> Option<&Path> {
        match self.objects.as_ref()? {
            Objects::Manifests(manifests) => Some(manifests.folder()),
            Objects::Cluster(_) => None,
        }
    }

    /// Returns whether the cluster says that there is no such namespace. A folder of manifests has
    /// every namespace.
    pub async fn lacks_namespace(&self, name: &str) -> bool {
        match &self.objects {
            Some(Objects::Cluster(cluster)) => cluster.lacks_namespace(name).await,
            Some(Objects::Manifests(_)) | None => false,
        }
    }

    /// Counts a query and fills in its id and comment where the caller left them empty.
    fn label(&self, query_id: &mut String, comment: &mut String) {
        let number = self.queries.fetch_add(1, Ordering::Relaxed) + 1;
        let Self { purpose, run_id, .. } = self;
        if query_id.is_empty() {
            *query_id = format!("charter-{run_id}-{purpose}-{number}");
        }
        if comment.is_empty() {
            *comment = serde_json::json!({
                "charter": env!("CARGO_PKG_VERSION"),
                "purpose": purpose,
                "run": run_id,
            })
            .to_string();
        }
    }

    fn objects(&self) -> Result<&Objects, Error> {
        self.objects.as_ref().ok_or_else(|| Error {
            kind: ErrorKind::Refused,
            code: None,
            message: "the configuration has no kubernetes block".to_owned(),
            query_id: None,
        })
    }
}

impl Servers for Live {
    async fn rows(&self, mut query: Query) -> Result<Vec<Row>, Error> {
        self.label(&mut query.query_id, &mut query.comment);
        let span = tracing::debug_span!("clickhouse.rows", query_id = %query.query_id);
        self.clickhouse.rows(&query).instrument(span).await
    }

    async fn execute(&self, mut query: Query) -> Result<Stats, Error> {
        self.label(&mut query.query_id, &mut query.comment);
        let span = tracing::debug_span!("clickhouse.execute", query_id = %query.query_id);
        self.clickhouse.execute(&query).instrument(span).await
    }

    async fn insert(&self, mut insert: Insert) -> Result<(), Error> {
        self.label(&mut insert.query_id, &mut insert.comment);
        let span = tracing::debug_span!(
            "clickhouse.insert",
            query_id = %insert.query_id,
            table = insert.table,
            rows = insert.rows.len(),
        );
        self.clickhouse.insert(&insert).instrument(span).await
    }

    async fn login(&self, user: &str, password: &Secret) -> LoginVerdict {
        let login = Some((user.to_owned(), password.clone()));
        let mut query = Query { login, ..Query::new("SELECT 1") };
        self.label(&mut query.query_id, &mut query.comment);
        let span = tracing::debug_span!("clickhouse.login", query_id = %query.query_id, user);
        self.clickhouse.login(&query).instrument(span).await
    }

    async fn list(&self, api: &Api, namespace: &str) -> Result<Listing, Error> {
        let span = tracing::debug_span!("kubernetes.list", kind = %api.kind, namespace);
        self.objects()?.list(api, namespace).instrument(span).await
    }

    async fn write(&self, object: ObjectWrite) -> Result<(), Error> {
        let span = tracing::debug_span!(
            "kubernetes.write",
            kind = %object.api.kind,
            namespace = %object.namespace,
            name = %object.name,
        );
        self.objects()?.write(object).instrument(span).await
    }

    async fn delete(&self, object: &KubeDelete) -> Result<(), Error> {
        let span = tracing::debug_span!(
            "kubernetes.delete",
            kind = %object.api.kind,
            namespace = %object.namespace,
            name = %object.name,
        );
        self.objects()?.delete(object).instrument(span).await
    }

    async fn secret_key(&self, namespace: &str, name: &str, key: &str) -> Result<Option<Secret>, Error> {
        let span = tracing::debug_span!("kubernetes.secret", namespace, name, key);
        let objects = self.objects()?;
        objects.secret_key(namespace, name, key).instrument(span).await
    }

    async fn cluster_uid(&self) -> Result<Option<String>, Error> {
        match &self.objects {
            Some(objects) => objects.uid().await.map(Some),
            None => Ok(None),
        }
    }
}
