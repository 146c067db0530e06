//! When a user's password changes, and why: judged by what its Secret holds, by the record of what
//! was last applied, by the server's clock, and by what is asked for.
//!
//! The Secret is the truth. One that holds no password gets a new one; one that was changed is
//! accepted; a rotation that began is done again; an old password is retired when its grace is over.

use crate::kinds::common::credential::{self, Credential, State};
use crate::kinds::common::duration::{instant, text};
use crate::kinds::common::kube;
use crate::kinds::{World, Writer};
use crate::model::plan::AttrDiff;
use crate::model::registry::{Beside, Entry};
use crate::model::snapshot::{Api, LoginVerdict};
use crate::model::{Resource, Secret, Snapshot};

/// The attribute of a difference in the password.
pub const PASSWORD: &str = "password";
/// The attribute of a difference in the Secret's other keys.
pub const KEYS: &str = "secret keys";

/// What is to be done about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Its Secret holds none: a new one is made.
    Lost,
    /// A key of its Secret cannot be read.
    Unreadable,
    /// Its Secret holds one that ClickHouse is to accept.
    Accept,
    /// A new one is made in the place of the one that its Secret holds.
    Rotate,
    /// Only the one that its Secret holds is accepted from now on.
    Retire,
}

/// What is to be done about a password, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What.
    pub what: What,
    /// How it is, and why that is not right; for people.
    pub before: String,
    /// How it will be; for people.
    pub after: String,
}

/// Returns what is to be done about the password of a user that is recorded; none where nothing is.
pub fn due(wanted: &Resource, world: &World) -> Option<Due> {
    let credential = Credential::of(&wanted.attrs)?;
    let entry = world.registry.mine(super::NAME, &wanted.identity)?;
    let place = credential.place();
    let due = |what, before: String| {
        let after = match what {
            What::Rotate => format!("a new one, kept in {place}"),
            What::Retire => format!("only the one that is kept in {place}"),
            What::Lost | What::Unreadable | What::Accept => format!("kept in {place}"),
        };
        Some(Due { what, before, after })
    };
    if let Some((what, before)) = by_secret(wanted, &credential, entry, world) {
        return due(what, before);
    }
    if world.recorded {
        return None;
    }
    if let Some(before) = rotation(wanted, &credential, entry, world) {
        return due(What::Rotate, before);
    }
    retirement(wanted, entry, world).and_then(|before| due(What::Retire, before))
}

/// Returns what the Secret asks for, and why. One that was not read is taken to hold what was last
/// applied.
fn by_secret(
    wanted: &Resource,
    credential: &Credential,
    entry: &Entry,
    world: &World,
) -> Option<(What, String)> {
    if world.snapshot.withholds(&Api::secrets()) {
        return None;
    }
    let place = credential.place();
    let password = match credential.state(world.snapshot) {
        State::NoSecret => return Some((What::Lost, format!("{place} does not exist"))),
        State::NoPassword => return Some((What::Lost, format!("{place} holds none"))),
        State::Binary(key) => {
            return Some((What::Unreadable, format!("key {key} holds bytes that are no text")));
        }
        State::Password { password, .. } => password,
    };
    if !is_recorded(&password, entry) {
        return Some((What::Accept, "the Secret holds another one than was last applied".into()));
    }
    let fails = world.snapshot.logins.get(&wanted.addr) == Some(&LoginVerdict::Fails);
    let proved = fails && doubt(wanted, world).is_none();
    proved.then(|| (What::Accept, "what the Secret holds does not log in".into()))
}

/// Returns why a password is to be rotated.
fn rotation(wanted: &Resource, credential: &Credential, entry: &Entry, world: &World) -> Option<String> {
    let several = world.caps().has_several_auth_methods();
    if several && entry.beside == Beside::Begun {
        return Some("a rotation began and did not end".into());
    }
    if world.rotation.asks(&wanted.addr) {
        return Some(match entry.credential_at {
            0 => "a new one is asked for".into(),
            at => format!("applied {}, and a new one is asked for", instant(at)),
        });
    }
    let overdue = overdue(credential, entry, world)?;
    // A grace that was asked for may be longer than the declared one: it is kept.
    let in_grace = entry.old_until().is_some_and(|until| world.caps().now < until);
    (several && !in_grace && managers(credential, world.snapshot).is_empty()).then_some(overdue)
}

