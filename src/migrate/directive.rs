//! Reads `-- charter:…` comment lines.
//!
//! `-- charter:statement` ends a statement and takes that role from `;` in its file.
//! `-- charter:settings name=value, …` sets ClickHouse settings of the statement that follows.
//! `-- charter:allow CH104 reason` lets a finding pass ([`super::allow`]); it may also stand behind
//! code. Any other directive stands on a line of its own; one that is not understood is an error, as
//! a misspelt one would otherwise pass for a comment.

use super::allow::{self, Allow};
use super::lexer::{Token, TokenKind, lex};
use super::quote::unquote;
use super::split::{SplitError, SplitErrorKind};
use crate::diag::nearest;

const NAMES: [&str; 3] = ["allow", "settings", "statement"];

/// Parameters of ClickHouse's HTTP interface, which would change who runs a statement or where.
const RESERVED: [&str; 20] = [
    "buffer_size",
    "client_protocol_version",
    "compress",
    "database",
    "decompress",
    "default_format",
    "log_comment",
    "password",
    "profile",
    "query",
    "query_id",
    "quota_key",
    "role",
    "session_check",
    "session_id",
    "session_timeout",
    "stacktrace",
    "user",
    "wait_end_of_query",
    "close_session",
];

/// What a directive line asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Directive {
    /// The statement ends here.
    Statement,
    /// Settings of the statement that follows.
    Settings(Vec<(String, String)>),
    /// A finding of a statement is allowed.
    Allow(Allow),
}

/// Returns the directive that a comment is, or `None` for an ordinary comment.
pub(super) fn parse(sql: &str, comment: &Token<'_>) -> Option<Result<Directive, SplitError>> {
    let fail = |message: String, help: Option<String>| {
        let span = comment.start..comment.end();
        let kind = SplitErrorKind::Directive;
        Some(Err(SplitError { kind, span, message, help }))
    };
    let body = comment.text.trim_start_matches(['-', '/', '#', '!', '*']).trim();
    let prefix = body.get(..8).filter(|prefix| prefix.eq_ignore_ascii_case("charter:"))?;
    let body = body[prefix.len()..].trim();
    if !comment.text.starts_with("--") {
        let help = format!("write `-- charter:{}`", body.trim_end_matches("*/").trim());
        return fail("a directive is a `--` comment".into(), Some(help));
    }
    let end = body.find(char::is_whitespace).unwrap_or(body.len());
    let (name, rest) = body.split_at(end);
    if name != "allow" && is_behind_code(sql, comment) {
        return fail("a directive stands on a line of its own".into(), None);
    }
    match name {
        "allow" => match allow::parse(rest, comment.start..comment.end()) {
            Ok(allow) => Some(Ok(Directive::Allow(allow))),
            Err(message) => fail(message, Some(allow::USAGE.into())),
        },
        "statement" if rest.is_empty() => Some(Ok(Directive::Statement)),
        "statement" => fail("`-- charter:statement` takes no arguments".into(), None),
        "settings" => match settings(rest) {
            Ok(pairs) => Some(Ok(Directive::Settings(pairs))),
            Err(message) => {
                fail(message, Some("write `-- charter:settings name=value, name='value'`".into()))
            }
        },
        _ => fail(
            format!("unknown directive `charter:{name}`"),
            Some(match nearest(name, NAMES) {
                Some(known) => format!("did you mean `-- charter:{known}`?"),
                None => {
                    "known are `-- charter:allow`, `-- charter:settings` and `-- charter:statement`".into()
                }
            }),
        ),
    }
}

/// Returns whether something stands before a comment on its line.
pub(super) fn is_behind_code(sql: &str, comment: &Token<'_>) -> bool {
    let line_start = sql[..comment.start].rfind('\n').map_or(0, |newline| newline + 1);
    !sql[line_start..comment.start].trim_matches(['\u{feff}', ' ', '\t']).is_empty()
}

