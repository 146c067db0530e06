//! The methods of a user compared with what `system.users` shows of them: by kind and by the
//! parameters that the server tells, in no order.

use std::collections::BTreeMap;

use super::auth::{self, VALID_UNTIL};
use super::due::{self, What};
use super::methods::{self, AUTHENTICATION, Method};
use super::{observe, record};
use crate::kinds::common::credential::{CREDENTIAL, Credential};
use crate::kinds::{Change, World};
use crate::model::plan::AttrDiff;
use crate::model::registry::Entry;
use crate::model::{Attrs, Resource, Value};

/// The kinds of passwords, as `system.users` calls them: what a Secret's password may be found as
/// where someone else set it.
const PASSWORDS: [&str; 5] = [
    "plaintext_password",
    "sha256_password",
    "double_sha1_password",
    "bcrypt_password",
    "scram_sha256_password",
];

/// What charter's own passwords are.
const OURS: &str = "sha256_password";

/// How the live methods stand to the declared ones.
#[derive(Debug, Default)]
struct Matched {
    /// Something declared is not there, or something is there that nothing explains.
    differs: bool,
    /// A method expires at another time than declared.
    expires_otherwise: bool,
}

/// Compares the methods and when they expire.
pub fn diff(wanted: &Resource, live: &Attrs, world: &World) -> Vec<AttrDiff> {
    let Some(found) = live.get(AUTHENTICATION).map(Value::items) else { return Vec::new() };
    let entry = world.registry.mine(super::NAME, &wanted.identity);
    let readable = observe::shows_expiry(world.caps());
    if methods::is_unmanaged(&wanted.attrs) {
        return unmanaged(wanted, found, readable).into_iter().collect();
    }
    let matched = matched(wanted, found, entry, readable);
    // What was last applied differs in nothing that only the record tells.
    let hidden_differs = !world.recorded
        && entry.is_some_and(|entry| record::recorded_hidden(entry) != record::hidden(wanted, world));
    let mut diff = Vec::new();
    if matched.differs || hidden_differs {
        let mut before = shown(found);
        if !matched.differs {
            before.push("with another hash, key or server than is declared".to_owned());
        }
        let (before, after) = (Value::strings(before), Value::strings(in_words_of(wanted)));
        diff.push(AttrDiff { attr: AUTHENTICATION.into(), before, after });
    }
    let expires_otherwise = match (readable, entry) {
        (true, _) => matched.expires_otherwise,
        (false, Some(entry)) => expiries(&wanted.attrs) != expiries(&record::recorded_attrs(entry)),
        (false, None) => false,
    };
    if expires_otherwise {
        let (before, after) = expiry_sides(wanted, found, entry, readable);
        diff.push(AttrDiff { attr: VALID_UNTIL.into(), before, after });
    }
    diff
}

/// Compares a user whose methods are left alone: when they expire, where that is declared and told.
fn unmanaged(wanted: &Resource, found: &[Value], readable: bool) -> Option<AttrDiff> {
    let declared = auth::user_expiry(&wanted.attrs).filter(|_| readable)?;
    let in_time = |value: &Value| value.get(VALID_UNTIL).and_then(Value::as_str) == Some(declared);
    let (before, _) = expiry_sides(wanted, found, None, readable);
    (!found.iter().all(in_time)).then(|| AttrDiff {
        attr: VALID_UNTIL.into(),
        before,
        after: declared.into(),
    })
}

fn matched(wanted: &Resource, found: &[Value], entry: Option<&Entry>, readable: bool) -> Matched {
    let mut rest: Vec<&Value> = found.iter().collect();
    let mut matched = Matched::default();
    for method in methods::declared(&wanted.attrs) {
        let expiry = auth::expiry_of(&method, &wanted.attrs);
        matched.take(&mut rest, readable, expiry, |value| fits(&method, value));
    }
    if !wanted.attrs.contains_key(CREDENTIAL) {
        matched.differs |= !rest.is_empty();
        return matched;
    }
    let passwords: Vec<String> =
        rest.iter().filter_map(|value| password_kind(value)).map(str::to_owned).collect();
    let expected = record::expected_methods(entry);
    let explained = expected.is_none_or(|expected| contains_all(expected, &passwords));
    matched.differs |= passwords.is_empty() || passwords.len() < rest.len() || !explained;
    if !passwords.is_empty() {
        let expiry = auth::user_expiry(&wanted.attrs);
        matched.take(&mut rest, readable, expiry, |value| password_kind(value).is_some());
    }
    matched
}

impl Matched {
    /// Takes a method that fits out of the rest, preferably one that expires when it should.
    fn take(
        &mut self,
        rest: &mut Vec<&Value>,
        readable: bool,
        expiry: Option<&str>,
        fits: impl Fn(&Value) -> bool,
    ) {
        let in_time = |value: &Value| value.get(VALID_UNTIL).and_then(Value::as_str) == expiry;
        let exact = rest.iter().position(|value| fits(value) && in_time(value));
        match exact.or_else(|| rest.iter().position(|value| fits(value))) {
            Some(index) => {
                self.expires_otherwise |= readable && exact.is_none();
                rest.remove(index);
            }
            None => self.differs = true,
        }
    }
}

/// Returns whether a live method may be a declared one: of its kind, and with its parameters as far
/// as the server tells them.
fn fits(method: &Method, live: &Value) -> bool {
    let Some(map) = live.as_map() else { return false };
    let told = map.iter().filter(|(name, _)| !matches!(name.as_str(), "method" | VALID_UNTIL));
    let same = |(name, value): (&String, &Value)| match method.param(name) {
        Some(declared) => sorted(declared) == sorted(value),
        None => is_empty(value),
    };
    live.get("method").and_then(Value::as_str) == Some(method.kind.stored) && told.into_iter().all(same)
}

