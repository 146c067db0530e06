//! The operations of a user and its password, in an order in which a crash is mended by the next
//! run.

use std::collections::BTreeMap;

use serde_json::json;

use super::observe::{CONVENTIONAL, KEYS, PASSWORD};
use crate::kinds::common::credential::{self, Credential, State};
use crate::kinds::common::kube;
use crate::kinds::common::user::{ANY_HOST, LOCAL_HOST};
use crate::kinds::{Change, Lowered, World};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::{KubeApply, KubeWrite, Op, Part, Probe, Slot, SlotSource, Sql, Text};
use crate::model::settings::KubernetesTarget;
use crate::model::snapshot::Api;
use crate::model::{Action, Addr, Attrs, Resource, Value, sql};

/// Lowers a change of a user.
pub fn lower(change: &Change, world: &World) -> Lowered {
    if change.live.is_some_and(is_read_only) {
        return refuse(change.addr, read_only(change.identity));
    }
    match (change.action, change.wanted) {
        (Action::Delete, _) => {
            Lowered::ops([Sql::new(format!("DROP USER {}", sql::ident(change.identity))).into()])
        }
        (Action::Create, Some(wanted)) => create(wanted, world),
        (Action::Adopt, Some(wanted)) => adopt(wanted, change.live, world),
        (Action::Update, Some(wanted)) => update(change, wanted, world),
        _ => Lowered::default(),
    }
}

/// Returns whether a live user is one of users.xml, which no statement can change.
pub fn is_read_only(live: &Attrs) -> bool {
    live.get("storage").and_then(Value::as_str) == Some("users_xml")
}

fn create(wanted: &Resource, world: &World) -> Lowered {
    let statement = format!(
        "CREATE USER {} IDENTIFIED WITH sha256_hash BY {{hash:String}} SALT {{salt:String}} {}",
        sql::ident(&wanted.identity),
        clauses(&wanted.attrs, None),
    );
    let slot = credential::slot(&wanted.addr);
    let mut lowered = secret_first(wanted, world);
    lowered.ops.push(hashed(statement, &slot).into());
    lowered
}

/// Writes the Secret where it lacks something, and says where the password comes from.
fn secret_first(wanted: &Resource, world: &World) -> Lowered {
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
fn accept(wanted: &Resource, world: &World, guarded: bool) -> (Op, Option<String>) {
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

/// Returns the clauses that bring nobody's user to charter's conventions.
fn conventional(wanted: &Attrs, live: Option<&Attrs>) -> String {
    let differs = |attr: &&str| live.is_some_and(|live| live.get(*attr) != wanted.get(*attr));
    let differing: Vec<&str> = CONVENTIONAL.iter().copied().filter(differs).collect();
    clauses(wanted, Some(&differing))
}

fn adopt(wanted: &Resource, live: Option<&Attrs>, world: &World) -> Lowered {
    let mut lowered = secret_first(wanted, world);
    if !lowered.findings.is_empty() || lowered.slots.is_empty() {
        return lowered;
    }
    let kept = lowered.slots.values().any(|source| matches!(source, SlotSource::Secret { .. }));
    let (op, note) = accept(wanted, world, kept);
    lowered.ops.push(op);
    lowered.notes.extend(note);
    let conventional = conventional(&wanted.attrs, live);
    if !conventional.is_empty() {
        lowered
            .ops
            .push(Sql::new(format!("ALTER USER {} {conventional}", sql::ident(&wanted.identity))).into());
        lowered.notes.push(format!("set by convention: {conventional}"));
    }
    lowered.notes.push(if kept {
        "its password is kept: ClickHouse is told it only if it does not log in".to_owned()
    } else {
        "nobody kept its password: a new one is added beside it".to_owned()
    });
    lowered
}

fn update(change: &Change, wanted: &Resource, world: &World) -> Lowered {
    let differs = |attr: &str| change.diff.iter().any(|diff| diff.attr == attr);
    let mut lowered = Lowered::default();
    if differs(PASSWORD) || differs(KEYS) {
        if let Some(finding) = lost_manifest(wanted, world) {
            return refuse(change.addr, finding);
        }
        lowered = secret_first(wanted, world);
    }
    if differs(PASSWORD) && lowered.findings.is_empty() {
        let (op, note) = accept(wanted, world, true);
        lowered.ops.push(op);
        lowered.notes.extend(note);
        let slot = credential::slot(&wanted.addr);
        lowered.ops.push(Op::Await(Probe::Login { user: wanted.identity.clone(), slot }));
    }
    let differing: Vec<&str> = change.diff.iter().map(|diff| diff.attr.as_str()).collect();
    let clauses = clauses(&wanted.attrs, Some(&differing));
    if !clauses.is_empty() {
        lowered.ops.push(Sql::new(format!("ALTER USER {} {clauses}", sql::ident(&wanted.identity))).into());
    }
    lowered
}

/// Returns the clauses of a user, all of them or those that differ, in the order of the grammar.
fn clauses(attrs: &Attrs, only: Option<&[&str]>) -> String {
    let wanted = |attr: &str| only.is_none_or(|differing| differing.contains(&attr));
    let mut clauses = Vec::new();
    if wanted("hosts") {
        let hosts: Vec<&str> =
            attrs.get("hosts").map_or(&[][..], Value::items).iter().filter_map(Value::as_str).collect();
        clauses.push(if hosts.is_empty() || hosts == [ANY_HOST] {
            "HOST ANY".to_owned()
        } else {
            let clause = |host: &&str| match *host {
                LOCAL_HOST => "LOCAL".to_owned(),
                address => format!("IP {}", sql::literal(address)),
            };
            let hosts: Vec<String> = hosts.iter().map(clause).collect();
            format!("HOST {}", hosts.join(", "))
        });
    }
    if only.is_some() && wanted("default_roles") {
        clauses.push("DEFAULT ROLE ALL".to_owned());
    }
    let database = attrs.get("default_database").and_then(Value::as_str).unwrap_or_default();
    if wanted("default_database") && !database.is_empty() {
        clauses.push(format!("DEFAULT DATABASE {}", sql::ident(database)));
    } else if only.is_some() && wanted("default_database") {
        clauses.push("DEFAULT DATABASE NONE".to_owned());
    }
    if wanted("grantees") {
        clauses.push("GRANTEES NONE".to_owned());
    }
    clauses.join(" ")
}

/// Returns a statement with the hash and salt of a password as parameters, kept out of the query log.
fn hashed(statement: String, slot: &Slot) -> Sql {
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
fn lost_manifest(wanted: &Resource, world: &World) -> Option<Finding> {
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

/// Tells that a user is one of users.xml.
pub fn read_only(user: &str) -> Finding {
    Finding::new("CH231", Severity::Error, Category::Access, "this user lives in users.xml and is read-only")
        .compare(format!("{user} in a storage that SQL can write"), format!("{user} in users_xml (code 495)"))
        .help("remove it from users.xml (or users.d) on the server, or give the declared user another name")
}

fn refuse(addr: &Addr, finding: Finding) -> Lowered {
    Lowered { findings: vec![finding.at(addr)], ..Lowered::default() }
}
