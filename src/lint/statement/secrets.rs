//! Secrets that are written out: passwords, keys, tokens, URLs with a login. They are found by where
//! they stand, or by how they look, and never told: a finding says which place it is.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::view::View;
use super::{Check, Found, Rule, Sheet, Source};
use crate::migrate::analyze::{ObjectKind, Role, Verb};
use crate::migrate::{Token, TokenKind};
use crate::model::Severity::Warning;

/// The rules.
pub const RULES: [(Rule, Check); 1] = [(
    Rule {
        code: "CH123",
        severity: Warning,
        summary: "a secret is written out in a migration",
        help: &[
            "whoever reads the repository has it, and so does whoever reads the plan: take it back, and make a new one",
            "use a named collection that the server's administrators define, or a user of charter's with a `credentials` block",
        ],
    },
    written,
)];

/// What secrets look like wherever they stand. Sources: the forms that AWS, GitHub, Slack and Google
/// document for theirs; RFC 3986 for the login in a URL; RFC 7468 for keys.
static LOOKS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let looks = [
        (r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@'?#]*:[^\s/@']+@", "a URL with a login"),
        (r"\b(AKIA|ASIA)[0-9A-Z]{16}\b", "an access key of AWS"),
        (r#"(?i)(?:^|['";{?&\s])(?:pwd|password)=[^;&'"\s$%]"#, "a connection with a password"),
        (r"(?i)\bAccountKey=[A-Za-z0-9+/]{16,}", "the key of a storage account"),
        (r"(?i)\bSharedAccessSignature=|[?&]sig=[A-Za-z0-9%+/]{16,}", "a signed URL"),
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "a private key"),
        (r"\bgh[pousr]_[A-Za-z0-9]{36}", "a token of GitHub"),
        (r"\bxox[abprs]-[A-Za-z0-9-]{10,}", "a token of Slack"),
        (r"\bAIza[0-9A-Za-z_-]{35}", "an API key of Google"),
        (r"(?i)\bBearer [A-Za-z0-9._~+/-]{16,}", "a bearer token"),
        (r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.", "a JSON web token"),
    ];
    looks.into_iter().filter_map(|(look, what)| Some((Regex::new(look).ok()?, what))).collect()
});

/// Functions and engines with a password among their arguments: where it stands from 0.
const ARGUMENTS: [(&str, usize); 11] = [
    ("mysql", 4),
    ("postgresql", 4),
    ("mongodb", 4),
    ("materializedpostgresql", 3),
    ("materializedmysql", 3),
    ("externaldistributed", 5),
    ("encrypt", 2),
    ("aes_encrypt_mysql", 2),
    ("decrypt", 2),
    ("trydecrypt", 2),
    ("aes_decrypt_mysql", 2),
];

/// Functions and engines that read object storage: `(url, key, secret, …)`, where `(url, format,
/// structure)` is as well.
const STORAGE: [&str; 12] = [
    "s3",
    "s3cluster",
    "s3queue",
    "gcs",
    "oss",
    "cosn",
    "deltalake",
    "deltalakecluster",
    "iceberg",
    "icebergs3",
    "icebergs3cluster",
    "hudi",
];

fn written(view: &View<'_, '_>, _: &Sheet<'_>) -> Vec<Found> {
    let found = tokens(view).into_iter();
    found.map(|(at, what)| (view.range(at..at + 1), what.to_owned())).collect()
}

/// Returns the text of a statement with a star for each character of a secret; columns stay.
pub fn masked(text: &str) -> String {
    // Secrets are strings and heredocs: most statements have none.
    let quoted = text.contains(['\'', '$', '\u{2018}']);
    let lexed = if quoted { crate::migrate::lex(text).unwrap_or_default() } else { Vec::new() };
    if lexed.is_empty() {
        return text.to_owned();
    }
    let source = Source { text, settings: Vec::new() };
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for part in super::view::parts(&lexed) {
        let view = View::new(&source, part);
        hidden.extend(tokens(&view).into_iter().map(|(at, _)| view.range(at..at + 1)));
    }
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let inside = hidden.iter().any(|range| range.start < at && at + c.len_utf8() < range.end);
        out.push(if inside && c != '\n' { '*' } else { c });
    }
    out
}

/// Returns the tokens that are secrets, in order, with what each is.
fn tokens(view: &View<'_, '_>) -> Vec<(usize, &'static str)> {
    let mut found: Vec<(usize, &'static str)> = Vec::new();
    for at in 0..view.tokens.len() {
        let token = &view.tokens[at];
        if matches!(token.kind, TokenKind::String | TokenKind::HereDoc) {
            found.extend(by_place(view, at).or_else(|| by_look(token.text)).map(|what| (at, what)));
        } else if token.kind == TokenKind::Word && view.text(at + 1) == "(" {
            found.extend(argument(view, at));
        }
    }
    found.sort_unstable();
    found.dedup_by_key(|(at, _)| *at);
    found
}

fn by_look(text: &str) -> Option<&'static str> {
    LOOKS.iter().find(|(look, _)| look.is_match(text)).map(|(_, what)| *what)
}

