//! A user's password: its Secret, and how ClickHouse is told what it holds.

use std::collections::BTreeMap;

use serde_json::json;

use crate::kinds::common::credential::{self, Credential, State};
use crate::kinds::common::kube;
use crate::kinds::{Lowered, World};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::{KubeApply, KubeWrite, Op, Part, Probe, Slot, SlotSource, Sql, Text};
use crate::model::settings::KubernetesTarget;
use crate::model::snapshot::Api;
use crate::model::{Addr, Resource, sql};

/// Writes the Secret where it lacks something, and says where the password comes from.
pub fn secret_first(wanted: &Resource, world: &World) -> Lowered {
    let Some(credential) = Credential::of(&wanted.attrs) else { return Lowered::default() };
    let slot = credential::slot(&wanted.addr);
    let state = credential.state(world.snapshot);
    let source = match &state {
        State::NoSecret | State::NoPassword => SlotSource::Generate { length: credential.length as usize },
        State::Password { .. } => credential.source(),
        State::Binary(key) => return refuse(&wanted.addr, binary(&credential, key)),
    };
    let mut lowered = Lowered {
        fingerprint: Some(slot.clone()),
        slots: [(slot.clone(), source)].into(),
        ..Lowered::default()
    };
    match state {
        State::NoSecret => lowered.ops.push(write(&credential, &slot, KubeWrite::Create)),
        State::Password { wrong, .. } if wrong.is_empty() => {}
        _ => {
            let (mode, notes) = take(&credential, world);
            lowered.ops.push(write(&credential, &slot, mode));
            lowered.notes = notes;
        }
    }
    let made = matches!(lowered.slots.get(&slot), Some(SlotSource::Generate { .. }));
    let which = if made { "a new one is made when applying and kept in" } else { "the one that is kept in" };
    lowered.notes.insert(0, format!("password: {which} {}", credential.place()));
    lowered
}

/// Makes ClickHouse accept what the Secret holds: beside the old password where the server can.
pub fn accept(wanted: &Resource, world: &World, guarded: bool) -> (Op, Option<String>) {
    let slot = credential::slot(&wanted.addr);
    let beside = world.caps().has_several_auth_methods();
    let verb = if beside { "ADD IDENTIFIED" } else { "IDENTIFIED" };
    let statement = format!(
        "ALTER USER {} {verb} WITH sha256_hash BY {{hash:String}} SALT {{salt:String}}",
        sql::ident(&wanted.identity)
    );
    let mut op = hashed(statement, &slot);
    if guarded {
        op.unless = Some(Probe::Login { user: wanted.identity.clone(), slot });
    }
    let note = (!beside).then(|| {
        format!(
            "ClickHouse {} knows one password a user: the old one stops working at once",
            world.caps().version
        )
    });
    (op.into(), note)
}

/// Returns a statement with the hash and salt of a password as parameters, kept out of the query log.
pub fn hashed(statement: String, slot: &Slot) -> Sql {
    let mut sql = Sql::new(statement)
        .param("hash", Text::Slot(slot.clone(), Part::Hash))
        .param("salt", Text::Slot(slot.clone(), Part::Salt));
    sql.settings = BTreeMap::from([("log_queries".to_owned(), "0".to_owned())]);
    sql
}

/// Writes the credential's keys, all of them: server-side apply drops what a manager leaves out.
fn write(credential: &Credential, slot: &Slot, mode: KubeWrite) -> Op {
    let texts = credential.keys.iter().map(|(key, text)| (key.clone(), Text::Plain(text.clone())));
    let password = (credential::PASSWORD.to_owned(), Text::Slot(slot.clone(), Part::Password));
    let mut metadata = json!({"name": credential.name, "namespace": credential.namespace});
    if mode == KubeWrite::Create {
        metadata["labels"] = json!({kube::MANAGED_BY: kube::MANAGER});
    }
    let apply = KubeApply {
        api: Api::secrets(),
        namespace: credential.namespace.clone(),
        name: credential.name.clone(),
        manager: kube::CREDENTIALS_MANAGER.to_owned(),
        object: json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "type": "Opaque",
        }),
        data: texts.chain([password]).collect(),
        mode,
        prune: Vec::new(),
    };
    apply.into()
}

/// Returns how a live Secret is written, and whom its keys are taken from.
fn take(credential: &Credential, world: &World) -> (KubeWrite, Vec<String>) {
    let object = credential.object(world.snapshot);
    let version = object.map(|object| kube::text(object, &["metadata", "resourceVersion"]).to_owned());
    let keys = credential.keys.keys().map(String::as_str).chain([credential::PASSWORD]);
    let managers: Vec<String> = object
        .map(|object| {
            keys.flat_map(|key| kube::other_managers(object, &["f:data", &format!("f:{key}")])).collect()
        })
        .unwrap_or_default();
    let notes =
        managers.first().map(|manager| format!("keys of the Secret are taken from field manager {manager}"));
    let version = version.filter(|version| !version.is_empty());
    (KubeWrite::Apply { force: true, resource_version: version }, notes.into_iter().collect())
}

/// Returns a finding where a manifest is gone that was applied before: in a folder that is more
/// likely a fresh checkout than a loss, and a new password would lock running pods out of sight.
pub fn lost_manifest(wanted: &Resource, world: &World) -> Option<Finding> {
    let credential = Credential::of(&wanted.attrs)?;
    let folder = match &world.settings.kubernetes.as_ref()?.target {
        KubernetesTarget::Manifests(folder) => folder,
        KubernetesTarget::Context { .. } | KubernetesTarget::InCluster => return None,
    };
    (credential.state(world.snapshot) == State::NoSecret).then(|| {
        let (expected, found) = (format!("{} in {folder}", credential.place()), "no such manifest");
        Finding::new("CH312", Severity::Error, Category::Secrets, "the manifest of a Secret is missing")
            .compare(expected, found)
            .help(format!("a fresh checkout? put the manifests of the last apply back into {folder}"))
            .help(format!(
                "is it lost? DROP USER {} and apply: user and Secret are made again, with a new password",
                sql::ident(&wanted.identity)
            ))
    })
}

fn binary(credential: &Credential, key: &str) -> Finding {
    let place = credential.place();
    Finding::new(
        "CH310",
        Severity::Error,
        Category::Secrets,
        "a key of a Secret holds bytes that are no text",
    )
    .compare(format!("{place}: text under {key}"), format!("{place}: bytes that are no UTF-8 under {key}"))
    .help(format!("delete key {key} of the Secret, and apply makes a new password; or write the right text"))
}

/// Returns that nothing is done, and why.
pub fn refuse(addr: &Addr, finding: Finding) -> Lowered {
    Lowered { findings: vec![finding.at(addr)], ..Lowered::default() }
}
