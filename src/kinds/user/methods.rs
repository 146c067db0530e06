//! The ways to log in that a user block may declare: `authentication` blocks, their kinds as
//! ClickHouse names them, and what each takes.
//!
//! A declared method is a map in the attribute [`AUTHENTICATION`]: `method`, its parameters, hash
//! and salt as secrets, and `valid_until` as RFC 3339 in UTC.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Span, nearest};
use crate::kinds::DecodeCx;
use crate::kinds::common::expiry;
use crate::model::schema::{BlockSchema, Type};
use crate::model::{Attrs, Body, Secret, Spanned, Value};

/// The attribute of a user that lists its declared methods.
pub const AUTHENTICATION: &str = "authentication";

/// The word for ways to log in that are left alone, whatever they are.
pub const UNMANAGED: &str = "unmanaged";

/// Returns whether how a user logs in is left alone.
pub fn is_unmanaged(attrs: &Attrs) -> bool {
    let items = attrs.get(AUTHENTICATION).map_or(&[][..], Value::items);
    items.iter().any(|item| item.get("method").and_then(Value::as_str) == Some(UNMANAGED))
}

/// A kind of method.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The word of the language: what stands after `IDENTIFIED WITH`.
    pub word: &'static str,
    /// What `system.users` calls it.
    pub stored: &'static str,
    /// The first version that is known to take it.
    pub since: (u32, u32),
    /// The attributes that it needs: one of each group.
    needs: &'static [&'static [&'static str]],
    /// The attributes that it may have besides.
    takes: &'static [&'static str],
}

/// The kinds, as `src/Parsers/Access/ParserCreateUserQuery.cpp` reads them.
pub static KINDS: [Kind; 10] = [
    kind("no_password", "no_password", (23, 8), &[], &[]),
    kind("sha256_hash", "sha256_password", (23, 8), &[&["hash"]], &["salt"]),
    kind("double_sha1_hash", "double_sha1_password", (23, 8), &[&["hash"]], &[]),
    kind("bcrypt_hash", "bcrypt_password", (23, 8), &[&["hash"]], &[]),
    kind("scram_sha256_hash", "scram_sha256_password", (24, 9), &[&["hash"]], &["salt"]),
    kind("ssl_certificate", "ssl_certificate", (23, 8), &[&["common_names", "subject_alt_names"]], &[]),
    kind("ssh_key", "ssh_key", (23, 9), &[&["keys"]], &[]),
    kind("ldap", "ldap", (23, 8), &[&["server"]], &[]),
    kind("kerberos", "kerberos", (23, 8), &[], &["realm"]),
    kind("http", "http", (23, 10), &[&["server"]], &["scheme"]),
];

const fn kind(
    word: &'static str,
    stored: &'static str,
    since: (u32, u32),
    needs: &'static [&'static [&'static str]],
    takes: &'static [&'static str],
) -> Kind {
    Kind { word, stored, since, needs, takes }
}

/// A declared method.
#[derive(Clone, Copy, Debug)]
pub struct Method<'a> {
    /// Its kind.
    pub kind: &'static Kind,
    map: &'a BTreeMap<String, Value>,
}

impl<'a> Method<'a> {
    /// Returns the text of a parameter that is no secret.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.map.get(name)?.as_str()
    }

    /// Returns the hash or the salt.
    pub fn secret(&self, name: &str) -> Option<&'a Secret> {
        match self.map.get(name)? {
            Value::Secret(secret) => Some(secret),
            _ => None,
        }
    }

    /// Returns the items of a list.
    pub fn items(&self, name: &str) -> &'a [Value] {
        self.map.get(name).map_or(&[], Value::items)
    }

    /// Returns it as it is declared, less its secrets.
    pub fn to_map(self) -> BTreeMap<String, Value> {
        let open = self.map.iter().filter(|(_, value)| !value.is_sensitive());
        open.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Returns a parameter as it is declared.
    pub fn param(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }
}

/// Returns the declared methods of a user.
pub fn declared(attrs: &Attrs) -> Vec<Method<'_>> {
    let items = attrs.get(AUTHENTICATION).map_or(&[][..], Value::items);
    items.iter().filter_map(of_value).collect()
}

fn of_value(value: &Value) -> Option<Method<'_>> {
    let word = value.get("method")?.as_str()?;
    let kind = KINDS.iter().find(|kind| kind.word == word)?;
    Some(Method { kind, map: value.as_map()? })
}

