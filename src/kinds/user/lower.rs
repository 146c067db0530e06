//! The operations of a user and its password, in an order in which a crash is mended by the next
//! run. An attribute that drifted is set in place, by one `ALTER USER` for all that differ: a user
//! is never dropped and made again, which would lose what refers to it.

use super::clauses::{clauses, listed_roles};
use super::due::{KEYS, PASSWORD, What, due};
use super::password::{accept, keys_first, lost_manifest, proof, refuse, secret_first};
use super::{auth, compare, findings, methods, observe, record, rotate, taken};
use crate::kinds::common::credential::CREDENTIAL;
use crate::kinds::common::duration::instant;
use crate::kinds::common::expiry;
use crate::kinds::common::user::DEFAULT_ROLES;
use crate::kinds::{Change, Lowered, Renewal, World};
use crate::model::op::{Op, SlotSource, Sql};
use crate::model::registry::Entry;
use crate::model::{Action, Attrs, Resource, Value, sql};

/// Lowers a change of a user.
pub fn lower(change: &Change, world: &World) -> Lowered {
    if change.live.is_some_and(is_read_only) {
        return refuse(change.addr, findings::read_only(change.identity));
    }
    match (change.action, change.wanted) {
        (Action::Delete, _) => {
            Lowered::ops([Sql::new(format!("DROP USER {}", sql::ident(change.identity))).into()])
        }
        (Action::Create, Some(wanted)) => create(wanted, world),
        (Action::Adopt, Some(wanted)) => adopt(change, wanted, world),
        (Action::Update, Some(wanted)) if change.entry.is_none() => taken::lower(change, wanted, world),
        (Action::Update, Some(wanted)) => update(change, wanted, world),
        _ => Lowered::default(),
    }
}

/// Returns whether a live user is one of users.xml, which no statement can change.
pub fn is_read_only(live: &Attrs) -> bool {
    live.get("storage").and_then(Value::as_str) == Some("users_xml")
}

fn create(wanted: &Resource, world: &World) -> Lowered {
    if methods::is_unmanaged(&wanted.attrs) {
        return refuse(&wanted.addr, findings::not_there(&wanted.identity));
    }
    let mut lowered = secret_first(wanted, world);
    if !lowered.findings.is_empty() {
        return lowered;
    }
    let head = format!("CREATE USER {}", sql::ident(&wanted.identity));
    let statement = auth::statement(&head, auth::all(wanted), &clauses(&wanted.attrs, None));
    lowered.ops.push(statement.into());
    if !listed_roles(&wanted.attrs).is_empty() {
        lowered.ops.extend(granted_first(wanted));
        lowered.ops.push(alter(wanted, &clauses(&wanted.attrs, Some(&[DEFAULT_ROLES]))));
    }
    lowered.renewal = Renewal::Alone;
    lowered
}

pub(super) fn alter(wanted: &Resource, clauses: &str) -> Op {
    Sql::new(format!("ALTER USER {} {clauses}", sql::ident(&wanted.identity))).into()
}

/// Grants the roles that are to be default ones: the server takes no others. The user's grants come
/// after the user, and find them granted.
pub(super) fn granted_first(wanted: &Resource) -> Option<Op> {
    let roles: Vec<String> = listed_roles(&wanted.attrs).into_iter().map(sql::ident).collect();
    let grant = || format!("GRANT {} TO {}", roles.join(", "), sql::ident(&wanted.identity));
    (!roles.is_empty()).then(|| Sql::new(grant()).into())
}

pub(super) fn adopt(change: &Change, wanted: &Resource, world: &World) -> Lowered {
    let mut lowered = secret_first(wanted, world);
    if !lowered.findings.is_empty() {
        return lowered;
    }
    for attr in record::kept_conventions(wanted, change.live, None) {
        lowered.notes.push(findings::kept_note(attr, change.live, wanted));
    }
    if !record::hidden(wanted, world).is_empty() {
        lowered.renewal = Renewal::Alone;
        lowered.ops.push(whole_list(wanted, ""));
        lowered.notes.push("what the server does not tell of its methods is set as declared".to_owned());
        return lowered;
    }
    if !lowered.slots.is_empty() {
        accepted(&mut lowered, wanted, world);
    }
    if let Some(time) = auth::user_expiry(&wanted.attrs).filter(|_| !observe::shows_expiry(world.caps())) {
        lowered.ops.push(alter(wanted, &expiry::clause(Some(time))));
        lowered.notes.push("the server does not tell when it expires: that is set as declared".to_owned());
    }
    lowered
}

