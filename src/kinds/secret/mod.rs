//! Kubernetes Secrets: labels and data. The keys of a credential are their user's matter, with a
//! field manager of their own, so that applying the rest never drops them.

mod lower;
#[cfg(test)]
mod tests;
mod unseen;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Diagnostic;
use crate::kinds::common::kube::{self, Held};
use crate::kinds::common::{credential, decode, kept};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::kinds::{Change, DecodeCx, Instance, Kind, Lowered, World, Writer};
use crate::model::block::Block;
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::resource::Declared;
use crate::model::schema::{BlockSchema, Type};
use crate::model::snapshot::{Api, Caps, Read};
use crate::model::{Attrs, Category, Cause, Finding, Resource, Settings, Step, Value, names};

/// The kind.
pub struct Secret;

const NAME: &str = "secret";

impl Kind for Secret {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = BlockSchema::default()
            .optional("name", Type::String, "The Secret's name; the label where it is absent.")
            .optional(
                "namespace",
                Type::String,
                "Its namespace; that of the kubernetes block where it is absent.",
            )
            .optional("credentials", Type::Ref(&["user"]), "The user whose name and password it keeps.")
            .optional("data", Type::String.map(), "What it holds besides.")
            .optional("labels", Type::String.map(), "Its labels.")
            .accepts_sensitive(&["data"])
            .ignorable(&["data", "labels"])
            .exports(&["name", "namespace"]);
        Some(schema)
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        if !decode::need_kubernetes(cx, block.body.span) {
            return Declared::default();
        }
        let body = &block.body;
        let (name, span) = decode::name_of(block, "name");
        let namespace = body.string("namespace").unwrap_or(cx.settings.namespace()).to_owned();
        let good = decode::check_name(cx, "name of a Kubernetes object", &name, names::dns_subdomain, span)
            & decode::check_name(cx, "namespace", &namespace, names::dns1123, body.span_of("namespace"));
        if !good {
            return Declared::default();
        }
        let map =
            |attr: &str| body.get(attr).and_then(|attr| attr.value.as_map()).cloned().unwrap_or_default();
        let (data, labels) = (map("data"), map("labels"));
        check_data(block, &data, cx);
        let mut secret =
            crate::kinds::common::secret::resource(block.addr.clone(), &namespace, &name, body.span);
        if !data.is_empty() {
            secret = secret.with("data", Value::Map(data));
        }
        if !labels.is_empty() {
            secret = secret.with("labels", Value::Map(labels));
        }
        if let Some(Value::Ref { addr, .. }) = body.get("credentials").map(|attr| &attr.value) {
            secret = secret.with(credential::CREDENTIALS_OF, addr.to_string()).after(addr.clone());
        } else if let Some(attr) = body.get("credentials") {
            cx.diags.push(
                Diagnostic::error("only the credentials of a declared user can be kept")
                    .at(attr.span, "a name is not enough")
                    .help("refer to a `user` block: credentials = user.<label>"),
            );
        }
        let exports =
            [("name".to_owned(), Value::from(name)), ("namespace".to_owned(), Value::from(namespace))];
        Declared { resources: vec![secret], exports: exports.into() }
    }

    fn category(&self) -> Category {
        Category::Secrets
    }

    fn reads(&self, wanted: &[&Resource], owned: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        let declared = wanted.iter().map(|secret| secret.text("namespace").to_owned());
        let owned = owned.iter().filter_map(|entry| Some(entry.identity.split_once('/')?.0.to_owned()));
        let namespaces: BTreeSet<String> = declared.chain(owned).collect();
        namespaces.into_iter().map(|namespace| Read::Objects { api: Api::secrets(), namespace }).collect()
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        if world.snapshot.withholds(&Api::secrets()) {
            return unseen::observe(identities, world);
        }
        let secrets = world.snapshot.objects.iter().filter(|((api, _), _)| *api == Api::secrets());
        let mut observed = BTreeMap::new();
        for (_, namespace) in secrets.map(|(key, _)| key) {
            for object in world.snapshot.objects(&Api::secrets(), namespace) {
                let identity = format!("{namespace}/{}", kube::name_of(object));
                if identities.contains(identity.as_str()) {
                    observed.insert(identity, attrs(object, namespace));
                }
            }
        }
        observed
    }

    fn diff(&self, wanted: &Resource, live: &Attrs, world: &World) -> Vec<AttrDiff> {
        if world.snapshot.withholds(&Api::secrets()) {
            return unseen::diff(wanted, live);
        }
        let managed = ["labels", "data"].iter().flat_map(|attr| declared_entries(wanted, live, attr));
        let recorded = world.registry.mine(NAME, &wanted.identity);
        let dropped = recorded.map(|entry| lower::dropped(entry, wanted, live)).unwrap_or_default();
        managed.chain(dropped.into_iter().map(|(_, diff)| diff)).collect()
    }

    /// The credentials of a user are there before it, and some of its entries may not be.
    fn may_have_made(&self, resource: &Resource, live: &Attrs, world: &World) -> bool {
        self.diff(resource, live, world).iter().all(|diff| diff.before.is_null())
    }

    fn show(&self, attrs: &Attrs) -> Attrs {
        // Namespace and name are its identity; whose credentials it keeps is that user's to say.
        let mut shown = attrs.clone();
        shown.retain(|name, _| matches!(name.as_str(), "labels" | "data"));
        shown
    }

    fn find_reads(&self, wanted: &[&Resource], settings: &Settings, caps: &Caps) -> Vec<Read> {
        self.reads(wanted, &[], settings, caps).into_iter().chain(kept::read(settings)).collect()
    }

    fn find(&self, cx: &FindCx) -> Inventory {
        write::find(cx)
    }

    fn write(&self, groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
        write::write(groups, cx)
    }

    fn lower(&self, change: &Change, world: &World) -> Lowered {
        lower::lower(change, world)
    }

    fn statement_names(&self, _: &str, _: &Cause) -> Vec<String> {
        Vec::new()
    }

    fn writers(&self, wanted: &Resource, attr: &str, world: &World) -> Option<Vec<Writer>> {
        let (namespace, name) = (wanted.text("namespace"), wanted.text("name"));
        let object = kube::find(world.snapshot, &Api::secrets(), namespace, name)?;
        let path = lower::field(attr)?;
        kube::writers(object, &path.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn survey(&self, wanted: &[&Resource], world: &World) -> Vec<Finding> {
        unseen::told(wanted.len(), world).into_iter().collect()
    }

    fn review(&self, _: &[Step], world: &World) -> Vec<Finding> {
        let declared = world.desired.resources.values();
        unseen::told(declared.filter(|resource| resource.kind == NAME).count(), world).into_iter().collect()
    }
}

/// Reports data that would overwrite the keys of a credential.
fn check_data(block: &Instance, data: &BTreeMap<String, Value>, cx: &mut DecodeCx) {
    let Some(span) = block.body.get("data").map(|attr| attr.span) else { return };
    let keeps = block.body.get("credentials").is_some();
    for key in data.keys() {
        let taken =
            [credential::USERNAME, credential::PASSWORD, credential::DATABASE].contains(&key.as_str());
        if keeps && taken {
            cx.diags.push(
                Diagnostic::error("a key of the credential is declared as data")
                    .at(span, format!("{key:?} is written by `credentials`"))
                    .help("leave the key out, or give it another name"),
            );
        }
        if !key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            || key.is_empty()
            || key.len() > 253
        {
            cx.diags.push(
                Diagnostic::error("this is not a key of a Secret")
                    .at(span, format!("{key:?}: letters, digits, -, _ and . only")),
            );
        }
    }
}

/// Returns what is there of a Secret.
fn attrs(object: &Value, namespace: &str) -> Attrs {
    let keys = kube::at(object, &["data"]).and_then(Value::as_map);
    let data = keys.into_iter().flatten().map(|(key, _)| {
        let text = match kube::held(object, key) {
            Some(Held::Text(text)) => Value::Secret(text),
            _ => Value::Null,
        };
        (key.clone(), text)
    });
    let labels = kube::at(object, &["metadata", "labels"]).cloned().unwrap_or(Value::Map(BTreeMap::new()));
    Attrs::from([
        ("namespace".to_owned(), namespace.into()),
        ("name".to_owned(), kube::name_of(object).into()),
        ("labels".to_owned(), labels),
        ("data".to_owned(), Value::Map(data.collect())),
        ("uid".to_owned(), kube::text(object, &["metadata", "uid"]).into()),
    ])
}

/// Compares the declared entries of a map, one by one: what else is there is other managers'.
fn declared_entries(wanted: &Resource, live: &Attrs, attr: &str) -> Vec<AttrDiff> {
    let entries = wanted.attrs.get(attr).and_then(Value::as_map).into_iter().flatten();
    let found = |key: &str| live.get(attr).and_then(|map| map.get(key)).cloned().unwrap_or(Value::Null);
    let text = |value: &Value| match value {
        Value::Secret(secret) => Some(secret.expose().to_owned()),
        other => other.as_str().map(str::to_owned),
    };
    let differing = entries.filter(|(key, value)| text(&found(key)) != text(value));
    differing
        .map(|(key, value)| AttrDiff {
            attr: format!("{attr}.{key}"),
            before: found(key),
            after: value.clone(),
        })
        .collect()
}
