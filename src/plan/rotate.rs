//! Which passwords an address names: those of a user, of a tenant, of a group.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, nearest};
use crate::kinds::Kinds;
use crate::model::Addr;
use crate::model::resource::Desired;

/// Returns the users whose passwords the addresses name.
///
/// # Errors
/// A diagnostic for each address that names none, with the nearest that does.
pub fn users(kinds: &Kinds, desired: &Desired, asked: &[Addr]) -> Result<BTreeSet<Addr>, Vec<Diagnostic>> {
    let known: BTreeSet<Addr> = desired
        .resources
        .values()
        .filter(|resource| kinds.get(resource.kind).is_some_and(|kind| kind.rotates(resource)))
        .map(|resource| resource.addr.clone())
        .collect();
    let mut named = BTreeSet::new();
    let mut wrong = Vec::new();
    for addr in asked {
        let matching = desired.matching(addr);
        let users: Vec<Addr> = known.iter().filter(|user| matching.contains(user)).cloned().collect();
        if users.is_empty() {
            wrong.push(without(addr, !matching.is_empty(), &known));
        }
        named.extend(users);
    }
    if wrong.is_empty() { Ok(named) } else { Err(wrong) }
}

fn without(addr: &Addr, is_declared: bool, known: &BTreeSet<Addr>) -> Diagnostic {
    let what =
        if is_declared { "it has no password of its own" } else { "nothing of that address is declared" };
    let diagnostic = Diagnostic::error(format!("{addr} cannot be rotated"))
        .detail(format!("What is rotated is the password of a user with `credentials`; {what}."));
    let beside = known.iter().find(|user| user.block() == addr.block()).map(ToString::to_string);
    let texts: BTreeSet<String> =
        known.iter().flat_map(|user| [user.clone(), user.block()]).map(|addr| addr.to_string()).collect();
    let near =
        beside.or_else(|| nearest(&addr.to_string(), texts.iter().map(String::as_str)).map(str::to_owned));
    match (near, known.first()) {
        (Some(near), _) => diagnostic.help(format!("did you mean {near}?")),
        (None, Some(first)) => diagnostic.help(format!("name a user, a tenant or a group, such as {first}")),
        (None, None) => diagnostic.help("declare a tenant, or a user with `credentials {}`"),
    }
}
