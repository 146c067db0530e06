//! What the record of a user keeps besides its declaration: what no server tells back.
//!
//! - `conventions`: those that did not hold when the user was adopted. They are left as they are
//!   until the attribute is declared.
//! - `passwords`: the kinds of the password methods that charter left there, so that one that is
//!   added by hand shows.
//! - `hidden`: salted fingerprints of what `system.users` does not show of declared methods, and
//!   `salt`, what they are salted with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::methods::{self, Method};
use super::{NAME, compare};
use crate::kinds::common::user;
use crate::kinds::{Change, World};
use crate::model::registry::{Beside, Entry, HIDDEN, KEPT, Status};
use crate::model::{Attrs, Digest, Resource, Secret};

const CONVENTIONS: &str = "conventions";
const PASSWORDS: &str = "passwords";
const SALT: &str = "salt";

/// Returns the conventions that are left as they were found: those of the record, and those that do
/// not hold where nobody recorded the user. What is declared is no convention.
pub fn kept_conventions<'a>(
    wanted: &'a Resource,
    live: Option<&Attrs>,
    entry: Option<&Entry>,
) -> BTreeSet<&'a str> {
    let mut names = user::conventions(&wanted.attrs);
    match (entry, live) {
        (Some(entry), _) => {
            let recorded = texts(entry, CONVENTIONS).unwrap_or_default();
            names.retain(|name| recorded.iter().any(|kept| kept == name));
        }
        (None, Some(live)) => names.retain(|name| live.get(*name) != wanted.attrs.get(*name)),
        (None, None) => names.clear(),
    }
    names
}

/// Returns the kinds of the password methods that may be there, as `system.users` calls them; what
/// is more than this is drift. None where anything may be: while a rotation is under way or an old
/// password has its grace there may be any number, and the retirement names the whole list.
pub fn expected_methods(entry: Option<&Entry>) -> Option<Vec<String>> {
    let entry = entry?;
    match entry.beside {
        Beside::Nothing => texts(entry, PASSWORDS),
        Beside::Begun | Beside::Old { .. } => None,
    }
}

/// Returns the fingerprints that were recorded; none without a record.
pub fn recorded_hidden(entry: &Entry) -> Vec<String> {
    texts(entry, HIDDEN).unwrap_or_default()
}

/// Returns what the record keeps after a change.
pub fn keeps(change: &Change, world: &World) -> BTreeMap<String, Json> {
    let Some(wanted) = change.wanted else { return BTreeMap::new() };
    // A claim that was never completed is of a user that charter made.
    let ours = change.entry.is_some_and(|entry| entry.status == Status::Claimed);
    let conventions = match change.live {
        Some(_) if !ours => kept_conventions(wanted, change.live, change.entry),
        _ => BTreeSet::new(),
    };
    let mut kept = BTreeMap::new();
    if !conventions.is_empty() {
        kept.insert(CONVENTIONS.to_owned(), json!(conventions));
    }
    kept.insert(PASSWORDS.to_owned(), json!(compare::passwords_after(change, wanted, world)));
    let hidden = hidden(wanted, world);
    if !hidden.is_empty() {
        kept.insert(HIDDEN.to_owned(), json!(hidden));
        kept.insert(SALT.to_owned(), json!(salt(wanted, world)));
    }
    kept
}

/// Returns the fingerprints of what no server shows of the declared methods, sorted.
pub fn hidden(wanted: &Resource, world: &World) -> Vec<String> {
    let methods = methods::declared(&wanted.attrs);
    let salt = salt(wanted, world);
    let mut found: Vec<String> = methods.iter().filter_map(|method| fingerprint(method, &salt)).collect();
    found.sort();
    found
}

/// A salt of its own for each user of each server, so that equal hashes have different fingerprints:
/// the recorded one, which a rename leaves alone.
fn salt(wanted: &Resource, world: &World) -> String {
    let recorded = world.registry.mine(NAME, &wanted.identity);
    let recorded = recorded.and_then(|entry| entry.spec.get(KEPT)?.get(SALT)?.as_str());
    let (caps, settings) = (world.caps(), world.settings);
    let whose = json!([caps.server_uuid, settings.scope, settings.environment, wanted.identity]);
    recorded.map_or_else(|| Digest::of_json(&whose).as_str().to_owned(), str::to_owned)
}

fn fingerprint(method: &Method, salt: &str) -> Option<String> {
    const SHOWN_BY_NONE: [&str; 5] = ["hash", "salt", "keys", "server", "scheme"];
    let shown = |name: &&str| !(method.kind.word == "ldap" && *name == "server");
    let parts = SHOWN_BY_NONE.iter().copied().filter(shown);
    let parts = parts.filter_map(|name| match method.secret(name) {
        Some(secret) => Some((name, Json::from(secret.expose()))),
        None => method.param(name).map(|value| (name, value.to_json())),
    });
    let parts: BTreeMap<&str, Json> = parts.collect();
    (!parts.is_empty()).then(|| {
        let text = Secret::new(json!([method.kind.word, parts]).to_string());
        format!("{}:{}", method.kind.word, text.salted_sha256(salt))
    })
}

fn texts(entry: &Entry, name: &str) -> Option<Vec<String>> {
    let items = entry.spec.get(KEPT)?.get(name)?.as_array()?;
    Some(items.iter().filter_map(Json::as_str).map(str::to_owned).collect())
}

/// Returns what was last applied, as attributes; nothing that was secret is in it.
pub fn recorded_attrs(entry: &Entry) -> Attrs {
    match entry.spec.get("attrs").map(crate::model::Value::from_json) {
        Some(crate::model::Value::Map(attrs)) => attrs,
        _ => Attrs::new(),
    }
}
