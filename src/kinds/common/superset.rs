//! The attributes of a SupersetTenant's resource, which a `superset_tenant` block and a tenant both
//! declare.

use std::collections::BTreeMap;

use super::kube;
use crate::diag::Span;
use crate::kinds::World;
use crate::model::block::{Expr, Item};
use crate::model::schema::{BlockSchema, Type};
use crate::model::settings::Settings;
use crate::model::snapshot::{Api, Read};
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

/// Reads the SupersetTenants of the default namespace, where there is one.
pub fn read(settings: &Settings) -> Option<Read> {
    settings.kubernetes.as_ref()?;
    let api = api(DEFAULT_GROUP, DEFAULT_VERSION);
    Some(Read::Objects { api, namespace: settings.namespace().to_owned() })
}

/// Returns the SupersetTenants that [`read`] lists, with their namespace.
pub fn listed<'a>(world: &World<'a>) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
    let namespace = world.settings.namespace();
    let objects = match world.settings.kubernetes {
        Some(_) => world.snapshot.objects(&api(DEFAULT_GROUP, DEFAULT_VERSION), namespace),
        None => &[],
    };
    objects.iter().map(move |object| (namespace, object))
}

/// Returns the attributes that declare an object as it is; none where they cannot.
pub fn written(object: &Value) -> Option<Vec<Item>> {
    let config = |field: &str| kube::at(object, &["spec", "supersetConfig", field]);
    let enabled = config("clickhouseEnabled")?.as_bool()?;
    let named = kube::text(object, &["spec", "organization"]) == kube::name_of(object);
    let mut items = Vec::new();
    if !enabled {
        items.push(Item::Attr("enabled".to_owned(), Expr::Bool(false)));
    }
    for (attr, field) in
        [("connection_name", "clickhouseConnectionName"), ("client_version", "clickhouseClientVersion")]
    {
        let text = config(field).and_then(Value::as_str);
        items.extend(text.map(|text| Item::Attr(attr.to_owned(), text.into())));
    }
    named.then_some(items)
}
