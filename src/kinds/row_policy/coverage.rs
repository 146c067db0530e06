//! Who is left over: a policy is for some, and what all others read of its table is not said by it.

use std::collections::{BTreeMap, BTreeSet};

use super::{RESTRICTIVE, attrs, identity_of, policies};
use crate::kinds::World;
use crate::kinds::common::principals::TO_ALL_EXCEPT;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::{Attrs, Resource, Value};

/// Returns a finding for each table of which no permissive policy, declared or live, is for everybody
/// but some.
pub fn findings(wanted: &[&Resource], world: &World) -> Vec<Finding> {
    let declared: BTreeSet<&str> = wanted.iter().map(|policy| policy.identity.as_str()).collect();
    let live: Vec<Attrs> = policies(world)
        .filter(|row| !declared.contains(identity_of(row).as_str()) && is_kept(&identity_of(row), world))
        .map(attrs)
        .collect();
    let all: Vec<&Attrs> = wanted.iter().map(|policy| &policy.attrs).chain(&live).collect();
    let mut tables: BTreeMap<(&str, &str), &Resource> = BTreeMap::new();
    for policy in wanted {
        tables.entry((policy.text("database"), policy.text("table"))).or_insert(policy);
    }
    let open = tables.into_iter().filter(|((database, table), _)| !is_closed(&all, database, table));
    open.map(|((database, table), policy)| finding(database, table, policy)).collect()
}

/// Returns whether a live policy is there after an apply: one of ours that nothing declares goes.
fn is_kept(identity: &str, world: &World) -> bool {
    world.registry.mine(super::NAME, identity).is_none()
}

/// Returns whether everybody has a permissive policy on a table, but for those who are named.
fn is_closed(all: &[&Attrs], database: &str, table: &str) -> bool {
    let text =
        |attrs: &Attrs, name: &str| attrs.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_on = |attrs: &&&Attrs| {
        text(attrs, "database") == database && ["", table].contains(&text(attrs, "table").as_str())
    };
    all.iter()
        .filter(is_on)
        .any(|attrs| attrs.contains_key(TO_ALL_EXCEPT) && attrs.get(RESTRICTIVE) != Some(&Value::Bool(true)))
}

fn finding(database: &str, table: &str, policy: &Resource) -> Finding {
    let table = if table.is_empty() { "*" } else { table };
    let summary = format!("{database}.{table} is filtered for some, and nothing says what the others read");
    Finding::new("CH274", Severity::Warning, Category::Access, summary)
        .at(&policy.addr)
        .compare(
            "a permissive policy with `to_all_except`",
            "who has no policy on it reads every row, or none: `users_without_row_policies_can_read_rows` of the server's configuration decides, and it is true unless told",
        )
        .help("to let the others read nothing: a row_policy with `using = \"0\"` and `to_all_except = [ … ]` of those who have policies")
        .help("to let them read everything, whatever the configuration: the same with `using = \"1\"`")
}
