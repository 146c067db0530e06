//! The attributes of a Secret's resource, which a `secret` block and a tenant both declare.

use crate::diag::Span;
use crate::model::{Addr, Resource};

/// The name of the kind that these resources are of.
pub const KIND: &str = "secret";

/// Returns the resource of a Secret without labels and data. Charter's own label is put on the
/// Secrets that it makes, and not asked of those that it adopts.
pub fn resource(addr: Addr, namespace: &str, name: &str, span: Span) -> Resource {
    Resource::new(addr, KIND, format!("{namespace}/{name}"), span)
        .with("namespace", namespace)
        .with("name", name)
}
