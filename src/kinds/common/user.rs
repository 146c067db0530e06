//! The attributes of a user's resource, which a `user` block and a tenant both declare.

use crate::diag::Span;
use crate::model::{Addr, Resource, Value};

/// The name of the kind that these resources are of.
pub const KIND: &str = "user";

/// Every address, as the server stores it.
pub const ANY_HOST: &str = "::/0";

/// The machine of the server itself, as charter writes it.
pub const LOCAL_HOST: &str = "localhost";

/// Returns the resource of a user, less its credential. `database` is the one that it begins in;
/// empty for none.
pub fn resource(addr: Addr, name: &str, database: &str, hosts: Vec<String>, span: Span) -> Resource {
    Resource::new(addr, KIND, name, span)
        .with("default_database", database)
        .with("default_roles", "all")
        .with("grantees", "none")
        .with("hosts", Value::strings(hosts))
}
