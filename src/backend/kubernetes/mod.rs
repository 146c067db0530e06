//! Kubernetes objects: in a cluster, or in a folder of manifests that stands in for one.
//!
//! Both sides list objects with the values of Secrets out of sight, and write the fields that are
//! given and nothing else. What goes over the wire or into files is never logged.

mod cluster;
mod error;
pub mod manifests;
mod object;

use std::path::Path;

use super::{ConnectError, Error, ErrorKind, ObjectWrite};
use crate::model::Secret;
use crate::model::op::KubeDelete;
use crate::model::settings::{Kubernetes, KubernetesTarget};
use crate::model::snapshot::{Api, Listing};

pub use cluster::Cluster;
pub use manifests::Manifests;

/// Where Kubernetes objects are.
pub enum Objects {
    /// In a cluster.
    Cluster(Cluster),
    /// In a folder.
    Manifests(Manifests),
}

impl Objects {
    /// Prepares what the `kubernetes` block names; nothing is sent. Files and folders are relative
    /// to `folder`.
    ///
    /// # Errors
    /// A kubeconfig, context or service account that cannot be used.
    pub async fn connect(settings: &Kubernetes, folder: &Path) -> Result<Self, ConnectError> {
        match &settings.target {
            KubernetesTarget::Manifests(path) => Ok(Self::Manifests(Manifests::new(folder, path))),
            target => Cluster::connect(target, folder).await.map(Self::Cluster),
        }
    }

    /// Lists the objects of a kind in a namespace.
    ///
    /// # Errors
    /// As the API server answers; a file that cannot be read.
    pub async fn list(&self, api: &Api, namespace: &str) -> Result<Listing, Error> {
        match self {
            Self::Cluster(cluster) => cluster.list(api, namespace).await,
            Self::Manifests(folder) => {
                let (api, namespace) = (api.clone(), namespace.to_owned());
                blocking(folder, move |folder| folder.list(&api, &namespace)).await
            }
        }
    }

    /// Writes an object.
    ///
    /// # Errors
    /// As the API server answers; a file that cannot be written.
    pub async fn write(&self, object: ObjectWrite) -> Result<(), Error> {
        match self {
            Self::Cluster(cluster) => cluster.write(object).await,
            Self::Manifests(folder) => blocking(folder, move |folder| folder.write(&object)).await,
        }
    }

    /// Deletes an object. That it is gone already is no error.
    ///
    /// # Errors
    /// As the API server answers; a file that cannot be removed.
    pub async fn delete(&self, object: &KubeDelete) -> Result<(), Error> {
        match self {
            Self::Cluster(cluster) => cluster.delete(object).await,
            Self::Manifests(folder) => {
                let object = object.clone();
                blocking(folder, move |folder| folder.delete(&object)).await
            }
        }
    }

    /// Returns what a key of a Secret holds, decoded; none where there is no such Secret or key.
    ///
    /// # Errors
    /// As the API server answers; a value that is no UTF-8.
    pub async fn secret_key(&self, namespace: &str, name: &str, key: &str) -> Result<Option<Secret>, Error> {
        let object = match self {
            Self::Cluster(cluster) => cluster.secret(namespace, name).await?,
            Self::Manifests(folder) => {
                let (namespace, name) = (namespace.to_owned(), name.to_owned());
                blocking(folder, move |folder| folder.secret(&namespace, &name)).await?
            }
        };
        object.map_or(Ok(None), |object| object::decoded_key(&object, key))
    }

    /// Returns what tells this place from others: the UID of namespace kube-system, or the folder.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn uid(&self) -> Result<String, Error> {
        match self {
            Self::Cluster(cluster) => cluster.uid().await,
            Self::Manifests(folder) => Ok(folder.uid()),
        }
    }
}

/// Does something with files where it holds up nobody.
async fn blocking<T: Send + 'static>(
    folder: &Manifests,
    work: impl FnOnce(&Manifests) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let folder = folder.clone();
    match tokio::task::spawn_blocking(move || work(&folder)).await {
        Ok(result) => result,
        Err(error) => Err(Error {
            kind: ErrorKind::Unknown,
            code: None,
            message: format!("the work on the manifests did not end: {error}"),
            query_id: None,
        }),
    }
}
