//! The operations of a short-lived user: on creation the Secret comes first, if one keeps the
//! password, so that nobody's user is left where the cluster refuses it.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Issued, LABEL, issue, secret_of};
use crate::kinds::common::kube;
use crate::kinds::{Change, Lowered, World};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::{KubeApply, KubeDelete, KubeWrite, Op, Part, Slot, SlotSource, Sql, Text};
use crate::model::snapshot::Api;
use crate::model::{Action, Resource, Value, sql};

/// The field manager of the Secrets that are made for short-lived users.
const MANAGER: &str = "charter-issued";

/// How many characters a password has.
const LENGTH: usize = 32;

/// Lowers a change of a short-lived user.
pub fn lower(change: &Change, world: &World) -> Lowered {
    match (change.action, change.wanted) {
        (Action::Delete, _) => remove(change, world),
        (Action::Create, Some(wanted)) => create(wanted, world),
        _ => Lowered::default(),
    }
}

fn create(wanted: &Resource, world: &World) -> Lowered {
    let slot = issue::slot(&wanted.addr);
    let (name, role) = (sql::ident(&wanted.identity), sql::ident(wanted.text("role")));
    let hosts: Vec<String> = wanted
        .attrs
        .get("hosts")
        .map_or(&[][..], Value::items)
        .iter()
        .filter_map(Value::as_str)
        .map(|host| format!("IP {}", sql::literal(host)))
        .collect();
    let hosts = if hosts.is_empty() { "ANY".to_owned() } else { hosts.join(", ") };
    let until = sql::literal(wanted.text("valid_until"));
    let mut user = Sql::new(format!(
        "CREATE USER {name} IDENTIFIED WITH sha256_hash BY {{hash:String}} SALT {{salt:String}} VALID UNTIL {until} HOST {hosts} GRANTEES NONE"
    ))
    .param("hash", Text::Slot(slot.clone(), Part::Hash))
    .param("salt", Text::Slot(slot.clone(), Part::Salt));
    user.settings = BTreeMap::from([("log_queries".to_owned(), "0".to_owned())]);
    let secret = match secret_of(&wanted.attrs) {
        Some((namespace, secret)) => match write(wanted, &namespace, &secret, &slot, world) {
            Ok(op) => Some(op),
            Err(finding) => return Lowered { findings: vec![*finding], ..Lowered::default() },
        },
        None => None,
    };
    let ops = secret.into_iter().chain([user.into(), Sql::new(format!("GRANT {role} TO {name}")).into()]);
    Lowered { slots: [(slot, SlotSource::Generate { length: LENGTH })].into(), ..Lowered::ops(ops) }
}

/// Writes the Secret: a new one, or one that was made for another short-lived user; nothing else is
/// ever taken.
fn write(
    wanted: &Resource,
    namespace: &str,
    name: &str,
    slot: &Slot,
    world: &World,
) -> Result<Op, Box<Finding>> {
    let mode = match kube::find(world.snapshot, &Api::secrets(), namespace, name) {
        None => KubeWrite::Create,
        Some(object) if label(object).is_empty() => return Err(Box::new(taken(wanted, namespace, name))),
        Some(object) => {
            let version = kube::text(object, &["metadata", "resourceVersion"]);
            let resource_version = Some(version.to_owned()).filter(|version| !version.is_empty());
            KubeWrite::Apply { force: false, resource_version }
        }
    };
    let apply = KubeApply {
        api: Api::secrets(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        manager: MANAGER.to_owned(),
        object: json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {kube::MANAGED_BY: kube::MANAGER, LABEL: wanted.identity},
                "annotations": {"charter.dev/valid-until": wanted.text("valid_until")},
            },
            "type": "Opaque",
        }),
        data: [
            ("username".to_owned(), Text::Plain(wanted.identity.clone())),
            ("password".to_owned(), Text::Slot(slot.clone(), Part::Password)),
        ]
        .into(),
        mode,
        prune: Vec::new(),
    };
    Ok(apply.into())
}

fn taken(wanted: &Resource, namespace: &str, name: &str) -> Finding {
    let summary = format!("Secret {namespace}/{name} exists and was not made for a short-lived user");
    Finding::new("CH342", Severity::Error, Category::Secrets, summary)
        .at(&wanted.addr)
        .help("name another Secret: what others keep in theirs is never overwritten")
}

fn label(object: &Value) -> &str {
    kube::text(object, &["metadata", "labels", LABEL])
}

/// Returns the Secret that was made for a user and still is that user's.
pub fn made_for<'a>(user: &str, namespace: &str, secret: &str, world: &World<'a>) -> Option<&'a Value> {
    let object = kube::find(world.snapshot, &Api::secrets(), namespace, secret)?;
    (label(object) == user).then_some(object)
}

fn remove(change: &Change, world: &World) -> Lowered {
    let issued = change.entry.and_then(Issued::of);
    let live = |name: &str| change.live.and_then(|live| live.get(name)).and_then(Value::as_str);
    let drop = live("storage").map(|_| Sql::new(format!("DROP USER {}", sql::ident(change.identity))).into());
    let secret = issued.as_ref().and_then(|issued| issued.secret.clone()).zip(live("secret_uid"));
    let delete = secret.map(|((namespace, name), uid)| {
        let uid = Some(uid.to_owned()).filter(|uid| !uid.is_empty());
        Op::KubeDelete(KubeDelete { api: Api::secrets(), namespace, name, uid })
    });
    let reason = issued.map(|issued| issued.ended(world).unwrap_or_else(|| "revoked before its end".into()));
    Lowered { notes: reason.into_iter().collect(), ..Lowered::ops(drop.into_iter().chain(delete)) }
}
