//! Replaces `${charter.name}` in a statement, without letting a value change how it reads.
//!
//! Placeholders stand in words, quoted identifiers, strings and heredoc bodies; comments are left
//! alone. `$${charter.` is the escape for a literal `${charter.`; any other `${` inside quotes is
//! plain text, and outside them an error, as SQL has no use for it. Inside quotes a value is made of
//! printable ASCII without quotes, `\` and `$`; in a bare word only of letters, digits and `_`. A bare
//! placeholder that is a word of its own can also be a whole number: `INTERVAL ${charter.var.days} DAY`.

use std::collections::BTreeMap;
use std::ops::Range;

use super::lexer::{Token, TokenKind, lex, placeholder_len};
use crate::diag::nearest;

const OPEN: &str = "${charter.";
const ESCAPE: &str = "$${charter.";

/// A placeholder that cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceholderError {
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl std::fmt::Display for PlaceholderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PlaceholderError {}

/// Returns the text with each `${charter.name}` replaced by `values["name"]`.
///
/// # Errors
/// The first placeholder that is unknown, malformed or unsafe with its value, or a lexical error.
pub fn substitute(text: &str, values: &BTreeMap<String, String>) -> Result<String, PlaceholderError> {
    let tokens = lex(text).map_err(|lex_error| PlaceholderError {
        span: lex_error.start..lex_error.end,
        message: lex_error.message,
        help: lex_error.help.map(str::to_owned),
    })?;
    let mut out = String::with_capacity(text.len());
    for (index, token) in tokens.iter().enumerate() {
        if token.kind != TokenKind::Word && !is_quoted(token.kind) {
            out.push_str(token.text);
        } else {
            replace(token, values, &mut out)?;
        }
        let next = tokens.get(index + 1);
        if !token.kind.is_trivia()
            && !is_quoted(token.kind)
            && token.text.ends_with('$')
            && next.is_some_and(|next| next.is_punct("{"))
        {
            let closing = text[token.end()..].find('}').map_or(1, |len| len + 1);
            let span = token.end() - 1..token.end() + closing;
            let message = format!("unknown placeholder `{}`", &text[span.clone()]);
            return Err(error(span, message, Some(known(values))));
        }
    }
    check_shape(&tokens, &out)?;
    Ok(out)
}

/// Compares the tokens before and after: `${charter.a}'41'` would become a string with the value `x`.
fn check_shape(before: &[Token<'_>], after: &str) -> Result<(), PlaceholderError> {
    let after = lex(after).unwrap_or_default();
    let changed = before
        .iter()
        .enumerate()
        .find(|(index, token)| !after.get(*index).is_some_and(|new| same_kind(token, new)));
    match changed {
        None if after.len() == before.len() => Ok(()),
        changed => {
            let span = changed.map_or(0..0, |(_, token)| token.start..token.end());
            Err(error(
                span,
                "a placeholder's value runs into the text beside it".into(),
                Some("quote the identifier with backticks".into()),
            ))
        }
    }
}

/// Compares a token with what became of it; a lone placeholder may have become a number.
fn same_kind(before: &Token<'_>, after: &Token<'_>) -> bool {
    before.kind == after.kind || is_lone(before) && after.kind == TokenKind::Number
}

/// Tells whether a token is one placeholder and nothing else.
fn is_lone(token: &Token<'_>) -> bool {
    token.kind == TokenKind::Word && placeholder_len(token.text) == Some(token.text.len())
}

fn is_quoted(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::String | TokenKind::QuotedIdent | TokenKind::HereDoc)
}

