//! SupersetTenants: the custom resource by which Superset's operator connects a tenant.
//!
//! The fields of `spec` that are declared are compared; the rest, and all of `status`, is the
//! operator's. Its `Ready` condition is told by `check`.

#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::kinds::common::superset::{self, KIND};
use crate::kinds::common::{decode, kube};
use crate::kinds::found::{FindCx, Group, Inventory, WriteCx};
use crate::kinds::{Change, DecodeCx, Instance, Kind, Lowered, World, Writer};
use crate::model::block::Block;
use crate::model::finding::{Finding, Severity};
use crate::model::op::{KubeApply, KubeDelete, KubeWrite, Op};
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::resource::Declared;
use crate::model::schema::{BlockSchema, Type};
use crate::model::snapshot::{Api, Caps, Read};
use crate::model::{Action, Attrs, Category, Cause, Resource, Settings, Value, names};

/// The kind.
pub struct SupersetTenant;

impl Kind for SupersetTenant {
    fn name(&self) -> &'static str {
        KIND
    }

    fn schema(&self) -> Option<BlockSchema> {
        let schema = superset::schema()
            .optional(
                "organization",
                Type::String,
                "The organization, and the object's name; the label where absent.",
            )
            .optional(
                "namespace",
                Type::String,
                "Its namespace; that of the kubernetes block where it is absent.",
            )
            .exports(&["name", "namespace"]);
        Some(schema)
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        if !decode::need_kubernetes(cx, block.body.span) {
            return Declared::default();
        }
        let (organization, span) = decode::name_of(block, "organization");
        let namespace = block.body.string("namespace").unwrap_or(cx.settings.namespace()).to_owned();
        let good = decode::check_name(cx, "organization", &organization, names::dns1123, span)
            & decode::check_name(
                cx,
                "namespace",
                &namespace,
                names::dns1123,
                block.body.span_of("namespace"),
            );
        if !good {
            return Declared::default();
        }
        let resource =
            superset::resource(block.addr.clone(), &namespace, &organization, &block.body, block.body.span);
        let exports = [
            ("name".to_owned(), Value::from(organization)),
            ("namespace".to_owned(), Value::from(namespace)),
        ];
        Declared { resources: vec![resource], exports: exports.into() }
    }

    fn category(&self) -> Category {
        Category::Readiness
    }

    fn reads(&self, wanted: &[&Resource], owned: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        let declared =
            wanted.iter().map(|resource| (api_of(&resource.attrs), resource.text("namespace").to_owned()));
        let owned = owned.iter().filter_map(|entry| {
            let text = |name: &str| entry.spec.pointer(&format!("/attrs/{name}"))?.as_str();
            Some((superset::api(text("group")?, text("version")?), text("namespace")?.to_owned()))
        });
        let lists: BTreeSet<_> = declared.chain(owned).collect();
        lists.into_iter().map(|(api, namespace)| Read::Objects { api, namespace }).collect()
    }

    fn observe(&self, identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
        let mut observed = BTreeMap::new();
        for (api, namespace) in world.snapshot.objects.keys().filter(|(api, _)| api.kind == "SupersetTenant")
        {
            for object in world.snapshot.objects(api, namespace) {
                let identity = format!("{namespace}/{}", kube::name_of(object));
                if identities.contains(identity.as_str()) {
                    observed.insert(identity, attrs(object, api, namespace));
                }
            }
        }
        observed
    }

    fn diff(&self, wanted: &Resource, live: &Attrs, _: &World) -> Vec<AttrDiff> {
        let (Some(declared), found) = (wanted.attrs.get("spec"), live.get("spec")) else { return Vec::new() };
        let mut diff = Vec::new();
        compare("spec", declared, found.unwrap_or(&Value::Null), &mut diff);
        diff
    }

    fn show(&self, attrs: &Attrs) -> Attrs {
        let mut shown = Attrs::new();
        if let Some(spec) = attrs.get("spec") {
            flatten("spec", spec, &mut shown);
        }
        shown
    }

    fn find_reads(&self, wanted: &[&Resource], settings: &Settings, caps: &Caps) -> Vec<Read> {
        self.reads(wanted, &[], settings, caps).into_iter().chain(superset::read(settings)).collect()
    }

    fn find(&self, cx: &FindCx) -> Inventory {
        write::find(cx)
    }

    fn write(&self, groups: &[&Group], cx: &WriteCx) -> Vec<Vec<Block>> {
        write::write(groups, cx)
    }

    fn lower(&self, change: &Change, world: &World) -> Lowered {
        match (change.action, change.wanted) {
            (Action::Delete, _) => Lowered::ops(delete(change)),
            (Action::Create, Some(wanted)) => match missing_crd(wanted, world) {
                Some(finding) => Lowered { findings: vec![finding.at(change.addr)], ..Lowered::default() },
                None => Lowered::ops([write(wanted, KubeWrite::Create)]),
            },
            (Action::Update, Some(wanted)) if !change.diff.is_empty() => update(change, wanted, world),
            _ => Lowered::default(),
        }
    }

    fn statement_names(&self, _: &str, _: &Cause) -> Vec<String> {
        Vec::new()
    }

    fn writers(&self, wanted: &Resource, attr: &str, world: &World) -> Option<Vec<Writer>> {
        let (namespace, name) = (wanted.text("namespace"), wanted.text("name"));
        let object = kube::find(world.snapshot, &api_of(&wanted.attrs), namespace, name)?;
        let path: Vec<String> = attr.split('.').map(|part| format!("f:{part}")).collect();
        kube::writers(object, &path.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn findings(&self, wanted: &Resource, live: Option<&Attrs>, _: &World) -> Vec<Finding> {
        live.and_then(|live| readiness(wanted, live)).into_iter().collect()
    }
}

fn api_of(attrs: &Attrs) -> Api {
    let text = |name: &str| attrs.get(name).and_then(Value::as_str).unwrap_or_default();
    superset::api(text("group"), text("version"))
}

fn attrs(object: &Value, api: &Api, namespace: &str) -> Attrs {
    let member = |path: &[&str]| kube::at(object, path).cloned().unwrap_or(Value::Null);
    Attrs::from([
        ("namespace".to_owned(), namespace.into()),
        ("name".to_owned(), kube::name_of(object).into()),
        ("group".to_owned(), api.group.as_str().into()),
        ("version".to_owned(), api.version.as_str().into()),
        ("spec".to_owned(), member(&["spec"])),
        ("conditions".to_owned(), member(&["status", "conditions"])),
        ("uid".to_owned(), member(&["metadata", "uid"])),
    ])
}

/// Compares the declared leaves of a value, deep inside maps; what else is there is ignored.
fn compare(path: &str, declared: &Value, found: &Value, into: &mut Vec<AttrDiff>) {
    match declared {
        Value::Map(entries) => {
            for (key, value) in entries {
                compare(&format!("{path}.{key}"), value, found.get(key).unwrap_or(&Value::Null), into);
            }
        }
        leaf if leaf != found => {
            into.push(AttrDiff { attr: path.to_owned(), before: found.clone(), after: leaf.clone() });
        }
        _ => {}
    }
}

/// Writes a value out leaf by leaf, each under its path.
fn flatten(path: &str, value: &Value, into: &mut Attrs) {
    match value {
        Value::Map(entries) => {
            entries.iter().for_each(|(key, value)| flatten(&format!("{path}.{key}"), value, into));
        }
        leaf => _ = into.insert(path.to_owned(), leaf.clone()),
    }
}

fn update(change: &Change, wanted: &Resource, world: &World) -> Lowered {
    let object =
        kube::find(world.snapshot, &api_of(&wanted.attrs), wanted.text("namespace"), wanted.text("name"));
    let mut managers: Vec<String> = Vec::new();
    for (object, diff) in
        object.into_iter().flat_map(|object| change.diff.iter().map(move |diff| (object, diff)))
    {
        let path: Vec<String> = diff.attr.split('.').map(|part| format!("f:{part}")).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        managers.extend(kube::other_managers(object, &path));
    }
    managers.sort();
    managers.dedup();
    let mode = KubeWrite::Apply { force: !managers.is_empty(), resource_version: None };
    let notes =
        managers.iter().map(|manager| format!("fields are taken from field manager {manager}")).collect();
    Lowered { notes, ..Lowered::ops([write(wanted, mode)]) }
}

fn write(wanted: &Resource, mode: KubeWrite) -> Op {
    let api = api_of(&wanted.attrs);
    let (namespace, name) = (wanted.text("namespace"), wanted.text("name"));
    let spec = wanted.attrs.get("spec").map_or(serde_json::Value::Null, Value::to_json);
    let apply = KubeApply {
        object: json!({
            "apiVersion": api.api_version(),
            "kind": api.kind,
            "metadata": {"name": name, "namespace": namespace, "labels": {kube::MANAGED_BY: "charter"}},
            "spec": spec,
        }),
        api,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        manager: kube::MANAGER.to_owned(),
        data: BTreeMap::new(),
        mode,
        prune: Vec::new(),
    };
    apply.into()
}

fn delete(change: &Change) -> Option<Op> {
    let live = change.live?;
    let (namespace, name) = change.identity.split_once('/')?;
    let uid = live.get("uid").and_then(Value::as_str).filter(|uid| !uid.is_empty());
    Some(Op::KubeDelete(KubeDelete {
        api: api_of(live),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: uid.map(str::to_owned),
    }))
}

fn missing_crd(wanted: &Resource, world: &World) -> Option<Finding> {
    let api = api_of(&wanted.attrs);
    if world.snapshot.knows(&api, wanted.text("namespace")) {
        return None;
    }
    let finding = Finding::new(
        "CH320",
        Severity::Error,
        Category::Readiness,
        "the cluster does not know this kind of object",
    )
    .compare(format!("{} {}", api.api_version(), api.kind), "no such kind: its CRD is missing")
    .help("install Superset's operator, or its CRD alone: kubectl apply -f supersettenant.crd.yaml")
    .help(
        "does the operator use another group or version? say so: superset { group = \"…\" version = \"…\" }",
    );
    Some(finding)
}

/// Returns what the operator says of an object that is not ready.
fn readiness(wanted: &Resource, live: &Attrs) -> Option<Finding> {
    let conditions = live.get("conditions").map_or(&[][..], Value::items);
    let ready = conditions.iter().find(|condition| kube::text(condition, &["type"]) == "Ready");
    let finding = |severity, summary: &str, found: String| {
        Finding::new("CH321", severity, Category::Readiness, summary)
            .at(&wanted.addr)
            .compare("condition Ready is True", found)
    };
    let Some(condition) = ready else {
        let note = finding(Severity::Note, "readiness is unknown", "no condition Ready yet".into());
        return Some(note.help("does Superset's operator run? it reports in the object's status"));
    };
    match kube::text(condition, &["status"]) {
        "True" => None,
        status => {
            let (reason, message) = (kube::text(condition, &["reason"]), kube::text(condition, &["message"]));
            let severity = if status == "False" { Severity::Drift } else { Severity::Note };
            let found = format!("Ready is {status}: {reason}: {message}");
            let help = format!(
                "kubectl -n {} describe supersettenant {}",
                wanted.text("namespace"),
                wanted.text("name")
            );
            Some(finding(severity, "Superset's operator says that the tenant is not ready", found).help(help))
        }
    }
}
