//! A user's password: its Secret, and how ClickHouse is told what it holds.

use serde_json::json;

use super::auth;
use super::due::doubt;
use crate::kinds::common::credential::{self, Credential, State};
use crate::kinds::common::kube;
use crate::kinds::{Lowered, Renewal, World};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::{KubeApply, KubeWrite, Op, Part, Probe, Slot, SlotSource, Sql, Text};
use crate::model::settings::KubernetesTarget;
use crate::model::snapshot::Api;
use crate::model::{Addr, Resource, sql};

/// Writes the Secret where it lacks something, and says where the password comes from.
pub fn secret_first(wanted: &Resource, world: &World) -> Lowered {
    let Some(credential) = Credential::of(&wanted.attrs) else { return Lowered::default() };
    let slot = credential::slot(&wanted.addr);
    let length = credential.policy.length as usize;
    match credential.state(world.snapshot) {
        State::Binary(key) => refuse(&wanted.addr, binary(&credential, &key)),
        State::Password { .. } => keys_first(wanted, world),
        state => {
            let mode = match state {
                State::NoSecret => KubeWrite::Create,
                _ => write_mode(&credential, world),
            };
            Lowered {
                ops: vec![write(&credential, &slot, mode)],
                notes: vec![format!(
                    "password: a new one is made when applying and kept in {}",
                    credential.place()
                )],
                fingerprint: Some(slot.clone()),
                slots: [(slot, SlotSource::Generate { length })].into(),
                renewal: Renewal::Alone,
                ..Lowered::default()
            }
        }
    }
}

/// Takes the password that the Secret holds, and writes its other keys where they are not right.
pub fn keys_first(wanted: &Resource, world: &World) -> Lowered {
    let Some(credential) = Credential::of(&wanted.attrs) else { return Lowered::default() };
    let slot = credential::slot(&wanted.addr);
    let wrong = match credential.state(world.snapshot) {
        State::Password { wrong, .. } => wrong,
        _ => Vec::new(),
    };
    let keys = (!wrong.is_empty()).then(|| write(&credential, &slot, write_mode(&credential, world)));
    Lowered {
        ops: keys.into_iter().collect(),
        notes: vec![format!("password: the one that is kept in {}", credential.place())],
        fingerprint: Some(slot.clone()),
        slots: [(slot, credential.source())].into(),
        ..Lowered::default()
    }
}

/// Makes ClickHouse accept what the Secret holds: beside the old password where the server can.
pub fn accept(wanted: &Resource, world: &World, guarded: bool) -> (Op, Option<String>) {
    let slot = credential::slot(&wanted.addr);
    let beside = world.caps().has_several_auth_methods();
    let verb = if beside { "ADD IDENTIFIED" } else { "IDENTIFIED" };
    let mut op = alter(wanted, verb, &[(&slot, "")]);
    if guarded {
        op.unless = Some(login(wanted));
    }
    let note = (!beside).then(|| {
        format!(
            "ClickHouse {} knows one password a user: the old one stops working at once",
            world.caps().version
        )
    });
    (op.into(), note)
}

/// Returns the statement that makes these passwords a user's. The verb `IDENTIFIED` names the whole
/// list of methods, so that the declared ones that are no passwords follow; with `ADD IDENTIFIED`
/// the passwords come beside those that are there. Each has a prefix for its parameters.
pub fn alter(wanted: &Resource, verb: &str, passwords: &[(&Slot, &str)]) -> Sql {
    let head = format!("ALTER USER {} {}", sql::ident(&wanted.identity), verb.trim_end_matches("IDENTIFIED"));
    let passwords = passwords.iter().map(|(slot, prefix)| auth::password(&wanted.attrs, slot, prefix));
    let others = if verb == "IDENTIFIED" { auth::fragments(&wanted.attrs) } else { Vec::new() };
    auth::statement(head.trim_end(), passwords.chain(others).collect(), "")
}

/// Waits until the password that a user ends up with logs in; none where that cannot be proved.
pub fn proof(wanted: &Resource, world: &World) -> Option<Op> {
    doubt(wanted, world).is_none().then(|| Op::Await(login(wanted)))
}

fn login(wanted: &Resource) -> Probe {
    Probe::Login { user: wanted.identity.clone(), slot: credential::slot(&wanted.addr) }
}

/// Writes the credential's keys, all of them: server-side apply drops what a manager leaves out.
pub fn write(credential: &Credential, slot: &Slot, mode: KubeWrite) -> Op {
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

/// Returns how a live Secret is written: at the version that was seen. The keys of the credential
/// are taken from whoever was seen to have them, which is a finding where it is not charter
/// (CH314), and from nobody else.
pub fn write_mode(credential: &Credential, world: &World) -> KubeWrite {
    let object = credential.object(world.snapshot);
    let version = object.map(|object| kube::text(object, &["metadata", "resourceVersion"]).to_owned());
    let keys = credential.keys.keys().map(String::as_str).chain([credential::PASSWORD]);
    let paths = keys.map(|key| format!("f:{key}"));
    let owners = paths.flat_map(|path| object.map(|object| kube::managers(object, &["f:data", &path])));
    let force = owners.flatten().any(|manager| manager != kube::CREDENTIALS_MANAGER);
    KubeWrite::Apply { force, resource_version: version.filter(|version| !version.is_empty()) }
}

/// Returns a finding where a manifest is gone that was applied before: in a folder that is more
/// likely a fresh checkout than a loss, and a new password would lock running pods out of sight.
pub fn lost_manifest(wanted: &Resource, world: &World) -> Option<Finding> {
    let credential = Credential::of(&wanted.attrs).filter(|_| !world.rotation.asks(&wanted.addr))?;
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
                "is it lost? charter rotate {} makes a new password, beside the old one where the server can",
                wanted.addr
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