/// Has ClickHouse accept what the Secret of an adopted user holds.
fn accepted(lowered: &mut Lowered, wanted: &Resource, world: &World) {
    let kept = lowered.slots.values().any(|source| matches!(source, SlotSource::Secret { .. }));
    let (op, note) = accept(wanted, world, kept);
    lowered.renewal = rotate::adopted(wanted, world, kept);
    lowered.ops.push(op);
    lowered.notes.extend(note);
    lowered.notes.push(if kept {
        "its password is kept: ClickHouse is told it only if it does not log in".to_owned()
    } else {
        "nobody kept its password: a new one is added beside it".to_owned()
    });
}

/// Sets every method; what is not declared is gone.
fn whole_list(wanted: &Resource, clauses: &str) -> Op {
    auth::statement(&format!("ALTER USER {}", sql::ident(&wanted.identity)), auth::all(wanted), clauses)
        .into()
}

fn update(change: &Change, wanted: &Resource, world: &World) -> Lowered {
    let differs = |attr: &str| change.diff.iter().any(|diff| diff.attr == attr);
    let has_password = wanted.attrs.contains_key(CREDENTIAL);
    let (list, due) = (compare::names_the_list(change), due(wanted, world));
    // A user that had other methods so far has lost no password: it gets its first one.
    let first = change.entry.is_some_and(|entry| !record::recorded_attrs(entry).contains_key(CREDENTIAL));
    let touched = has_password && !first && (differs(PASSWORD) || list);
    if let Some(finding) = lost_manifest(wanted, world).filter(|_| touched) {
        return refuse(change.addr, finding);
    }
    let mut lowered = Lowered::default();
    let named = list.then(|| with_list(due.as_ref().map(|due| due.what), first)).flatten();
    match (&due, named) {
        (_, Some(renewal)) if has_password => {
            lowered = Lowered { renewal, ..secret_first(wanted, world) };
        }
        (Some(due), None) => lowered = rotate::lower(wanted, world, due),
        (None, None) if differs(KEYS) => lowered = keys_first(wanted, world),
        _ => {}
    }
    if !lowered.findings.is_empty() {
        return lowered;
    }
    lowered.ops.extend(granted_first(wanted).filter(|_| differs(DEFAULT_ROLES)));
    let differing: Vec<&str> = change.diff.iter().map(|diff| diff.attr.as_str()).collect();
    let mut clauses = clauses(&wanted.attrs, Some(&differing));
    let expiry = auth::user_expiry(&wanted.attrs);
    // The methods of a list have their expiry. Before 24.9 it is the user's, and a list without one
    // leaves it as it is.
    let of_old = expiry.is_none() && !world.caps().has_several_auth_methods();
    if differs(auth::VALID_UNTIL) && (named.is_none() || of_old) {
        clauses = format!("{} {clauses}", expiry::clause(expiry));
    }
    if named.is_some() {
        set_list(&mut lowered, change, wanted, clauses.trim_end(), world);
    } else if !clauses.is_empty() {
        lowered.ops.push(alter(wanted, clauses.trim_end()));
    }
    lowered
}

/// Returns what becomes of the record of the password where the whole list of methods is set with
/// it; none where the password changes otherwise, in statements of its own.
fn with_list(what: Option<What>, first: bool) -> Option<Renewal> {
    match what {
        None | Some(What::Retire) => Some(Renewal::Retired),
        Some(What::Accept) => Some(Renewal::Alone),
        Some(What::Lost) if first => Some(Renewal::Alone),
        Some(What::Lost | What::Rotate | What::Unreadable) => None,
    }
}

/// Sets the whole list of methods, with the password that the Secret holds, and what else differs.
pub(super) fn set_list(
    lowered: &mut Lowered,
    change: &Change,
    wanted: &Resource,
    clauses: &str,
    world: &World,
) {
    lowered.ops.push(whole_list(wanted, clauses));
    lowered.notes.push(list_note(wanted));
    if wanted.attrs.contains_key(CREDENTIAL) {
        lowered.ops.extend(proof(wanted, world));
        let old = change.entry.and_then(Entry::old_until).filter(|until| *until > world.caps().now);
        lowered.notes.extend(old.map(|until| {
            format!("an old password was to work until {}: it stops working now", instant(until))
        }));
    }
}

fn list_note(wanted: &Resource) -> String {
    let declared = methods::declared(&wanted.attrs).len();
    let password = usize::from(wanted.attrs.contains_key(CREDENTIAL));
    format!(
        "its list of methods is set as a whole: {}; every other one stops working",
        count(declared + password)
    )
}

fn count(methods: usize) -> String {
    if methods == 1 { "one method".to_owned() } else { format!("{methods} methods") }
}