/// Appends one word or quoted token with its placeholders replaced.
fn replace(
    token: &Token<'_>,
    values: &BTreeMap<String, String>,
    out: &mut String,
) -> Result<(), PlaceholderError> {
    let bare = token.kind == TokenKind::Word;
    // The tags of a heredoc are no text: `$${charter.x}$$` is a heredoc that holds braces.
    let tag = match token.kind {
        TokenKind::HereDoc => 2 + token.text[1..].find('$').unwrap_or(0),
        _ => 0,
    };
    let body_end = token.text.len() - tag;
    out.push_str(&token.text[..tag]);
    let mut pos = tag;
    while let Some(len) = token.text[pos..body_end].find('$') {
        out.push_str(&token.text[pos..pos + len]);
        pos += len;
        let rest = &token.text[pos..body_end];
        if !bare && rest.starts_with(ESCAPE) {
            out.push_str(OPEN);
            pos += ESCAPE.len();
        } else if let Some(len) = placeholder_len(rest) {
            let span = token.start + pos..token.start + pos + len;
            let value = value_of(&rest[OPEN.len()..len - 1], &span, values)?;
            check_place(token, pos, value, &span)?;
            out.push_str(value);
            pos += len;
        } else {
            check_plain(rest, token.start + pos, values)?;
            out.push('$');
            pos += 1;
        }
    }
    out.push_str(&token.text[pos..]);
    Ok(())
}

fn value_of<'v>(
    name: &str,
    span: &Range<usize>,
    values: &'v BTreeMap<String, String>,
) -> Result<&'v str, PlaceholderError> {
    let Some(value) = values.get(name) else {
        let help = match nearest(name, values.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{OPEN}{near}}}`?"),
            None => known(values),
        };
        return Err(error(span.clone(), format!("`{OPEN}{name}}}` has no value here"), Some(help)));
    };
    let allowed = |c: char| (c == ' ' || c.is_ascii_graphic()) && !matches!(c, '\'' | '"' | '`' | '\\' | '$');
    if value.is_empty() || !value.chars().all(allowed) {
        let message = format!("the value of `{OPEN}{name}}}` is not a plain text");
        let help = "a value is made of printable ASCII without quotes, backslashes and `$`";
        return Err(error(span.clone(), message, Some(help.into())));
    }
    Ok(value)
}

/// Checks that the value means itself where it will stand.
fn check_place(
    token: &Token<'_>,
    pos: usize,
    value: &str,
    span: &Range<usize>,
) -> Result<(), PlaceholderError> {
    if token.kind == TokenKind::Word {
        let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let number = is_lone(token) && value.bytes().all(|byte| byte.is_ascii_digit());
        if !number && (!plain || pos == 0 && value.starts_with(|c: char| c.is_ascii_digit())) {
            let message = format!("the value `{value}` is not an identifier without quotes");
            return Err(error(span.clone(), message, Some("quote the identifier with backticks".into())));
        }
    } else if token.text.starts_with(['\'', '"', '`']) {
        let before = &token.text[..pos];
        let backslashes = before.len() - before.trim_end_matches('\\').len();
        if backslashes % 2 == 1 {
            let message = "a backslash before a placeholder would escape its value".into();
            return Err(error(
                span.clone(),
                message,
                Some("write `$${charter.` for a literal `${charter.`".into()),
            ));
        }
    }
    Ok(())
}

/// Refuses what was meant as a placeholder: `${charter.a b}`, `${chater.database}`.
fn check_plain(rest: &str, start: usize, values: &BTreeMap<String, String>) -> Result<(), PlaceholderError> {
    let Some(inner) = rest.strip_prefix("${") else {
        return Ok(());
    };
    let word = inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let dotted = inner[word.len()..].starts_with('.');
    if !dotted || nearest(word, ["charter"]).is_none() {
        return Ok(());
    }
    let end = inner.find(['}', '\'', '"', '`', '\n']).map_or(rest.len(), |len| len + 2);
    let help = if word == "charter" { known(values) } else { "did you mean `${charter.…}`?".into() };
    Err(error(start..start + end, "malformed placeholder".into(), Some(help)))
}

fn known(values: &BTreeMap<String, String>) -> String {
    let names: Vec<String> = values.keys().map(|name| format!("`{OPEN}{name}}}`")).collect();
    if names.is_empty() {
        "no placeholder has a value here".into()
    } else {
        format!("known are {}", names.join(", "))
    }
}

fn error(span: Range<usize>, message: String, help: Option<String>) -> PlaceholderError {
    PlaceholderError { span, message, help }
}

