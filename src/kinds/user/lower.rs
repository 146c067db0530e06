//! The operations of a user and its password, in an order in which a crash is mended by the next
//! run.

use super::clauses::clauses;
use super::due::{KEYS, PASSWORD, due};
use super::observe::CONVENTIONAL;
use super::password::{accept, hashed, keys_first, lost_manifest, refuse, secret_first};
use super::rotate;
use crate::kinds::common::credential;
use crate::kinds::{Change, Lowered, Renewal, World};
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::{SlotSource, Sql};
use crate::model::{Action, Attrs, Resource, Value, sql};

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
    lowered.renewal = Renewal::Alone;
    lowered
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
    lowered.renewal = rotate::adopted(wanted, world, kept);
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
    if differs(PASSWORD) {
        if let Some(finding) = lost_manifest(wanted, world) {
            return refuse(change.addr, finding);
        }
        lowered = due(wanted, world).map(|due| rotate::lower(wanted, world, &due)).unwrap_or_default();
    } else if differs(KEYS) {
        lowered = keys_first(wanted, world);
    }
    let differing: Vec<&str> = change.diff.iter().map(|diff| diff.attr.as_str()).collect();
    let clauses = clauses(&wanted.attrs, Some(&differing));
    if !clauses.is_empty() {
        lowered.ops.push(Sql::new(format!("ALTER USER {} {clauses}", sql::ident(&wanted.identity))).into());
    }
    lowered
}

/// Tells that a user is one of users.xml.
pub fn read_only(user: &str) -> Finding {
    Finding::new("CH231", Severity::Error, Category::Access, "this user lives in users.xml and is read-only")
        .compare(format!("{user} in a storage that SQL can write"), format!("{user} in users_xml (code 495)"))
        .help("remove it from users.xml (or users.d) on the server, or give the declared user another name")
}