/// Reads `name=value` pairs; a value is a quoted string or anything without white space and commas.
fn settings(text: &str) -> Result<Vec<(String, String)>, String> {
    let tokens = lex(text).map_err(|error| error.message)?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in tokens.split(|token| token.is_punct(",")) {
        let (name, value) = setting(text, pair)?;
        if pairs.iter().any(|(known, _)| *known == name) {
            return Err(format!("setting `{name}` is given twice"));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn setting(text: &str, pair: &[Token<'_>]) -> Result<(String, String), String> {
    let significant: Vec<_> = pair.iter().filter(|token| !token.kind.is_trivia()).collect();
    let [name, equals, value @ ..] = significant.as_slice() else {
        return Err("expected `name=value`".into());
    };
    let (true, true, Some(first), Some(last)) =
        (name.kind == TokenKind::Word, equals.is_punct("="), value.first(), value.last())
    else {
        return Err("expected `name=value`".into());
    };
    check_name(name.text)?;
    let raw = &text[first.start..last.end()];
    let value = match (first.kind, value.len()) {
        (TokenKind::String, 1) => unquote(first),
        _ if raw.contains(|c: char| c.is_whitespace() || c == '\'') => {
            return Err(format!("the value of `{}` needs single quotes", name.text));
        }
        _ => raw.to_owned(),
    };
    if value.contains("${") {
        return Err(format!("the value of `{}` may hold no placeholder", name.text));
    }
    Ok((name.text.to_owned(), value))
}

fn check_name(name: &str) -> Result<(), String> {
    if name.contains('$') {
        return Err(format!("`{name}` is not the name of a setting"));
    }
    let lower = name.to_ascii_lowercase();
    if RESERVED.contains(&lower.as_str()) || lower.starts_with("param_") {
        return Err(format!("`{name}` is a parameter of the connection, not a setting"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Directive, parse};
    use crate::migrate::lexer::lex;

    fn read(line: &str) -> Option<Result<Directive, String>> {
        let tokens = lex(line).unwrap();
        parse(line, tokens.last().unwrap()).map(|read| {
            read.map_err(|error| format!("{}; {}", error.message, error.help.unwrap_or_default()))
        })
    }

    #[test]
    fn comments_are_no_directives() {
        for line in ["-- charter", "-- a charter:settings x=1", "/* charter */", "--", "-- chärter:x"] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn directives_are_read() {
        assert_eq!(read("--charter:statement\r"), Some(Ok(Directive::Statement)));
        let pairs = [("a", "1"), ("b", "-0.5"), ("c", "x, y's"), ("d", "2024-01-01T00:00")];
        let pairs = pairs.map(|(name, value)| (name.into(), value.into())).to_vec();
        assert_eq!(
            read("-- charter: settings a=1, b = -0.5,c='x, y''s', d=2024-01-01T00:00 "),
            Some(Ok(Directive::Settings(pairs)))
        );
    }

    #[test]
    fn mistakes_are_named() {
        for (line, expected) in [
            ("-- charter:setings a=1", "did you mean `-- charter:settings`?"),
            ("-- Charter:frobnicate", "known are"),
            ("SELECT 1 -- charter:statement", "line of its own"),
            ("// charter:settings a=1", "write `-- charter:settings a=1`"),
            ("/* charter:statement */", "write `-- charter:statement`"),
            ("-- charter:statement now", "takes no arguments"),
            ("-- charter:settings", "expected `name=value`"),
            ("-- charter:settings a", "expected `name=value`"),
            ("-- charter:settings a=", "expected `name=value`"),
            ("-- charter:settings a=1,", "expected `name=value`"),
            ("-- charter:settings a=1, a=2", "`a` is given twice"),
            ("-- charter:settings a=x y", "needs single quotes"),
            ("-- charter:settings a='x", "is not closed"),
            ("-- charter:settings user=admin", "parameter of the connection"),
            ("-- charter:settings param_x=1", "parameter of the connection"),
            ("-- charter:settings a=${charter.tenant}", "no placeholder"),
        ] {
            let error = read(line).unwrap().unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
