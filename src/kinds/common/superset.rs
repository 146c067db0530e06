//! The attributes of a SupersetTenant's resource, which a `superset_tenant` block and a tenant both
//! declare.

use std::collections::BTreeMap;

use crate::diag::Span;
use crate::model::schema::{BlockSchema, Type};
use crate::model::snapshot::Api;
use crate::model::{Addr, Body, Resource, Value};

/// The name of the kind that these resources are of.
pub const KIND: &str = "superset_tenant";

/// The group of our own CRD (`examples/superset/supersettenant.crd.yaml`).
pub const DEFAULT_GROUP: &str = "superset.charter.dev";
/// The version of our own CRD.
pub const DEFAULT_VERSION: &str = "v1alpha1";

/// Returns the attributes of a `superset` block, which `superset_tenant` has, too.
pub fn schema() -> BlockSchema {
    BlockSchema::default()
        .optional(
            "enabled",
            Type::Bool,
            "Whether Superset gets the ClickHouse datasource; true where absent.",
        )
        .optional(
            "connection_name",
            Type::String,
            "The datasource's display name; the operator's default where absent.",
        )
        .optional(
            "client_version",
            Type::String,
            "The ClickHouse client package's version; the operator's default where absent.",
        )
        .optional("group", Type::String, "The API group of the operator's SupersetTenant.")
        .optional("version", Type::String, "Its API version.")
}

/// Returns the resource of a SupersetTenant; it is named after the organization.
pub fn resource(addr: Addr, namespace: &str, organization: &str, body: &Body, span: Span) -> Resource {
    let mut config =
        BTreeMap::from([("clickhouseEnabled".to_owned(), Value::Bool(body.bool("enabled").unwrap_or(true)))]);
    for (attr, field) in
        [("connection_name", "clickhouseConnectionName"), ("client_version", "clickhouseClientVersion")]
    {
        config.extend(body.string(attr).map(|text| (field.to_owned(), text.into())));
    }
    let spec = [
        ("organization".to_owned(), Value::from(organization)),
        ("supersetConfig".to_owned(), Value::Map(config)),
    ];
    Resource::new(addr, KIND, format!("{namespace}/{organization}"), span)
        .with("namespace", namespace)
        .with("name", organization)
        .with("group", body.string("group").unwrap_or(DEFAULT_GROUP))
        .with("version", body.string("version").unwrap_or(DEFAULT_VERSION))
        .with("spec", Value::Map(spec.into()))
}

/// Returns the API of SupersetTenants in a group and version.
pub fn api(group: &str, version: &str) -> Api {
    Api {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: "SupersetTenant".into(),
        plural: "supersettenants".into(),
    }
}
