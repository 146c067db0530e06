//! What is there of a user, and how it differs from what is declared.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::due;
use crate::diag::Diagnostic;
use crate::kinds::common::credential;
use crate::kinds::common::reads;
use crate::kinds::common::user::{ANY_HOST, LOCAL_HOST};
use crate::kinds::{DecodeCx, World, diff_attrs};
use crate::model::plan::AttrDiff;
use crate::model::snapshot::{Row, number, text, texts};
use crate::model::{Attrs, Resource, Spanned, Value};

/// What charter's conventions ask for and no contract does: nobody's user is adopted without it.
pub const CONVENTIONAL: [&str; 2] = ["default_database", "grantees"];

/// Returns the declared hosts in the form that the server stores; what is no address is reported.
pub fn hosts(declared: Option<&Spanned<Value>>, cx: &mut DecodeCx) -> Vec<String> {
    let Some(declared) = declared else { return vec![ANY_HOST.to_owned()] };
    let mut hosts = BTreeSet::new();
    for item in declared.value.items().iter().filter_map(Value::as_str) {
        match host(item) {
            Some(host) => _ = hosts.insert(host),
            None => cx.diags.push(
                Diagnostic::error("this is not an address or a network")
                    .at(declared.span, format!("{item:?} is neither"))
                    .help("write addresses like \"10.1.2.3\" and networks like \"10.0.0.0/8\""),
            ),
        }
    }
    if declared.value.items().is_empty() {
        cx.diags.push(
            Diagnostic::error("a user that may log in from nowhere")
                .at(declared.span, "names no address")
                .help("leave `hosts` out to admit every address"),
        );
    }
    if hosts.contains(ANY_HOST) {
        return vec![ANY_HOST.to_owned()];
    }
    hosts.into_iter().collect()
}

/// Returns an address or a network as ClickHouse prints it: the bits beyond the prefix cleared, a
/// single address without a prefix, and what is loopback as `localhost`
/// (`src/Access/AllowedClientHosts.cpp`).
fn host(text: &str) -> Option<String> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.unwrap_or(bits);
    if address.is_loopback() && (prefix == bits || (address.is_ipv4() && prefix == 8)) {
        return Some(LOCAL_HOST.to_owned());
    }
    if prefix > bits {
        return None;
    }
    let masked: IpAddr = match address {
        IpAddr::V4(v4) => (v4.to_bits() & u32::MAX.checked_shl(32 - prefix).unwrap_or(0)).into_v4(),
        IpAddr::V6(v6) => {
            IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(128 - prefix).unwrap_or(0)).into())
        }
    };
    Some(if prefix == bits { masked.to_string() } else { format!("{masked}/{prefix}") })
}

trait IntoV4 {
    fn into_v4(self) -> IpAddr;
}

impl IntoV4 for u32 {
    fn into_v4(self) -> IpAddr {
        IpAddr::V4(self.into())
    }
}

/// Returns the live attributes of users.
pub fn observe(identities: &BTreeSet<&str>, world: &World) -> BTreeMap<String, Attrs> {
    let rows = world.snapshot.rows(reads::USERS).iter();
    let rows = rows.filter(|row| identities.contains(text(row, "name")));
    rows.map(|row| (text(row, "name").to_owned(), attrs(row))).collect()
}

fn attrs(row: &Row) -> Attrs {
    let by_name = [("host_names", "name "), ("host_names_regexp", "regexp "), ("host_names_like", "like ")];
    let by_name = by_name
        .iter()
        .flat_map(|(column, word)| texts(row, column).into_iter().map(move |name| format!("{word}{name}")));
    let mut hosts: Vec<String> = texts(row, "host_ip").into_iter().chain(by_name).collect();
    for host in hosts.iter_mut().filter(|host| **host == format!("name {LOCAL_HOST}")) {
        LOCAL_HOST.clone_into(host);
    }
    hosts.sort();
    let all_roles = number(row, "default_roles_all") == 1 && texts(row, "default_roles_except").is_empty();
    let roles = if all_roles { "all".to_owned() } else { texts(row, "default_roles_list").join(", ") };
    let grantees = match (number(row, "grantees_any"), texts(row, "grantees_list")) {
        (1, _) => "any".to_owned(),
        (_, list) if list.is_empty() => "none".to_owned(),
        (_, list) => list.join(", "),
    };
    Attrs::from([
        ("default_database".to_owned(), text(row, "default_database").into()),
        ("default_roles".to_owned(), roles.into()),
        ("grantees".to_owned(), grantees.into()),
        ("hosts".to_owned(), Value::strings(hosts)),
        ("storage".to_owned(), text(row, "storage").into()),
    ])
}

/// Compares a user, its password by the fingerprint of what was last applied.
pub fn diff(wanted: &Resource, live: &Attrs, world: &World) -> Vec<AttrDiff> {
    let mut declared = wanted.attrs.clone();
    declared.remove(credential::CREDENTIAL);
    let mut diff = diff_attrs(&declared, live);
    let recorded = world.registry.mine(super::NAME, &wanted.identity);
    if recorded.is_none() {
        diff.retain(|diff| !CONVENTIONAL.contains(&diff.attr.as_str()));
    }
    diff.extend(due::diff(wanted, world));
    diff
}

/// Returns why a live user may not log in from here, where something says so.
pub fn restriction(identity: &str, world: &World) -> Option<String> {
    let live = observe(&BTreeSet::from([identity]), world);
    restricted(live.get(identity)?.get("hosts"))
}

/// Returns what hosts say of logins from here: nothing where every address may.
pub fn restricted(hosts: Option<&Value>) -> Option<String> {
    let hosts: Vec<&str> = hosts?.items().iter().filter_map(Value::as_str).collect();
    (hosts != [ANY_HOST]).then(|| format!("it may log in from {} only", hosts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts_are_written_as_the_server_prints_them() {
        for (declared, stored) in [
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3/32", "10.1.2.3"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
            ("FD00::1/64", "fd00::/64"),
            ("127.0.0.1", "localhost"),
            ("127.0.0.0/8", "localhost"),
            ("::1", "localhost"),
        ] {
            assert_eq!(host(declared).as_deref(), Some(stored), "{declared}");
        }
        for bad in ["", "localhost", "10.0.0.0/33", "10.0.0.0/", "'; DROP"] {
            assert_eq!(host(bad), None, "{bad}");
        }
    }
}