/// Returns the schema of an `authentication` block.
pub fn schema() -> BlockSchema {
    BlockSchema::default()
        .required(
            "method",
            Type::String,
            "How: `sha256_hash`, `double_sha1_hash`, `bcrypt_hash`, `scram_sha256_hash`, `ssl_certificate`, \
             `ssh_key`, `ldap`, `kerberos`, `http` or `no_password`; `unmanaged` leaves alone how it logs in.",
        )
        .optional("hash", Type::String, "The password's hash; for the methods that end in `_hash`.")
        .optional(
            "salt",
            Type::String,
            "What the hash was salted with; for `sha256_hash` and `scram_sha256_hash`.",
        )
        .optional(
            "common_names",
            Type::String.list(),
            "The common names of certificates; for `ssl_certificate`.",
        )
        .optional(
            "subject_alt_names",
            Type::String.list(),
            "The alternative names of certificates (`DNS:…`, `URI:…`), instead of common names.",
        )
        .optional(
            "keys",
            Type::String.map().list(),
            "Public keys, each with `public_key` and `type` (`ssh-ed25519`); for `ssh_key`.",
        )
        .optional(
            "server",
            Type::String,
            "The server's name in ClickHouse's configuration; for `ldap` and `http`.",
        )
        .optional("realm", Type::String, "The realm; for `kerberos`.")
        .optional("scheme", Type::String, "The scheme (`basic`); for `http`.")
        .optional(
            "valid_until",
            Type::String,
            "Until when it may be used (RFC 3339); the user's where absent.",
        )
        .accepts_sensitive(&["hash", "salt"])
}

/// Decodes the `authentication` blocks of a user, each to a map. What is wrong is reported.
pub fn decode(blocks: &[Body], has_credentials: bool, cx: &mut DecodeCx) -> Vec<Value> {
    let alone = blocks.len() == 1 && !has_credentials;
    let mut methods = Vec::new();
    for body in blocks {
        if body.string("method") == Some(UNMANAGED) {
            methods.extend(unmanaged(body, alone, cx));
            continue;
        }
        let Some(kind) = kind_of(body, cx) else { continue };
        if kind.word == "no_password" && !alone {
            cx.diags.push(
                Diagnostic::error("no_password cannot be combined")
                    .at(body.span_of("method"), "beside another way to log in")
                    .detail("Whoever may log in without a password needs none of the others: ClickHouse refuses the combination.")
                    .help("remove it, or the other ways"),
            );
            continue;
        }
        methods.extend(method(kind, body, cx));
    }
    methods
}

/// Decodes the block that leaves alone how a user logs in: it says nothing else, and stands alone.
fn unmanaged(body: &Body, alone: bool, cx: &mut DecodeCx) -> Option<Value> {
    for (_, attr) in body.attrs.iter().filter(|(name, _)| *name != "method") {
        let label = "`unmanaged` takes nothing: all of it is left alone";
        cx.diags.push(Diagnostic::error("this attribute does not fit the method").at(attr.span, label));
    }
    if !alone {
        cx.diags.push(
            Diagnostic::error("unmanaged cannot be combined")
                .at(body.span_of("method"), "beside another way to log in")
                .detail("Either the ways to log in are declared, all of them, or they are left alone.")
                .help("remove it, or the other ways"),
        );
    }
    alone.then(|| Value::Map([("method".to_owned(), UNMANAGED.into())].into()))
}

fn kind_of(body: &Body, cx: &mut DecodeCx) -> Option<&'static Kind> {
    let (word, span) = (body.string("method")?, body.span_of("method"));
    let found = KINDS.iter().find(|kind| kind.word == word);
    if found.is_none() {
        cx.diags.push(unknown(word, span));
    }
    found
}

fn unknown(word: &str, span: Span) -> Diagnostic {
    let refused = Diagnostic::error("this way to log in cannot be declared");
    if let Some(hash) = word.strip_suffix("_password").filter(|_| word != "no_password") {
        let known = format!("{hash}_hash");
        let hash = KINDS.iter().find(|kind| kind.word == known).map_or("sha256_hash", |kind| kind.word);
        return refused
            .at(span, "it would send the password itself")
            .detail("A password in a statement can reach logs, and draws another salt each time, so that no plan could be empty.")
            .help("`credentials {}` makes a password and keeps it in a Secret")
            .help(format!("or declare its hash: method = {hash:?}"));
    }
    if matches!(word, "jwt" | "no_authentication") {
        return refused
            .at(span, "no statement makes such a user")
            .help("such users are configured on the server");
    }
    let start = Diagnostic::error("unknown way to log in").at(span, "ClickHouse knows none of this name");
    match nearest(word, KINDS.iter().map(|kind| kind.word)) {
        Some(near) => start.help(format!("did you mean {near:?}?")),
        None => start.help(format!("known are {}", KINDS.each_ref().map(|kind| kind.word).join(", "))),
    }
}

