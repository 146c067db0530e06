//! What there is to say of a user besides its differences: what the server cannot do, what has
//! expired, and what is laxer than it could be.

use super::auth::{self, VALID_UNTIL};
use super::methods::{self, Kind};
use super::{NAME, compare, lower, record};
use crate::kinds::World;
use crate::kinds::common::credential::CREDENTIAL;
use crate::kinds::common::expiry;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::registry::Entry;
use crate::model::{Attrs, Resource, Value, sql};

/// Returns the findings of one user.
pub fn of(wanted: &Resource, live: Option<&Attrs>, world: &World) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(live.filter(|live| lower::is_read_only(live)).map(|_| read_only(&wanted.identity)));
    findings.extend(beyond_the_server(wanted, world));
    findings.extend(expired(wanted, world));
    let entry = world.registry.mine(NAME, &wanted.identity);
    for attr in record::kept_conventions(wanted, live, entry) {
        let differs = live.is_some_and(|live| live.get(attr) != wanted.attrs.get(attr));
        findings.extend(differs.then(|| kept(attr, live, wanted)));
    }
    findings.extend(lax(wanted));
    findings.into_iter().map(|finding| finding.at(&wanted.addr)).collect()
}

/// Tells that a user is one of users.xml.
pub fn read_only(user: &str) -> Finding {
    Finding::new("CH231", Severity::Error, Category::Access, "this user lives in users.xml and is read-only")
        .compare(format!("{user} in a storage that SQL can write"), format!("{user} in users_xml (code 495)"))
        .help("remove it from users.xml (or users.d) on the server, or give the declared user another name")
}

/// Tells that a user cannot be made whose ways to log in are left alone.
pub fn not_there(user: &str) -> Finding {
    Finding::new(
        "CH182",
        Severity::Error,
        Category::Access,
        "a user whose ways to log in are left alone does not exist",
    )
    .compare(format!("user {user}, made by somebody else"), "no such user")
    .help("declare how it logs in: credentials {} with a `secret` block, or an `authentication` block")
    .help("or make it by hand: charter then leaves alone how it logs in")
}

/// Tells what the server's version does not know, before anything is sent: a statement that it
/// cannot parse would be logged as it stands.
fn beyond_the_server(wanted: &Resource, world: &World) -> Vec<Finding> {
    let caps = world.caps();
    let declared = methods::declared(&wanted.attrs);
    let too_new = |kind: &&Kind, since: (u32, u32)| !caps.at_least(since.0, since.1) && !kind.word.is_empty();
    let mut findings = Vec::new();
    let error = |summary: String, since: (u32, u32), help: &str| {
        Finding::new("CH260", Severity::Error, Category::Access, summary)
            .compare(
                format!("ClickHouse {}.{} or newer", since.0, since.1),
                format!("ClickHouse {}", caps.version),
            )
            .help(help)
    };
    for method in &declared {
        let certificate =
            method.kind.word == "ssl_certificate" && !method.items("subject_alt_names").is_empty();
        let since = if certificate { SUBJECT_ALT_NAMES } else { method.kind.since };
        if too_new(&method.kind, since) {
            let what = if certificate { "alternative names of certificates" } else { method.kind.word };
            findings.push(error(
                format!("this server does not know {what}"),
                since,
                "declare a method that it knows, or upgrade the server",
            ));
        }
    }
    let methods = declared.len() + usize::from(wanted.attrs.contains_key(CREDENTIAL));
    if methods > 1 && !caps.has_several_auth_methods() {
        let summary = format!("this server takes one method a user, and {methods} are declared");
        findings.push(error(summary, (24, 9), "keep one of them, or upgrade the server"));
    }
    let expires = !times(wanted).is_empty();
    if expires && !caps.at_least(EXPIRY.0, EXPIRY.1) {
        let summary = "this server does not know VALID UNTIL".to_owned();
        findings.push(error(summary, EXPIRY, "leave `valid_until` out, or upgrade the server"));
    }
    findings
}

/// About the first version that knows `VALID UNTIL` (ClickHouse PR 51261).
const EXPIRY: (u32, u32) = (23, 9);

/// About the first version that knows `ssl_certificate SAN` (ClickHouse PR 65626).
const SUBJECT_ALT_NAMES: (u32, u32) = (24, 8);

fn times(wanted: &Resource) -> Vec<&str> {
    let declared = methods::declared(&wanted.attrs);
    let own = declared.iter().filter_map(|method| method.text(VALID_UNTIL));
    let mut times: Vec<&str> = own.chain(auth::user_expiry(&wanted.attrs)).collect();
    times.sort_unstable();
    times.dedup();
    times
}

