//! What the `charter`, `clickhouse`, `kubernetes`, `isolation` and `rollout` blocks say: who declares,
//! where, who is trusted, and in which order tenants are migrated.

use std::collections::BTreeMap;
use std::time::Duration;

use super::rollout::Policy;
use super::secret::Secret;

/// Who declares, and the servers that it is for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The owner that is recorded on the servers.
    pub scope: String,
    /// The environment: the first folder below `migrations/`.
    pub environment: String,
    /// How to reach ClickHouse.
    pub clickhouse: ClickHouse,
    /// How to reach Kubernetes; none without a `kubernetes` block.
    pub kubernetes: Option<Kubernetes>,
    /// Who is trusted with every tenant's data.
    pub isolation: Isolation,
    /// How tenants' migrations are rolled out; none without a `rollout` block.
    pub rollout: Option<Policy>,
    /// What is denied and allowed of findings.
    pub lint: super::lint::Policy,
}

impl Settings {
    /// Returns the default namespace of secrets and superset tenants.
    pub fn namespace(&self) -> &str {
        self.kubernetes.as_ref().map_or(DEFAULT_NAMESPACE, |kubernetes| &kubernetes.namespace)
    }
}

/// The namespace that ClickHouse and its tenants' Secrets are in unless told.
pub const DEFAULT_NAMESPACE: &str = "operations";

/// What `check --isolation` takes for granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Isolation {
    /// Users and roles that may reach every tenant's data.
    pub administrators: Vec<String>,
    /// Views and the like, as `database.name`, that may show tenants' data to whoever may read them.
    pub shared: Vec<String>,
}

/// How to reach ClickHouse over HTTP.
#[derive(Clone, Debug)]
pub struct ClickHouse {
    /// The URL, without credentials.
    pub url: String,
    /// Charter's own user.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// The cluster for `ON CLUSTER`; none for a single node.
    pub cluster: Option<String>,
    /// PEM file of the authorities to trust, instead of the system's.
    pub ca_file: Option<String>,
    /// PEM file of the client certificate.
    pub cert_file: Option<String>,
    /// PEM file of the client certificate's key.
    pub key_file: Option<String>,
    /// How long one query may take.
    pub timeout: Duration,
    /// How long a migration waits for a mutation that its statement made.
    pub mutation_timeout: Duration,
    /// Settings that are sent with every query.
    pub settings: BTreeMap<String, String>,
}

/// How to reach Kubernetes.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    /// The default namespace.
    pub namespace: String,
    /// A cluster, or a folder of manifests.
    pub target: KubernetesTarget,
}

/// Where Kubernetes objects live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KubernetesTarget {
    /// A context of a kubeconfig file (the usual files where none is named).
    Context {
        /// The file.
        kubeconfig: Option<String>,
        /// The context; the file's current one is used only where a file is named.
        context: Option<String>,
    },
    /// The cluster that charter itself runs in.
    InCluster,
    /// Files in a folder, relative to the configuration.
    Manifests(String),
}