fn sorted(value: &Value) -> Value {
    let Value::List(items) = value else { return value.clone() };
    let mut texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    texts.sort_unstable();
    Value::strings(texts)
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("") || matches!(value, Value::List(items) if items.is_empty())
}

/// Returns whether a live method is a password.
pub fn is_password(live: &Value) -> bool {
    password_kind(live).is_some()
}

fn password_kind(live: &Value) -> Option<&str> {
    live.get("method").and_then(Value::as_str).filter(|word| PASSWORDS.contains(word))
}

fn contains_all(mut all: Vec<String>, some: &[String]) -> bool {
    some.iter().all(|one| all.iter().position(|other| other == one).map(|index| all.remove(index)).is_some())
}

/// Returns the kinds of the password methods that may be there after a change.
pub fn passwords_after(change: &Change, wanted: &Resource, world: &World) -> Vec<String> {
    if !wanted.attrs.contains_key(CREDENTIAL) {
        return Vec::new();
    }
    let one = vec![OURS.to_owned()];
    let Some(found) = change.live.and_then(|live| live.get(AUTHENTICATION)) else { return one };
    let what = due::due(wanted, world).map(|due| due.what);
    if names_the_list(change) || matches!(what, Some(What::Retire | What::Rotate)) {
        return one;
    }
    // One that is only accepted where it does not log in may come besides, or not.
    let accepted = change.entry.is_none() || matches!(what, Some(What::Accept | What::Lost));
    let more = if accepted { one } else { Vec::new() };
    found_passwords(wanted, found.items()).into_iter().chain(more).collect()
}

fn found_passwords(wanted: &Resource, found: &[Value]) -> Vec<String> {
    let mut rest: Vec<&Value> = found.iter().collect();
    for method in methods::declared(&wanted.attrs) {
        if let Some(index) = rest.iter().position(|value| fits(&method, value)) {
            rest.remove(index);
        }
    }
    rest.into_iter().filter_map(password_kind).map(str::to_owned).collect()
}

/// Returns whether a change names the whole list of methods.
pub fn names_the_list(change: &Change) -> bool {
    let differs = |attr: &str| change.diff.iter().any(|diff| diff.attr == attr);
    let Some(wanted) = change.wanted else { return false };
    let own_expiry = methods::declared(&wanted.attrs).iter().any(|method| method.text(VALID_UNTIL).is_some());
    differs(AUTHENTICATION) || (differs(VALID_UNTIL) && own_expiry)
}

/// Returns methods as people read them: the kind, what is told of it, and when it expires.
pub fn shown(methods: &[Value]) -> Vec<String> {
    methods.iter().filter_map(Value::as_map).map(in_words).collect()
}

/// Returns the declared methods as people read them, in the server's words.
pub fn in_words_of(wanted: &Resource) -> Vec<String> {
    let password = Credential::of(&wanted.attrs).map(|credential| {
        let until = auth::user_expiry(&wanted.attrs).map(|time| format!(" until {time}")).unwrap_or_default();
        format!("{OURS} of {}{until}", credential.place())
    });
    let declared = methods::declared(&wanted.attrs);
    let declared = declared.iter().map(|method| {
        let mut map = method.to_map();
        map.insert("method".into(), method.kind.stored.into());
        let expiry = auth::expiry_of(method, &wanted.attrs);
        map.extend(expiry.map(|time| (VALID_UNTIL.to_owned(), time.into())));
        in_words(&map)
    });
    password.into_iter().chain(declared).collect()
}

fn in_words(map: &BTreeMap<String, Value>) -> String {
    let text = |name: &str| map.get(name).and_then(Value::as_str);
    let mut words = text("method").unwrap_or_default().to_owned();
    for (name, value) in map.iter().filter(|(_, value)| !value.is_sensitive() && !is_empty(value)) {
        let told = match value {
            Value::List(items) if name != "keys" => {
                items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
            }
            Value::String(text) if !matches!(name.as_str(), "method" | VALID_UNTIL) => text.clone(),
            _ => continue,
        };
        words += &format!(" {} {told}", name.replace('_', " "));
    }
    words + &text(VALID_UNTIL).map(|time| format!(" until {time}")).unwrap_or_default()
}

/// Returns when each method expires, by its kind: what is compared where no server tells it.
fn expiries(attrs: &Attrs) -> Vec<(String, Option<String>)> {
    let mut all: Vec<(String, Option<String>)> = methods::declared(attrs)
        .iter()
        .map(|method| (method.kind.word.to_owned(), auth::expiry_of(method, attrs).map(str::to_owned)))
        .collect();
    if attrs.contains_key(CREDENTIAL) {
        all.push((OURS.to_owned(), auth::user_expiry(attrs).map(str::to_owned)));
    }
    all.sort();
    all
}

fn expiry_sides(wanted: &Resource, found: &[Value], entry: Option<&Entry>, readable: bool) -> (Value, Value) {
    let told = |expiry: Option<&str>| expiry.unwrap_or("without end").to_owned();
    let united = |mut texts: Vec<String>| {
        texts.sort();
        texts.dedup();
        Value::from(texts.join(", "))
    };
    let texts =
        |all: &[(String, Option<String>)]| all.iter().map(|(_, expiry)| told(expiry.as_deref())).collect();
    let before = if readable {
        found.iter().map(|value| told(value.get(VALID_UNTIL).and_then(Value::as_str))).collect()
    } else {
        entry.map(|entry| texts(&expiries(&record::recorded_attrs(entry)))).unwrap_or_default()
    };
    (united(before), united(texts(&expiries(&wanted.attrs))))
}
