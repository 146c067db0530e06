//! The hosts that a user may log in from, in the form that the server stores
//! (`src/Access/AllowedClientHosts.cpp`): four lists, of which all together admit.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use crate::diag::Diagnostic;
use crate::kinds::DecodeCx;
use crate::model::snapshot::{Row, texts};
use crate::model::{Attrs, Body, Spanned, Value, sql};

/// Every address, as the server stores it.
pub const ANY_HOST: &str = "::/0";

/// The machine of the server itself, as charter writes it.
pub const LOCAL_HOST: &str = "localhost";

/// The attributes, named after the columns of `system.users`, and how `HOST` names each.
pub const ATTRS: [(&str, &str); 4] =
    [("hosts", "IP"), ("host_names", "NAME"), ("host_names_regexp", "REGEXP"), ("host_names_like", "LIKE")];

/// Returns the lists of a user that may log in from everywhere.
pub fn anywhere() -> Attrs {
    let list = |name: &str| if name == "hosts" { vec![ANY_HOST] } else { Vec::new() };
    ATTRS.iter().map(|(name, _)| ((*name).to_owned(), Value::strings(list(name)))).collect()
}

/// Returns the lists by attribute; what is no host is reported. Where none is declared, every
/// address may.
pub fn decode(body: &Body, cx: &mut DecodeCx) -> Attrs {
    let mut lists: [BTreeSet<String>; 4] = Default::default();
    let mut declared = Vec::new();
    for (index, (name, _)) in ATTRS.iter().enumerate() {
        let Some(attr) = body.get(name) else { continue };
        declared.push(attr);
        for text in attr.value.items().iter().filter_map(Value::as_str) {
            match stored(name, text) {
                // A name that is the server's own machine is stored as such, and one that is every
                // host as every address.
                Ok(host) if host == LOCAL_HOST || host == ANY_HOST => _ = lists[0].insert(host),
                Ok(host) => _ = lists[index].insert(host),
                Err((summary, help)) => cx
                    .diags
                    .push(Diagnostic::error(summary).at(attr.span, format!("{text:?} is none")).help(help)),
            }
        }
    }
    check_some(&declared, cx);
    if declared.is_empty() || lists[0].contains(ANY_HOST) {
        return anywhere();
    }
    let named = ATTRS.iter().zip(lists);
    named.map(|((name, _), list)| ((*name).to_owned(), Value::strings(list))).collect()
}

fn check_some(declared: &[&Spanned<Value>], cx: &mut DecodeCx) {
    let [first, ..] = declared else { return };
    if declared.iter().all(|attr| attr.value.items().is_empty()) {
        cx.diags.push(
            Diagnostic::error("a user that may log in from nowhere")
                .at(first.span, "names no address")
                .help("leave `hosts` out to admit every address"),
        );
    }
}

type Problem = (&'static str, &'static str);

/// Returns a host as the server stores it, be it an address, a name or a pattern.
fn stored(attr: &str, text: &str) -> Result<String, Problem> {
    match attr {
        "hosts" => address(text).ok_or((
            "this is not an address or a network",
            "write addresses like \"10.1.2.3\" and networks like \"10.0.0.0/8\"; names go into `host_names`",
        )),
        _ if text.eq_ignore_ascii_case(LOCAL_HOST) => Ok(LOCAL_HOST.to_owned()),
        "host_names" => is_name(text).then(|| text.to_owned()).ok_or((
            "this is not the name of a host",
            "write names like \"jobs.example.com\"; patterns go into `host_names_like` or `host_names_regexp`",
        )),
        "host_names_regexp" if text == ".*" => Ok(ANY_HOST.to_owned()),
        "host_names_regexp" if regex::Regex::new(text).is_err() || text.is_empty() => {
            Err(("this is not a regular expression", "write one like \"web[0-9]+\\\\.example\\\\.com\""))
        }
        "host_names_like" if matches!(text, "%" | "0.0.0.0/0" | ANY_HOST) => Ok(ANY_HOST.to_owned()),
        "host_names_like" if text.is_empty() => {
            Err(("this is not a pattern", "write one like \"%.example.com\""))
        }
        _ => Ok(text.to_owned()),
    }
}

/// Returns the lists of a row of `system.users`.
pub fn of_row(row: &Row) -> Attrs {
    let columns = ATTRS.map(|(attr, _)| (attr, if attr == "hosts" { "host_ip" } else { attr }));
    let mut lists: BTreeMap<&str, BTreeSet<String>> =
        columns.iter().map(|(attr, column)| (*attr, texts(row, column).into_iter().collect())).collect();
    // The server's own machine is told as a name, whatever it was declared as.
    let local = lists.get_mut("host_names").is_some_and(|names| names.remove(LOCAL_HOST));
    if let Some(hosts) = lists.get_mut("hosts").filter(|_| local) {
        hosts.insert(LOCAL_HOST.to_owned());
    }
    lists.into_iter().map(|(attr, list)| (attr.to_owned(), Value::strings(list))).collect()
}

