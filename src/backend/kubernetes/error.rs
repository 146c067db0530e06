//! What the Kubernetes API says when it does not do what it was asked, in words that name the verb,
//! the resource and the namespace, and who owns a field that is in dispute.
//!
//! Answers of validation (400, 422) can quote values; where a Secret was sent they are cut to the
//! fields that they are about.

use hyper_util::client::legacy;
use kube::core::Status;

use crate::backend::clickhouse::chain;
use crate::backend::{Error, ErrorKind};
use crate::model::snapshot::Api;

/// A request, as far as an error has to name it.
pub(super) struct Request<'a> {
    /// The verb of RBAC (`list`, `patch`).
    pub verb: &'static str,
    /// The kind of object.
    pub api: &'a Api,
    /// The namespace; empty for what has none.
    pub namespace: &'a str,
    /// The name; empty for a list.
    pub name: &'a str,
    /// Whether values of a Secret were sent.
    pub secret: bool,
}

impl Request<'_> {
    fn object(&self) -> String {
        let Self { namespace, name, .. } = self;
        let kind = &self.api.kind;
        match (namespace.is_empty(), name.is_empty()) {
            (false, false) => format!("{kind} {namespace}/{name}"),
            (false, true) => format!("{} in namespace {namespace}", self.api.plural),
            (true, _) => format!("{kind} {name}"),
        }
    }

    /// Makes the error of what the client reports.
    pub fn error(&self, error: kube::Error) -> Error {
        match error {
            kube::Error::Api(status) => self.status(&status),
            other => {
                let (kind, what) = if is_connect(&other) {
                    (ErrorKind::Unreachable, "the cluster cannot be reached")
                } else if was_sent(&other) {
                    (ErrorKind::Unknown, "the connection to the cluster broke")
                } else {
                    (ErrorKind::Refused, "the request cannot be made")
                };
                Error { kind, code: None, message: format!("{what}: {}", chain(&other)), query_id: None }
            }
        }
    }

    fn status(&self, status: &Status) -> Error {
        let code = u32::from(status.code);
        let (kind, message) = match code {
            401 => (ErrorKind::Login, "the cluster does not accept the login of this context".to_owned()),
            403 => (ErrorKind::Denied, self.denied(status)),
            404 => (ErrorKind::Missing, self.missing(status)),
            409 => (ErrorKind::Conflict, self.conflict(status)),
            _ => (
                ErrorKind::Refused,
                format!("{} of {} failed ({code}): {}", self.verb, self.object(), self.text(status)),
            ),
        };
        Error { kind, code: Some(code), message, query_id: None }
    }

    fn denied(&self, status: &Status) -> String {
        let Self { verb, namespace, .. } = self;
        let Api { group, plural, .. } = self.api;
        let resource = match group.as_str() {
            "" => plural.clone(),
            group => format!("{plural}.{group}"),
        };
        let place = match *namespace {
            "" => "the cluster".to_owned(),
            namespace => format!("namespace {namespace}"),
        };
        format!("the cluster denies verb {verb} on {resource} in {place}: {}", self.text(status))
    }

    fn missing(&self, status: &Status) -> String {
        let details = status.details.as_ref();
        let is_namespace = details.is_some_and(|details| details.kind == "namespaces");
        match details {
            Some(_) if is_namespace => {
                let namespace = self.namespace;
                format!("namespace {namespace} is not there; `kubectl create namespace {namespace}` makes it")
            }
            Some(details) if !details.name.is_empty() => format!("{} is not there", self.object()),
            _ => format!(
                "the cluster does not know kind {} ({}); its CRD is missing",
                self.api.kind,
                self.api.api_version()
            ),
        }
    }

    fn conflict(&self, status: &Status) -> String {
        let object = self.object();
        if status.reason == "AlreadyExists" {
            return format!("{object} exists already");
        }
        let disputes = disputes(status);
        if disputes.is_empty() {
            return format!("{object} was changed meanwhile, or is another object by now");
        }
        let fields: Vec<String> = disputes
            .iter()
            .map(|(manager, field)| format!("{field} belongs to field manager {manager:?}"))
            .collect();
        format!("{object}: {}", fields.join("; "))
    }

    /// Returns what the server says, as far as it holds no secret.
    fn text(&self, status: &Status) -> String {
        if !self.secret || status.code == 403 {
            return status.message.clone();
        }
        let causes = status.details.iter().flat_map(|details| &details.causes);
        let fields: Vec<&str> = causes.map(|cause| cause.field.as_str()).collect();
        let reason = match status.reason.as_str() {
            "" => "no reason given",
            reason => reason,
        };
        match fields.is_empty() {
            true => format!("{reason}; the rest is withheld, because a Secret was sent"),
            false => format!("{reason} at {}", fields.join(", ")),
        }
    }
}

/// Returns the other managers that an apply is in conflict with, each with the field.
pub(super) fn disputes(status: &Status) -> Vec<(String, String)> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| {
            let manager = cause.message.split('"').nth(1).unwrap_or("unknown");
            (manager.to_owned(), cause.field.clone())
        })
        .collect()
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

fn is_connect(error: &kube::Error) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect))
}

/// Returns whether a request may have arrived.
fn was_sent(error: &kube::Error) -> bool {
    matches!(error, kube::Error::HyperError(_) | kube::Error::Service(_) | kube::Error::SerdeError(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(json: serde_json::Value) -> Box<Status> {
        Box::new(serde_json::from_value(json).expect("a status"))
    }

    fn told(request: &Request, json: serde_json::Value) -> (ErrorKind, String) {
        let error = request.error(kube::Error::Api(status(json)));
        (error.kind, error.message)
    }

    fn patch(api: &Api) -> Request<'_> {
        Request { verb: "patch", api, namespace: "operations", name: "bi", secret: true }
    }

    #[test]
    fn a_conflict_names_the_manager() {
        let api = Api::secrets();
        let (kind, text) = told(
            &patch(&api),
            serde_json::json!({"code": 409, "reason": "Conflict", "message": "Apply failed with 1 conflict",
                "details": {"causes": [{"reason": "FieldManagerConflict", "field": ".data.password",
                    "message": "conflict with \"kubectl-edit\" using v1"}]}}),
        );
        assert_eq!(kind, ErrorKind::Conflict);
        assert_eq!(text, "Secret operations/bi: .data.password belongs to field manager \"kubectl-edit\"");
    }

    #[test]
    fn a_missing_namespace_and_a_missing_kind_are_told_apart() {
        let api = Api::secrets();
        let (_, text) = told(
            &patch(&api),
            serde_json::json!({"code": 404, "reason": "NotFound", "message": "namespaces \"operations\" not found",
                "details": {"name": "operations", "kind": "namespaces"}}),
        );
        assert!(text.starts_with("namespace operations is not there"), "{text}");
        let (_, text) = told(&patch(&api), serde_json::json!({"code": 404, "message": "404 page not found"}));
        assert!(text.contains("does not know kind Secret (v1)"), "{text}");
    }

    #[test]
    fn a_refusal_of_a_secret_names_fields_and_no_values() {
        let api = Api::secrets();
        let (kind, text) = told(
            &patch(&api),
            serde_json::json!({"code": 422, "reason": "Invalid", "message": "data: Invalid value: \"hunter5\"",
                "details": {"causes": [{"field": "data[x]", "message": "\"hunter5\""}]}}),
        );
        assert_eq!(kind, ErrorKind::Refused);
        assert_eq!(text, "patch of Secret operations/bi failed (422): Invalid at data[x]");
    }
}
