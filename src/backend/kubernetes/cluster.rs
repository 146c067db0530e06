//! A cluster, through its API server: paginated lists, POST, server-side apply, guarded deletion.
//!
//! What the client library would log is switched off around each request: it logs answers, and an
//! answer can quote what was sent.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use serde_json::Value as Json;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use super::error::{Request, disputes};
use super::object;
use crate::backend::clickhouse::chain;
use crate::backend::{CONNECT_TIMEOUT, ConnectError, Error, ErrorKind, ObjectWrite, retry};
use crate::model::Digest;
use crate::model::op::{KubeDelete, KubeWrite};
use crate::model::settings::KubernetesTarget;
use crate::model::snapshot::{Api, Listing};

/// How many objects a page of a list holds.
const PAGE: u32 = 500;

/// How long the API server may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// A cluster.
pub struct Cluster {
    client: kube::Client,
    /// What tells the cluster from others where its UID may not be read.
    url: String,
}

impl Cluster {
    /// Prepares a client; nothing is sent. A context is looked up in the named file, else where
    /// `kubectl` looks ($KUBECONFIG, ~/.kube/config): the one place where the environment is read
    /// here. What happens to be the current context is used only of a file that is named.
    ///
    /// # Errors
    /// A kubeconfig, context or service account that cannot be used.
    pub async fn connect(target: &KubernetesTarget, folder: &Path) -> Result<Self, ConnectError> {
        let failed =
            |error: &(dyn std::error::Error + 'static)| ConnectError::Kubernetes { reason: chain(error) };
        let mut config = match target {
            KubernetesTarget::Context { kubeconfig, context } => {
                from_kubeconfig(kubeconfig.as_deref(), context.as_deref(), folder).await?
            }
            KubernetesTarget::InCluster => kube::Config::incluster().map_err(|error| failed(&error))?,
            KubernetesTarget::Manifests(_) => {
                return Err(ConnectError::Kubernetes {
                    reason: "a folder of manifests is no cluster".to_owned(),
                });
            }
        };
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        config.read_timeout = Some(SILENCE);
        config.reset_reader_on_write = true;
        // Whether to ask again is decided by `retry`, and by the executor for what changes something.
        config.default_retry = false;
        let url = config.cluster_url.to_string();
        let client = kube::Client::try_from(config).map_err(|error| failed(&error))?;
        Ok(Self { client, url })
    }

    /// Lists the objects of a kind in a namespace.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn list(&self, api: &Api, namespace: &str) -> Result<Listing, Error> {
        let listed = retry::read(retry::transient_request, || self.pages(api, namespace)).await;
        match listed {
            Ok(objects) => {
                Ok(Listing::Objects(objects.iter().map(|object| object::to_value(object, api)).collect()))
            }
            // A list of a namespace that is not there is empty; only an unknown kind is missing.
            Err(error) if error.kind == ErrorKind::Missing => Ok(Listing::NoSuchKind),
            Err(error) => Err(error),
        }
    }

