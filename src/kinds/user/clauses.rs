//! The clauses of `CREATE USER` and `ALTER USER`, in the order of the grammar.

use crate::kinds::common::{hosts, user};
use crate::model::{Attrs, Value, sql};

/// Returns the clauses of a user, all of them or those that differ, in the order of the grammar.
/// Methods and their expiry are no clauses: they belong to the list after `IDENTIFIED WITH`.
pub fn clauses(attrs: &Attrs, only: Option<&[&str]>) -> String {
    let wanted = |attr: &str| only.is_none_or(|differing| differing.contains(&attr));
    let mut clauses = Vec::new();
    if hosts::ATTRS.iter().any(|(attr, _)| wanted(attr)) {
        clauses.push(hosts::clause(attrs));
    }
    if wanted("default_roles") {
        clauses.extend(default_roles(attrs, only.is_none()));
    }
    let database = attrs.get("default_database").and_then(Value::as_str).unwrap_or_default();
    if wanted("default_database") && !database.is_empty() {
        clauses.push(format!("DEFAULT DATABASE {}", sql::ident(database)));
    } else if only.is_some() && wanted("default_database") {
        clauses.push("DEFAULT DATABASE NONE".to_owned());
    }
    if wanted("grantees") {
        clauses.push(format!("GRANTEES {}", grantees(attrs)));
    }
    clauses.extend(super::settings::clause(attrs, only));
    clauses.join(" ")
}

/// Returns the roles that are declared as default ones by name; none where a word stands for them.
pub fn listed_roles(attrs: &Attrs) -> Vec<&str> {
    attrs.get(user::DEFAULT_ROLES).map_or(&[][..], Value::items).iter().filter_map(Value::as_str).collect()
}

/// A role can be a default one only after it was granted, and nothing is granted to a user that is
/// being created.
fn default_roles(attrs: &Attrs, creating: bool) -> Option<String> {
    let word = attrs.get(user::DEFAULT_ROLES).and_then(Value::as_str);
    match (word, creating) {
        (Some("none"), _) | (None, true) => Some("DEFAULT ROLE NONE".to_owned()),
        (Some(_), true) => None,
        (Some(_), false) => Some("DEFAULT ROLE ALL".to_owned()),
        (None, false) => Some(format!("DEFAULT ROLE {}", idents(&listed_roles(attrs)))),
    }
}

fn grantees(attrs: &Attrs) -> String {
    match attrs.get("grantees") {
        Some(Value::List(names)) => idents(&names.iter().filter_map(Value::as_str).collect::<Vec<_>>()),
        Some(Value::String(word)) if word == "any" => "ANY".to_owned(),
        _ => "NONE".to_owned(),
    }
}

fn idents(names: &[&str]) -> String {
    names.iter().map(|name| sql::ident(name)).collect::<Vec<_>>().join(", ")
}