/// Returns what a literal is by the words before it: `IDENTIFIED … BY 'x'`, `PASSWORD 'x'`, `password = 'x'`.
fn by_place(view: &View<'_, '_>, at: usize) -> Option<&'static str> {
    if !is_value(&view.tokens[at]) {
        return None;
    }
    let before = at.checked_sub(1)?;
    if view.sees(before, "BY") && view.find(0, "IDENTIFIED").is_some_and(|identified| identified < before) {
        return Some("the password of a user, or its hash");
    }
    if view.sees(before, "PASSWORD") {
        return Some("a password");
    }
    // What a header, or an argument of a named collection, is set to is no condition in any statement.
    let sets = || view.call(at).is_some_and(|name| takes_names(view.text(name)));
    let named = before.checked_sub(1).filter(|_| view.text(before) == "=" && (defines(view) || sets()))?;
    let name = view.text(named).trim_matches(['`', '"', '\'']).to_ascii_lowercase().replace('-', "_");
    const ENDS: [&str; 11] = [
        "password",
        "passwd",
        "secret",
        "secret_key",
        "secret_access_key",
        "access_key",
        "account_key",
        "api_key",
        "token",
        "private_key",
        "authorization",
    ];
    let is_secret = ENDS.iter().any(|end| name == *end || name.ends_with(&format!("_{end}")));
    is_secret.then_some("a password, key or token")
}

/// Returns whether the arguments of a function may be named: `headers('X-Api-Key' = '…')`, and those that
/// reach other servers, `s3(collection, secret_access_key = '…')`.
fn takes_names(function: &str) -> bool {
    const OTHERS: [&str; 11] = [
        "headers",
        "url",
        "urlcluster",
        "remote",
        "remotesecure",
        "redis",
        "mysql",
        "postgresql",
        "mongodb",
        "azureblobstorage",
        "azureblobstoragecluster",
    ];
    let name = function.to_ascii_lowercase();
    OTHERS.contains(&name.as_str()) || STORAGE.contains(&name.as_str())
}

/// Returns whether `name = 'value'` in a statement is a setting rather than a condition.
fn defines(view: &View<'_, '_>) -> bool {
    let made = view.object(Role::Creates).or_else(|| view.object(Role::Alters));
    let queries =
        made.is_some_and(|(_, kind)| matches!(kind, ObjectKind::View | ObjectKind::MaterializedView));
    let changes_rows =
        view.analysis.alters.iter().any(|one| matches!(one.action.as_str(), "UPDATE" | "DELETE"));
    matches!(view.analysis.verb, Verb::Create | Verb::Attach | Verb::Alter | Verb::Backup | Verb::Restore)
        && !queries
        && !changes_rows
}

/// Returns the argument of a call that is a secret.
fn argument(view: &View<'_, '_>, at: usize) -> Option<(usize, &'static str)> {
    let name = view.text(at).to_ascii_lowercase();
    let of = |index: usize| arguments(view, at + 1).get(index).copied();
    let single = |index: usize| of(index).filter(|(_, count)| *count == 1).map(|(at, _)| at);
    let literal = |index: usize| single(index).filter(|at| view.tokens.get(*at).is_some_and(is_value));
    if let Some((_, index)) = ARGUMENTS.iter().find(|(known, _)| *known == name) {
        return literal(*index).map(|at| (at, "a password or key among the arguments"));
    }
    if STORAGE.contains(&name.as_str()) {
        let key = 1 + usize::from(name.ends_with("cluster"));
        let (_, secret) = (literal(key)?, literal(key + 1)?);
        let value = view.text(secret).trim_matches('\'');
        let is_structure = value.contains(char::is_whitespace) || value.eq_ignore_ascii_case("auto");
        return (value.len() >= 8 && !is_structure).then_some((secret, "the secret key of a storage"));
    }
    let is_string = |index: usize| literal(index).is_some();
    let found = match name.as_str() {
        // `(host, key, structure, db, password)`; the engine takes `(host, db, password)`.
        "redis" if is_string(1) || is_string(4) => literal(4)?,
        "redis" => literal(2)?,
        "azureblobstorage" | "azurequeue" => literal(4).filter(|at| !is_compression(view.text(*at)))?,
        "azureblobstoragecluster" => literal(5).filter(|at| !is_compression(view.text(*at)))?,
        "remote" | "remotesecure" => {
            // `db.table`, `'db.table'` and a function are one argument, `db, table` are two.
            let (table, count) = of(1)?;
            let user = if count > 1 || view.text(table).contains('.') { 2 } else { 3 };
            literal(user)?;
            literal(user + 1)?
        }
        _ => return None,
    };
    Some((found, "the password or key of another server"))
}

/// Returns whether a literal is how something is compressed, or a list of columns.
fn is_compression(text: &str) -> bool {
    const NAMES: [&str; 13] =
        ["auto", "none", "gzip", "gz", "deflate", "brotli", "br", "xz", "lzma", "zstd", "zst", "lz4", "bz2"];
    let text = text.trim_matches('\'');
    NAMES.iter().any(|name| name.eq_ignore_ascii_case(text)) || text.contains(char::is_whitespace)
}

/// Returns the first token of each argument, and how many tokens it has; the bracket opens at `open`.
fn arguments(view: &View<'_, '_>, open: usize) -> Vec<(usize, usize)> {
    let close = view.behind(open).saturating_sub(1);
    let (mut found, mut at) = (Vec::new(), open + 1);
    while at < close {
        let mut next = at;
        while next < close && view.text(next) != "," {
            next = view.behind(next);
        }
        found.push((at, next.min(close) - at));
        at = next + 1;
    }
    found
}

/// Returns whether a literal is a value of its own: not empty, hidden, or a placeholder.
fn is_value(token: &Token<'_>) -> bool {
    let inner = token.text.trim_matches('\'');
    let placeholder = inner.starts_with("${charter.") && inner.ends_with('}');
    let string = matches!(token.kind, TokenKind::String | TokenKind::HereDoc);
    string && !inner.is_empty() && !placeholder && inner != "[HIDDEN]"
}