    async fn pages(&self, api: &Api, namespace: &str) -> Result<Vec<Json>, Error> {
        let request = request("list", api, namespace, "");
        let resource = self.resource(api, namespace);
        let mut params = ListParams::default().limit(PAGE);
        let mut found = Vec::new();
        loop {
            let page = quietly(resource.list(&params)).await.map_err(|error| request.error(error))?;
            for object in page.items {
                found.push(as_json(&object, api)?);
            }
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(found),
            }
        }
    }

    /// Returns a Secret; none where there is no such.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn secret(&self, namespace: &str, name: &str) -> Result<Option<Json>, Error> {
        let api = Api::secrets();
        self.get(&api, namespace, name).await?.map(|object| as_json(&object, &api)).transpose()
    }

    async fn get(&self, api: &Api, namespace: &str, name: &str) -> Result<Option<DynamicObject>, Error> {
        let request = request("get", api, namespace, name);
        let resource = self.resource(api, namespace);
        retry::read(retry::transient_request, || async {
            quietly(resource.get_opt(name)).await.map_err(|error| request.error(error))
        })
        .await
    }

    /// Writes an object.
    ///
    /// # Errors
    /// As the API server answers; a conflict names the manager of the field.
    pub async fn write(&self, write: ObjectWrite) -> Result<(), Error> {
        let body = object::to_json(&write);
        match &write.mode {
            KubeWrite::Create => self.create(&write, body).await,
            KubeWrite::Apply { force, resource_version } => {
                let version = match (write.prune.is_empty(), resource_version) {
                    (true, version) => version.clone(),
                    (false, version) => self.prune(&write, version.as_deref()).await?,
                };
                self.apply(&write, body, *force, version).await
            }
        }
    }

    async fn create(&self, write: &ObjectWrite, body: Json) -> Result<(), Error> {
        let params = PostParams { field_manager: Some(write.manager.clone()), ..PostParams::default() };
        let object: DynamicObject = serde_json::from_value(body).map_err(|_| malformed(write))?;
        let resource = self.resource(&write.api, &write.namespace);
        quietly(resource.create(&params, &object))
            .await
            .map(|_| ())
            .map_err(|error| sending("create", write).error(error))
    }

    /// Applies; takes fields from nobody unless forced. What this manager wrote by POST counts as
    /// another's (its operation is `Update`, see `metadata.managedFields`), so a conflict with
    /// ourselves alone is no conflict.
    async fn apply(
        &self,
        write: &ObjectWrite,
        mut body: Json,
        force: bool,
        version: Option<String>,
    ) -> Result<(), Error> {
        if let Some(version) = version {
            body["metadata"]["resourceVersion"] = version.into();
        }
        let resource = self.resource(&write.api, &write.namespace);
        let patch = Patch::Apply(&body);
        let mut params = PatchParams::apply(&write.manager);
        params.force = force;
        let mut result = quietly(resource.patch(&write.name, &params, &patch)).await;
        if let Err(kube::Error::Api(status)) = &result {
            let disputes = disputes(status);
            if !disputes.is_empty() && disputes.iter().all(|(owner, _)| *owner == write.manager) {
                params.force = true;
                result = quietly(resource.patch(&write.name, &params, &patch)).await;
            }
        }
        result.map(|_| ()).map_err(|error| sending("patch", write).error(error))
    }

    /// Removes fields that are no longer declared and returns the version that this makes. Apply
    /// alone removes only what was applied before, not what this manager wrote by POST. That the
    /// object is not there is no error: there is nothing to remove.
    async fn prune(&self, write: &ObjectWrite, version: Option<&str>) -> Result<Option<String>, Error> {
        let mut patch = object::removal(&write.prune);
        if let Some(version) = version {
            patch["metadata"]["resourceVersion"] = version.into();
        }
        let params = PatchParams { field_manager: Some(write.manager.clone()), ..PatchParams::default() };
        let resource = self.resource(&write.api, &write.namespace);
        let result = quietly(resource.patch(&write.name, &params, &Patch::Merge(&patch))).await;
        match result.map_err(|error| sending("patch", write).error(error)) {
            Ok(object) => Ok(version.and(object.metadata.resource_version)),
            Err(error) if error.kind == ErrorKind::Missing && version.is_none() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes an object, and another one of the same name only where no UID is given.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn delete(&self, delete: &KubeDelete) -> Result<(), Error> {
        let params = DeleteParams {
            preconditions: delete
                .uid
                .clone()
                .map(|uid| Preconditions { uid: Some(uid), resource_version: None }),
            ..DeleteParams::default()
        };
        let resource = self.resource(&delete.api, &delete.namespace);
        let request = request("delete", &delete.api, &delete.namespace, &delete.name);
        match quietly(resource.delete(&delete.name, &params)).await {
            Ok(_) => Ok(()),
            Err(error) => match request.error(error) {
                error if error.kind == ErrorKind::Missing => Ok(()),
                error => Err(error),
            },
        }
    }

    /// Returns the UID of namespace kube-system; where that may not be read, a digest of the URL.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn uid(&self) -> Result<String, Error> {
        let found = match self.get(&namespaces(), "", "kube-system").await {
            Ok(found) => found.and_then(|namespace| namespace.metadata.uid),
            Err(error) if error.kind == ErrorKind::Denied => None,
            Err(error) => return Err(error),
        };
        Ok(found.unwrap_or_else(|| format!("url:{}", Digest::of_bytes(self.url.as_bytes()).short())))
    }

    /// Returns whether the API server says that there is no such namespace. Where it may not be
    /// asked, nothing is said: what is written there will tell.
    pub async fn lacks_namespace(&self, name: &str) -> bool {
        matches!(self.get(&namespaces(), "", name).await, Ok(None))
    }

    /// Returns the resource of an API in a namespace, or in the whole cluster where it is empty.
    fn resource(&self, api: &Api, namespace: &str) -> kube::Api<DynamicObject> {
        let kind = GroupVersionKind::gvk(&api.group, &api.version, &api.kind);
        let resource = ApiResource::from_gvk_with_plural(&kind, &api.plural);
        match namespace {
            "" => kube::Api::all_with(self.client.clone(), &resource),
            namespace => kube::Api::namespaced_with(self.client.clone(), namespace, &resource),
        }
    }
}

