//! The list of a user's authentication methods: as a statement names it, and as it is compared with
//! what `system.users` shows.
//!
//! `ALTER USER … IDENTIFIED WITH a, b` names the whole list: what it leaves out is gone. Hashes and
//! salts are bound as parameters; no server reads them back.

use std::collections::BTreeMap;

use super::methods::{self, Method};
use crate::kinds::common::credential::{self, CREDENTIAL};
use crate::kinds::common::expiry;
use crate::model::op::{Part, Slot, Sql, Text};
use crate::model::{Attrs, Resource, Value, sql};

/// The attribute of a user until when all its methods may be used.
pub const VALID_UNTIL: &str = "valid_until";

/// One method as a statement names it after `IDENTIFIED WITH`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fragment {
    /// The text, with placeholders for what is secret.
    pub sql: String,
    /// The parameters by name.
    pub params: Vec<(String, Text)>,
}

/// Returns the declared methods that are no password of a Secret, in the order of the declaration,
/// each with its expiry.
pub fn fragments(attrs: &Attrs) -> Vec<Fragment> {
    let declared = methods::declared(attrs);
    declared.iter().enumerate().map(|(index, method)| fragment(index, method, attrs)).collect()
}

/// Returns the password of a slot as a method: salted hash and salt are the parameters `hash` and
/// `salt`, with a prefix. It expires with its user.
pub fn password(attrs: &Attrs, slot: &Slot, prefix: &str) -> Fragment {
    let part = |part: Part, name: &str| (format!("{prefix}{name}"), Text::Slot(slot.clone(), part));
    let until = until(user_expiry(attrs));
    Fragment {
        sql: format!("sha256_hash BY {{{prefix}hash:String}} SALT {{{prefix}salt:String}}{until}"),
        params: vec![part(Part::Hash, "hash"), part(Part::Salt, "salt")],
    }
}

/// Returns every method of a user: the Secret's password where it has one, then those declared.
pub fn all(wanted: &Resource) -> Vec<Fragment> {
    let has_password = wanted.attrs.contains_key(CREDENTIAL);
    let password = has_password.then(|| password(&wanted.attrs, &credential::slot(&wanted.addr), ""));
    password.into_iter().chain(fragments(&wanted.attrs)).collect()
}

/// Returns a statement that ends with a list of methods: `head` is what stands before
/// `IDENTIFIED WITH`, `tail` what stands after the list. One with secrets is kept out of the query
/// log.
pub fn statement(head: &str, list: Vec<Fragment>, tail: &str) -> Sql {
    let (texts, params): (Vec<_>, Vec<_>) = list.into_iter().map(|one| (one.sql, one.params)).unzip();
    let mut sql = Sql::new(format!("{head} IDENTIFIED WITH {} {tail}", texts.join(", ")).trim_end());
    sql.params = params.into_iter().flatten().collect();
    if !sql.params.is_empty() {
        sql.settings = BTreeMap::from([("log_queries".to_owned(), "0".to_owned())]);
    }
    sql
}

/// Returns when the user's methods expire, as declared.
pub fn user_expiry(attrs: &Attrs) -> Option<&str> {
    attrs.get(VALID_UNTIL).and_then(Value::as_str)
}

/// Returns when a declared method expires: by its own word, else with its user.
pub fn expiry_of<'a>(method: &Method<'a>, attrs: &'a Attrs) -> Option<&'a str> {
    method.text(VALID_UNTIL).or_else(|| user_expiry(attrs))
}

/// Returns the clause of a new method's expiry, with a space before it; nothing where it has none.
pub fn until(expiry: Option<&str>) -> String {
    expiry.map(|time| format!(" {}", expiry::clause(Some(time)))).unwrap_or_default()
}

fn fragment(index: usize, method: &Method, attrs: &Attrs) -> Fragment {
    let mut params = Vec::new();
    let mut bound = |part: &str| {
        let secret = method.secret(part)?;
        let name = format!("auth_{index}_{part}");
        params.push((name.clone(), Text::Sensitive(secret.clone())));
        Some(format!("{{{name}:String}}"))
    };
    let word = method.kind.word;
    let literal = |name: &str| sql::literal(method.text(name).unwrap_or_default());
    let named = |keyword: &str, name: &str| {
        method.text(name).map(|text| format!(" {keyword} {}", sql::literal(text)))
    };
    let text = match word {
        "ssl_certificate" => format!("{word} {}", certificate_names(method)),
        "ssh_key" => {
            let keys: Vec<String> = method.items("keys").iter().map(public_key).collect();
            format!("{word} BY {}", keys.join(", "))
        }
        "ldap" => format!("{word} SERVER {}", literal("server")),
        "kerberos" => format!("{word}{}", named("REALM", "realm").unwrap_or_default()),
        "http" => {
            format!("{word} SERVER {}{}", literal("server"), named("SCHEME", "scheme").unwrap_or_default())
        }
        _ => {
            let hash = bound("hash").map(|hash| format!(" BY {hash}")).unwrap_or_default();
            let salt = bound("salt").map(|salt| format!(" SALT {salt}")).unwrap_or_default();
            format!("{word}{hash}{salt}")
        }
    };
    Fragment { sql: text + &until(expiry_of(method, attrs)), params }
}

fn certificate_names(method: &Method) -> String {
    let list = |name: &str| {
        let names = method.items(name).iter().filter_map(Value::as_str);
        names.map(sql::literal).collect::<Vec<_>>().join(", ")
    };
    match method.items("subject_alt_names") {
        [] => format!("CN {}", list("common_names")),
        _ => format!("SAN {}", list("subject_alt_names")),
    }
}

fn public_key(key: &Value) -> String {
    let text = |name: &str| sql::literal(key.get(name).and_then(Value::as_str).unwrap_or_default());
    format!("KEY {} TYPE {}", text("public_key"), text("type"))
}
