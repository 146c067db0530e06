//! Why the servers cannot be talked to at all: settings and files that do not fit. Nothing was
//! sent when one of these is reported.

use crate::diag::Diagnostic;

/// A setting or file of the `clickhouse` or `kubernetes` block that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The URL of ClickHouse; it is not repeated, since it may hold credentials.
    #[error("the url of ClickHouse {problem}")]
    Url {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A file of the TLS set-up.
    #[error("{what} {path} {reason}")]
    File {
        /// The attribute.
        what: &'static str,
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS itself.
    #[error("TLS cannot be set up: {reason}")]
    Tls {
        /// Why.
        reason: String,
    },
    /// The kubeconfig, its context, or the account of the pod.
    #[error("the Kubernetes client cannot be set up: {reason}")]
    Kubernetes {
        /// Why.
        reason: String,
    },
}

impl ConnectError {
    /// Tells it for the person who gets it.
    pub fn diagnostic(&self) -> Diagnostic {
        let (block, help) = match self {
            Self::Url { .. } => ("clickhouse", "write the url as http://host:8123 or https://host:8443"),
            Self::File { .. } => (
                "clickhouse",
                "files of the clickhouse block are PEM, their names relative to the configuration",
            ),
            Self::Tls { .. } => {
                ("clickhouse", "name the authorities to trust with ca_file in the clickhouse block")
            }
            Self::Kubernetes { .. } => (
                "kubernetes",
                "`kubectl config get-contexts` lists the contexts; name one, or a kubeconfig file, in the kubernetes block",
            ),
        };
        Diagnostic::error(format!("the {block} block cannot be used")).detail(format!("{self}.")).help(help)
    }
}
