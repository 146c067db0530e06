//! The clauses of `CREATE USER` and `ALTER USER`, in the order of the grammar.

use crate::kinds::common::user::{ANY_HOST, LOCAL_HOST};
use crate::model::{Attrs, Value, sql};

/// Returns the clauses of a user, all of them or those that differ, in the order of the grammar.
pub fn clauses(attrs: &Attrs, only: Option<&[&str]>) -> String {
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
