//! The attributes of a Secret's resource, which a `secret` block and a tenant both declare.

use super::kube;
use crate::diag::Span;
use crate::model::{Addr, Resource, Value};

/// The name of the kind that these resources are of.
pub const KIND: &str = "secret";

/// Returns the resource of a Secret with charter's label and without data.
pub fn resource(addr: Addr, namespace: &str, name: &str, span: Span) -> Resource {
    let labels = [(kube::MANAGED_BY.to_owned(), Value::from("charter"))];
    Resource::new(addr, KIND, format!("{namespace}/{name}"), span)
        .with("namespace", namespace)
        .with("name", name)
        .with("labels", Value::Map(labels.into()))
}