fn namespaces() -> Api {
    Api { group: String::new(), version: "v1".into(), kind: "Namespace".into(), plural: "namespaces".into() }
}

async fn from_kubeconfig(
    file: Option<&str>,
    context: Option<&str>,
    folder: &Path,
) -> Result<kube::Config, ConnectError> {
    let failed = |error: &(dyn std::error::Error + 'static)| ConnectError::Kubernetes {
        reason: match file {
            Some(file) => format!("{file}: {}", chain(error)),
            None => chain(error),
        },
    };
    if file.is_none() && context.is_none() {
        return Err(ConnectError::Kubernetes {
            reason: "neither a context nor a kubeconfig file is named".to_owned(),
        });
    }
    let kubeconfig = match file {
        Some(file) => Kubeconfig::read_from(folder.join(file)),
        None => Kubeconfig::read(),
    };
    let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
    let kubeconfig = kubeconfig.map_err(|error| failed(&error))?;
    kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| failed(&error))
}

/// Runs a request with nothing logged.
async fn quietly<T>(request: impl Future<Output = kube::Result<T>>) -> kube::Result<T> {
    request.with_subscriber(NoSubscriber::default()).await
}

fn request<'a>(verb: &'static str, api: &'a Api, namespace: &'a str, name: &'a str) -> Request<'a> {
    Request { verb, api, namespace, name, secret: false }
}

fn sending<'a>(verb: &'static str, write: &'a ObjectWrite) -> Request<'a> {
    Request {
        secret: write.api == Api::secrets(),
        ..request(verb, &write.api, &write.namespace, &write.name)
    }
}

/// Returns an object as JSON; items of a list do not say their type.
fn as_json(object: &DynamicObject, api: &Api) -> Result<Json, Error> {
    let mut json = serde_json::to_value(object).map_err(|_| Error {
        kind: ErrorKind::Refused,
        code: None,
        message: format!("an object of kind {} is not JSON", api.kind),
        query_id: None,
    })?;
    json["apiVersion"] = api.api_version().into();
    json["kind"] = api.kind.clone().into();
    Ok(json)
}

fn malformed(write: &ObjectWrite) -> Error {
    Error {
        kind: ErrorKind::Refused,
        code: None,
        message: format!(
            "{} {}/{} has metadata that Kubernetes does not know",
            write.api.kind, write.namespace, write.name
        ),
        query_id: None,
    }
}