/// Tells of a time in the past: an error where it is declared anew, for nobody could log in; a
/// warning where it was in the future once.
fn expired(wanted: &Resource, world: &World) -> Vec<Finding> {
    let (now, entry) = (world.caps().now, world.registry.mine(NAME, &wanted.identity));
    let past = times(wanted).into_iter().filter(|time| expiry::seconds(time).is_some_and(|time| time <= now));
    let now_shown = i64::try_from(now).ok().and_then(expiry::shown).unwrap_or_default();
    past.map(|time| {
        if entry.is_some_and(|entry| was_recorded(entry, time)) {
            return Finding::new(
                "CH265",
                Severity::Warning,
                Category::Access,
                format!("it expired at {time}"),
            )
            .compare("a user that can log in", format!("the server's clock says {now_shown}"))
            .help("give it a later `valid_until`, or remove it");
        }
        Finding::new("CH264", Severity::Error, Category::Access, "`valid_until` is in the past")
            .compare("a time to come", format!("{time}, and the server's clock says {now_shown}"))
            .help("correct the time; to end a user's access, remove its block")
    })
    .collect()
}

/// Returns why a login proves nothing about the password of a user that has expired.
pub fn is_over(wanted: &Resource, world: &World) -> Option<String> {
    let time = auth::user_expiry(&wanted.attrs)?;
    let over = expiry::seconds(time)? <= world.caps().now;
    over.then(|| format!("it expired at {time}"))
}

fn was_recorded(entry: &Entry, time: &str) -> bool {
    let attrs = record::recorded_attrs(entry);
    let own = methods::declared(&attrs).iter().any(|method| method.text(VALID_UNTIL) == Some(time));
    own || auth::user_expiry(&attrs) == Some(time)
}

/// Tells of a convention that did not hold when the user was adopted.
fn kept(attr: &str, live: Option<&Attrs>, wanted: &Resource) -> Finding {
    let (found, expected) = (shown(live, attr), shown(Some(&wanted.attrs), attr));
    let written = match wanted.attrs.get(attr) {
        Some(value) => format!("{attr} = {}", value.to_json()),
        None => "settings = {}".to_owned(),
    };
    let clause = super::clauses::clauses(&wanted.attrs, Some(&[attr]));
    Finding::new(
        "CH261",
        Severity::Note,
        Category::Access,
        format!("{attr} is as it was when it was adopted"),
    )
    .compare(format!("{attr}: {expected}, by convention"), format!("{attr}: {found}"))
    .help(format!("to have it so, write {written}{}", inside(wanted)))
    .help(format!("that runs ALTER USER {} {clause}", sql::ident(&wanted.identity)))
}

/// Returns where a tenant's user takes its attributes.
fn inside(wanted: &Resource) -> &'static str {
    if wanted.tenant.is_some() { " in a block `user` of the tenant" } else { "" }
}

/// Returns the note of a step that adopts a user without one of the conventions.
pub fn kept_note(attr: &str, live: Option<&Attrs>, wanted: &Resource) -> String {
    let (found, expected) = (shown(live, attr), shown(Some(&wanted.attrs), attr));
    format!("kept as it is: {attr} {found} (by convention {expected}; declare it to have it so)")
}

fn shown(attrs: Option<&Attrs>, attr: &str) -> String {
    match attrs.and_then(|attrs| attrs.get(attr)) {
        Some(Value::String(text)) if text.is_empty() => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_json().to_string(),
        None => "none".to_owned(),
    }
}

/// Tells of what is declared and lets more in than needed.
fn lax(wanted: &Resource) -> Vec<Finding> {
    let mut findings = Vec::new();
    if methods::declared(&wanted.attrs).iter().any(|method| method.kind.word == "no_password") {
        findings.push(
            Finding::new(
                "CH262",
                Severity::Warning,
                Category::Access,
                "this user logs in without a password",
            )
            .compare("a way to log in that proves who it is", compare::in_words_of(wanted).join(", "))
            .help("use credentials {} or another method, or confine it with `hosts`"),
        );
    }
    if wanted.attrs.get("grantees").and_then(Value::as_str) == Some("any") {
        findings.push(
            Finding::new(
                "CH263",
                Severity::Warning,
                Category::Access,
                "this user may hand privileges on to anybody",
            )
            .compare("grantees that are named", "grantees: any")
            .help("name them, grantees = [role.x], or leave the attribute out for none"),
        );
    }
    findings
}

/// Tells of users whose name is a role's on the server: `GRANT … TO name` means the user, and
/// `SHOW GRANTS` does not tell them apart.
pub fn both(wanted: &[&Resource], world: &World) -> Vec<Finding> {
    let live = |name: &str| {
        let mut rows = world.snapshot.rows(crate::kinds::common::reads::ROLES).iter();
        rows.any(|row| crate::model::snapshot::text(row, "name") == name)
            .then(|| "a role on the server".to_owned())
    };
    let found = wanted.iter().filter_map(|user| {
        let other = live(&user.identity)?;
        let summary = format!("{} is the name of a role and of a user", user.identity);
        Some(
            Finding::new("CH266", Severity::Error, Category::Access, summary)
                .at(&user.addr)
                .compare("a name of its own", format!("{other} has it, too"))
                .help("GRANT … TO a name of both means the user: give one of them another name"),
        )
    });
    found.collect()
}