fn method(kind: &'static Kind, body: &Body, cx: &mut DecodeCx) -> Option<Value> {
    let before = cx.diags.len();
    for (name, attr) in &body.attrs {
        let is_known = matches!(name.as_str(), "method" | "valid_until")
            || kind.takes.contains(&name.as_str())
            || kind.needs.iter().any(|group| group.contains(&name.as_str()));
        if !is_known {
            let label = format!("{} does not take `{name}`", kind.word);
            cx.diags.push(Diagnostic::error("this attribute does not fit the method").at(attr.span, label));
        }
    }
    for group in kind.needs {
        let given: Vec<_> = group.iter().filter_map(|name| body.get(name)).collect();
        let names = group.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
        match given[..] {
            [one] if !one.value.items().is_empty() || is_text(&one.value) => {}
            [one] => cx.diags.push(Diagnostic::error("a method without an end").at(one.span, "this is empty")),
            [] => cx.diags.push(
                Diagnostic::error("a method lacks something").at(body.span, format!("{} needs {names}", kind.word)),
            ),
            [one, ..] => cx.diags.push(
                Diagnostic::error("a method says two things")
                    .at(one.span, format!("only one of {names}"))
                    .help("ClickHouse keeps one kind of name; declare a second `authentication` block for the other"),
            ),
        }
    }
    let mut map = BTreeMap::from([("method".to_owned(), Value::from(kind.word))]);
    for (name, attr) in body.attrs.iter().filter(|(name, _)| *name != "method") {
        map.extend(param(kind, name, attr, cx).map(|value| (name.clone(), value)));
    }
    (cx.diags.len() == before).then_some(Value::Map(map))
}

fn is_text(value: &Value) -> bool {
    match value {
        Value::Secret(secret) => !secret.expose().is_empty(),
        value => value.as_str().is_some_and(|text| !text.is_empty()),
    }
}

fn param(kind: &Kind, name: &str, attr: &Spanned<Value>, cx: &mut DecodeCx) -> Option<Value> {
    match name {
        "hash" | "salt" => {
            let secret = match &attr.value {
                Value::Secret(secret) => secret.clone(),
                value => Secret::new(value.as_str().unwrap_or_default()),
            };
            if let Err(reason) = check_secret(kind, name, secret.expose()) {
                cx.diags.push(
                    Diagnostic::error(format!("this is not a {name} for {}", kind.word))
                        .at(attr.span, reason),
                );
            }
            Some(Value::Secret(secret))
        }
        "valid_until" => expiry::decode(attr, cx).map(Value::from),
        "keys" => {
            for key in attr.value.items() {
                check_key(key, attr.span, cx);
            }
            Some(attr.value.clone())
        }
        "common_names" | "subject_alt_names" => {
            let mut names: Vec<&str> = attr.value.items().iter().filter_map(Value::as_str).collect();
            names.sort_unstable();
            names.dedup();
            Some(Value::strings(names))
        }
        _ => Some(attr.value.clone()),
    }
}

/// Checks a hash or a salt as the server does (`src/Access/AuthenticationData.cpp`), so that a wrong
/// one is told before anything is sent; the text is not repeated.
fn check_secret(kind: &Kind, name: &str, text: &str) -> Result<(), String> {
    let hex = |digits: usize| {
        let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then_some(()).ok_or_else(|| format!("{digits} hexadecimal digits are needed"))
    };
    match (kind.word, name) {
        ("scram_sha256_hash", "salt") => {
            use base64::Engine as _;
            let decoded = base64::engine::general_purpose::STANDARD.decode(text);
            decoded.map(drop).map_err(|_| "base64 is needed".to_owned())
        }
        (_, "salt") if text.is_empty() => Err("an empty salt salts nothing; leave it out".to_owned()),
        (_, "salt") => Ok(()),
        ("double_sha1_hash", _) => hex(40),
        ("bcrypt_hash", _) => is_bcrypt(text)
            .then_some(())
            .ok_or_else(|| "60 characters that begin like `$2y$12$` are needed".to_owned()),
        _ => hex(64),
    }
}

fn is_bcrypt(text: &str) -> bool {
    let mut parts = text.split('$');
    let (Some(""), Some(version), Some(cost), Some(rest), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let cost_fits = cost.len() == 2 && cost.parse::<u8>().is_ok_and(|cost| (4..=31).contains(&cost));
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
    matches!(version, "2a" | "2b" | "2x" | "2y")
        && cost_fits
        && rest.len() == 53
        && rest.bytes().all(alphabet)
}

fn check_key(key: &Value, span: Span, cx: &mut DecodeCx) {
    let words: Vec<&str> =
        key.as_map().map(|map| map.keys().map(String::as_str).collect()).unwrap_or_default();
    let text = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
    let problem = if words != ["public_key", "type"] {
        Some("each key has `public_key` and `type`, and nothing else".to_owned())
    } else if text("public_key").contains(char::is_whitespace) || text("public_key").is_empty() {
        Some(
            "`public_key` is the base64 text alone, without the type before and the comment after it"
                .to_owned(),
        )
    } else if !text("type").starts_with("ssh-") && !text("type").starts_with("ecdsa-") {
        Some(format!("{:?} is no type of key; `ssh-ed25519` is one", text("type")))
    } else {
        None
    };
    if let Some(problem) = problem {
        cx.diags.push(Diagnostic::error("a key cannot be read").at(span, problem));
    }
}