/// Returns why a password is due by its age.
pub fn overdue(credential: &Credential, entry: &Entry, world: &World) -> Option<String> {
    let after = credential.policy.rotate_after?;
    let at = Some(entry.credential_at).filter(|at| *at > 0)?;
    (world.caps().now >= at.saturating_add(after))
        .then(|| format!("applied {}, and due after {}", instant(at), text(after)))
}

/// Returns why an old password is to be retired.
fn retirement(wanted: &Resource, entry: &Entry, world: &World) -> Option<String> {
    let until = entry.old_until()?;
    if world.rotation.finishes(&wanted.addr) {
        return Some("an old one is accepted besides, and is to be retired now".into());
    }
    (world.caps().now >= until)
        .then(|| format!("an old one is accepted besides, and its grace ended {}", instant(until)))
}

/// Returns the differences of a user's password and of the other keys of its Secret.
pub fn diff(wanted: &Resource, world: &World) -> Vec<AttrDiff> {
    let difference = |attr: &str, before: String, after: String| AttrDiff {
        attr: attr.to_owned(),
        before: before.into(),
        after: after.into(),
    };
    let Some(credential) = Credential::of(&wanted.attrs) else { return Vec::new() };
    let wrong = match credential.state(world.snapshot) {
        State::Password { wrong, .. } if !wrong.is_empty() => Some(wrong.join(", ")),
        // Nobody's user with a Secret that cannot be read is not adopted.
        State::Binary(key) if world.registry.mine(super::NAME, &wanted.identity).is_none() => {
            let before = format!("key {key} holds bytes that are no text");
            return vec![difference(PASSWORD, before, format!("kept in {}", credential.place()))];
        }
        _ => None,
    };
    let keys = wrong.map(|wrong| {
        difference(KEYS, format!("missing or different: {wrong}"), format!("kept in {}", credential.place()))
    });
    let password = due(wanted, world).map(|due| difference(PASSWORD, due.before, due.after));
    keys.into_iter().chain(password).collect()
}

fn is_recorded(password: &Secret, entry: &Entry) -> bool {
    !entry.fingerprint.is_empty() && password.salted_sha256(&entry.salt) == entry.fingerprint
}

/// Returns why a login that fails proves nothing about the password: ClickHouse answers the same
/// (516) where the user may not log in from here.
pub fn doubt(wanted: &Resource, world: &World) -> Option<String> {
    super::observe::restriction(&wanted.identity, world)
        .or_else(|| super::observe::restricted(&wanted.attrs))
        .or_else(|| super::findings::is_over(wanted, world))
}

/// Returns the field managers, other than charter, of the keys of a user's Secret.
pub fn managers(credential: &Credential, snapshot: &Snapshot) -> Vec<String> {
    let Some(object) = credential.object(snapshot) else { return Vec::new() };
    let keys = credential.keys.keys().map(String::as_str).chain([credential::PASSWORD]);
    let mut managers: Vec<String> =
        keys.flat_map(|key| kube::other_managers(object, &["f:data", &format!("f:{key}")])).collect();
    managers.sort();
    managers.dedup();
    managers
}

/// Returns who wrote the keys of a user's Secret that an attribute is about; none where nobody tells.
pub fn writers(wanted: &Resource, attr: &str, world: &World) -> Option<Vec<Writer>> {
    let credential = Credential::of(&wanted.attrs)?;
    let object = credential.object(world.snapshot)?;
    let keys: Vec<&str> = match attr {
        PASSWORD => vec![credential::PASSWORD],
        KEYS => credential.keys.keys().map(String::as_str).collect(),
        _ => return None,
    };
    let of_key = |key: &str| kube::writers(object, &["f:data", &format!("f:{key}")]);
    let all: Vec<Vec<Writer>> = keys.into_iter().filter_map(of_key).collect();
    (!all.is_empty()).then(|| all.concat())
}

#[cfg(test)]
mod tests;
