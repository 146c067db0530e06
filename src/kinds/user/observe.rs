//! What is there of a user, and how it differs from what is declared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::methods::AUTHENTICATION;
use super::{compare, due, record};
use crate::kinds::common::credential;
use crate::kinds::common::user::{CONVENTIONS, DEFAULT_ROLES};
use crate::kinds::common::{expiry, hosts, reads};
use crate::kinds::{World, diff_attrs};
use crate::model::plan::AttrDiff;
use crate::model::snapshot::{Caps, Row, number, text, texts};
use crate::model::{Attrs, Resource, Value};

/// Returns whether the server tells when a user's methods expire: since 26.2 (ClickHouse PR 96072).
pub fn shows_expiry(caps: &Caps) -> bool {
    caps.has_column("system.users", "valid_until")
}

/// Returns the live attributes of users.
pub fn observe(identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
    let rows = world.snapshot.rows(reads::USERS).iter();
    let rows = rows.filter(|row| identities.contains(text(row, "name")));
    rows.map(|row| (text(row, "name").to_owned(), attrs(row))).collect()
}

fn attrs(row: &Row) -> Attrs {
    let mut attrs = hosts::of_row(row);
    let default_roles = (number(row, "default_roles_all") == 1, "default_roles_list", "default_roles_except");
    let grantees = (number(row, "grantees_any") == 1, "grantees_list", "grantees_except");
    attrs.extend([
        ("default_database".to_owned(), text(row, "default_database").into()),
        (DEFAULT_ROLES.to_owned(), names(row, default_roles, "all")),
        ("grantees".to_owned(), names(row, grantees, "any")),
        ("storage".to_owned(), text(row, "storage").into()),
    ]);
    attrs.extend(methods(row).map(|methods| (AUTHENTICATION.to_owned(), Value::List(methods))));
    attrs
}

/// Returns a set of roles and users as a declaration writes it; one with exceptions, which none can
/// declare, in words.
fn names(row: &Row, (all, list, except): (bool, &str, &str), word: &str) -> Value {
    let (mut list, mut except) = (texts(row, list), texts(row, except));
    list.sort();
    except.sort();
    match (all, except.is_empty()) {
        (true, true) => word.into(),
        (true, false) => format!("{word} except {}", except.join(", ")).into(),
        (false, true) if list.is_empty() => "none".into(),
        (false, true) => Value::strings(list),
        (false, false) => format!("{} except {}", list.join(", "), except.join(", ")).into(),
    }
}

/// Returns the methods, each a map of its kind, the parameters that the server tells, and when it
/// expires, where that is told; nothing where the columns were not read.
fn methods(row: &Row) -> Option<Vec<Value>> {
    let list = |column: &str| match row.get(column)? {
        Json::Array(items) => Some(items.clone()),
        one => Some(vec![one.clone()]),
    };
    let (kinds, params) = (list("auth_type")?, list("auth_params").unwrap_or_default());
    let expiries = list("valid_until").unwrap_or_default();
    let method = |(index, kind): (usize, &Json)| {
        let told = params.get(index).and_then(Json::as_str).and_then(|text| serde_json::from_str(text).ok());
        let mut map = match told.as_ref().map(Value::from_json) {
            Some(Value::Map(map)) => map,
            _ => BTreeMap::new(),
        };
        map.insert("method".to_owned(), kind.as_str().unwrap_or_default().into());
        let second = expiries.get(index).and_then(seconds).filter(|second| *second > 0);
        map.extend(second.and_then(expiry::shown).map(|time| ("valid_until".to_owned(), time.into())));
        Value::Map(map)
    };
    Some(kinds.iter().enumerate().map(method).collect())
}

fn seconds(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Compares a user: what can be read by value, what cannot by what was last applied.
pub fn diff(wanted: &Resource, live: &Attrs, world: &World) -> Vec<AttrDiff> {
    let recorded = world.registry.mine(super::NAME, &wanted.identity);
    let mut declared = wanted.attrs.clone();
    declared.retain(|attr, _| !COMPARED_ELSEWHERE.contains(&attr.as_str()));
    let mut diff = diff_attrs(&declared, live);
    let kept = record::kept_conventions(wanted, Some(live), recorded);
    diff.retain(|diff| !kept.contains(diff.attr.as_str()));
    diff.extend(compare::diff(wanted, live, world));
    diff.extend(due::diff(wanted, world));
    diff
}

/// What is no plain attribute of the server.
const COMPARED_ELSEWHERE: [&str; 4] = [AUTHENTICATION, credential::CREDENTIAL, CONVENTIONS, "valid_until"];

/// Returns why a live user may not log in from here, where something says so.
pub fn restriction(identity: &str, world: &World) -> Option<String> {
    let live = observe(&BTreeSet::from([identity]), world);
    restricted(live.get(identity)?)
}

/// Returns what the hosts of a user say of logins from here: nothing where every address may.
pub fn restricted(attrs: &Attrs) -> Option<String> {
    let told = |(attr, keyword): &(&str, &str)| {
        let hosts = attrs.get(*attr).map_or(&[][..], Value::items).iter().filter_map(Value::as_str);
        let word = if *attr == "hosts" { String::new() } else { format!("{} ", keyword.to_lowercase()) };
        hosts.map(|host| format!("{word}{host}")).collect::<Vec<_>>()
    };
    let hosts: Vec<String> = hosts::ATTRS.iter().flat_map(told).collect();
    let anywhere = hosts.iter().any(|host| host == hosts::ANY_HOST) || !attrs.contains_key("hosts");
    (!anywhere).then(|| format!("it may log in from {} only", hosts.join(", ")))
}