/// Returns whether a host reads back as the server stores it when it is declared.
pub fn is_stored(attr: &str, host: &str) -> bool {
    stored(attr, host).is_ok_and(|stored| stored == host)
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !text.is_empty() && text.len() <= 253 && text.chars().all(fits)
}

/// Returns an address or a network as ClickHouse prints it: the bits beyond the prefix cleared, a
/// single address without a prefix, and what is loopback as `localhost`.
fn address(text: &str) -> Option<String> {
    if text == LOCAL_HOST {
        return Some(LOCAL_HOST.to_owned());
    }
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
        IpAddr::V4(v4) => {
            IpAddr::V4(Ipv4Addr::from(v4.to_bits() & u32::MAX.checked_shl(32 - prefix).unwrap_or(0)))
        }
        IpAddr::V6(v6) => {
            IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(128 - prefix).unwrap_or(0)).into())
        }
    };
    Some(if prefix == bits { masked.to_string() } else { format!("{masked}/{prefix}") })
}

/// Returns the hosts of some lists that others do not admit; patterns admit what is written alike.
pub fn beyond(after: &Attrs, before: &Attrs) -> Vec<String> {
    let of = |attrs: &Attrs, attr: &str| -> Vec<String> {
        let items = attrs.get(attr).map_or(&[][..], Value::items);
        items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let networks = of(before, "hosts");
    if networks.iter().any(|network| network == ANY_HOST) {
        return Vec::new();
    }
    let mut beyond = Vec::new();
    for (attr, _) in ATTRS {
        let known = of(before, attr);
        let within = |host: &String| attr == "hosts" && networks.iter().any(|network| holds(network, host));
        beyond.extend(of(after, attr).into_iter().filter(|host| !known.contains(host) && !within(host)));
    }
    beyond
}

/// Returns whether a network holds all of an address or a network.
fn holds(network: &str, host: &str) -> bool {
    let bits = |text: &str| {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(one, two)| (one, Some(two)));
        let (bits, width) = match address.parse::<IpAddr>().ok()? {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let prefix = prefix.map_or(Some(width), |prefix| prefix.parse::<u32>().ok())?;
        Some((width, bits, prefix.min(width)))
    };
    let (Some((family, outer, wide)), Some((other, inner, narrow))) = (bits(network), bits(host)) else {
        return false;
    };
    let mask = u128::MAX.checked_shl(128 - wide).unwrap_or(0);
    family == other && wide <= narrow && outer & mask == inner & mask
}

/// Returns the `HOST` clause of the lists.
pub fn clause(attrs: &Attrs) -> String {
    let mut hosts = Vec::new();
    for (name, keyword) in ATTRS {
        for host in attrs.get(name).map_or(&[][..], Value::items).iter().filter_map(Value::as_str) {
            hosts.push(match host {
                ANY_HOST => "ANY".to_owned(),
                LOCAL_HOST => "LOCAL".to_owned(),
                host => format!("{keyword} {}", sql::literal(host)),
            });
        }
    }
    if hosts.is_empty() || hosts.iter().any(|host| host == "ANY") {
        return "HOST ANY".to_owned();
    }
    format!("HOST {}", hosts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_the_server_prints_them() {
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
            ("localhost", "localhost"),
        ] {
            assert_eq!(address(declared).as_deref(), Some(stored), "{declared}");
        }
        for bad in ["", "example.com", "10.0.0.0/33", "10.0.0.0/", "'; DROP"] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }

    #[test]
    fn patterns_that_are_every_host_or_the_own_machine_are_stored_as_such() {
        for (attr, text, expected) in [
            ("host_names", "Localhost", Some("localhost")),
            ("host_names", "a.example.com", Some("a.example.com")),
            ("host_names", "a b", None),
            ("host_names_regexp", ".*", Some("::/0")),
            ("host_names_regexp", "(", None),
            ("host_names_like", "%", Some("::/0")),
            ("host_names_like", "%.example.com", Some("%.example.com")),
        ] {
            assert_eq!(stored(attr, text).ok().as_deref(), expected, "{attr} {text}");
        }
    }

    #[test]
    fn the_clause_unites_the_lists() {
        let attrs: Attrs = [
            ("hosts".to_owned(), Value::strings(["10.0.0.0/8", "localhost"])),
            ("host_names_like".to_owned(), Value::strings(["%'.example.com"])),
        ]
        .into();
        assert_eq!(clause(&attrs), r"HOST IP '10.0.0.0/8', LOCAL, LIKE '%\'.example.com'");
        assert_eq!(clause(&Attrs::new()), "HOST ANY");
    }
}