#[cfg(test)]
mod tests {
    use super::substitute;
    use std::collections::BTreeMap;

    fn with(text: &str, tenant: &str) -> Result<String, String> {
        let values = [("database", "tenant_acme"), ("tenant", tenant)];
        let values: BTreeMap<_, _> = values.map(|(name, value)| (name.into(), value.into())).into();
        substitute(text, &values).map_err(|error| {
            format!("{} `{}` ({})", error.message, &text[error.span], error.help.unwrap_or_default())
        })
    }

    #[test]
    fn placeholders_are_replaced() {
        for (text, expected) in [
            ("SELECT 1", "SELECT 1"),
            ("${charter.database}.events_${charter.tenant}_v", "tenant_acme.events_acme_v"),
            (
                "`${charter.database}`.'x ${charter.tenant}' “${charter.tenant}”",
                "`tenant_acme`.'x acme' “acme”",
            ),
            (
                "'$${charter.tenant} ${other} $x $$${charter.tenant}'",
                "'${charter.tenant} ${other} $x $${charter.tenant}'",
            ),
            (
                "$$${charter.tenant}$$ $t$ $${charter.tenant} ${charter.tenant}$t$",
                "$$acme$$ $t$ ${charter.tenant} acme$t$",
            ),
            ("$${charter.tenant}$$", "$${charter.tenant}$$"),
            (
                "1 -- ${charter.unknown}\n/* ${charter.tenant} */",
                "1 -- ${charter.unknown}\n/* ${charter.tenant} */",
            ),
            (r"'\\${charter.tenant}'", r"'\\acme'"),
            ("{id:UInt8} $", "{id:UInt8} $"),
        ] {
            assert_eq!(with(text, "acme").as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(with("'${charter.tenant}'", "a-b.c").as_deref(), Ok("'a-b.c'"));
        assert_eq!(
            with("'${charter.tenant}?x=1'", "https://a.b/c;d").as_deref(),
            Ok("'https://a.b/c;d?x=1'")
        );
        assert_eq!(
            with("now() - INTERVAL ${charter.tenant} DAY", "30").as_deref(),
            Ok("now() - INTERVAL 30 DAY")
        );
    }

    #[test]
    fn unsafe_and_unknown_ones_are_refused() {
        for (text, tenant, expected) in [
            ("x ${charter.databse}", "a", "`${charter.databse}` (did you mean `${charter.database}`?)"),
            ("'${charter.zzzzzz}'", "a", "known are `${charter.database}`, `${charter.tenant}`"),
            ("x_${tenant} + 1", "a", "unknown placeholder `${tenant}` `${tenant}`"),
            ("'${charter.a b}'", "a", "malformed placeholder `${charter.a b`"),
            ("'${chater.tenant}'", "a", "did you mean `${charter.…}`?"),
            ("'${charter.tenant}'", "a'b", "not a plain text"),
            ("'${charter.tenant}'", "", "not a plain text"),
            ("'${charter.tenant}'", "a\\", "not a plain text"),
            ("'${charter.tenant}'", "a\n", "not a plain text"),
            ("'${charter.tenant}'", "$$", "not a plain text"),
            ("SELECT ${charter.tenant}_days", "30", "not an identifier without quotes"),
            ("SELECT ${charter.tenant}.5", "30", "runs into the text beside it"),
            ("SELECT ${charter.tenant}", "30 DAY", "not an identifier without quotes"),
            ("'${charter.tenant}'", "ä", "not a plain text"),
            ("SELECT ${charter.tenant}", "a--b", "not an identifier without quotes"),
            ("SELECT ${charter.tenant}", "1e5", "not an identifier without quotes"),
            (r"'\${charter.tenant}'", "nacme", "a backslash before a placeholder"),
            ("SELECT ${charter.tenant}'41'", "x", "runs into the text beside it"),
            ("SELECT 1${charter.tenant}", "a", "runs into the text beside it"),
            ("${charter.tenant}0${", "a", "unknown placeholder `${`"),
            ("'open", "a", "is not closed"),
        ] {
            let error = with(text, tenant).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
