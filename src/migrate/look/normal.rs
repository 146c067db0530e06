//! The normal form of expressions and types, in which two texts of one meaning are equal.
//!
//! Within one version of the server, what it prints differs only where the author's text did:
//! parentheses around a whole expression, `1.0`, quotes around plain names. Between versions, any
//! grouping parenthesis may come or go; there they are all left out, so that a change of precedence
//! alone (`(a + b) * c` to `a + b * c`) passes unseen, and nothing is told that is not there.

use crate::migrate::lexer::{Token, TokenKind, lex};
use crate::migrate::quote::unquote;

/// Words after which a parenthesis groups, rather than holds arguments.
const OPERATORS: [&str; 26] = [
    "AND", "OR", "NOT", "IN", "LIKE", "ILIKE", "BETWEEN", "WHERE", "PREWHERE", "BY", "THEN", "ELSE", "WHEN",
    "CASE", "IS", "ON", "HAVING", "SELECT", "DISTINCT", "DELETE", "SET", "INTERVAL", "DIV", "MOD", "CHECK",
    "TTL",
];

/// Returns the tokens that count; none where the text cannot be cut.
pub(super) fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let tokens = lex(text).ok()?;
    Some(tokens.into_iter().filter(|token| !token.kind.is_trivia()).collect())
}

/// Returns an expression in the normal form; `across` where the two sides are of different versions.
pub(super) fn expression(text: &str, across: bool) -> String {
    let Some(tokens) = tokens(text) else { return text.to_owned() };
    let mut tokens = &tokens[..];
    while let Some(inner) = within(tokens) {
        tokens = inner;
    }
    let mut keep = vec![true; tokens.len()];
    ungroup(tokens, &mut keep, across);
    let kept = tokens.iter().zip(&keep).filter(|(_, keep)| **keep);
    kept.map(|(token, _)| word(token)).collect::<Vec<_>>().join(" ")
}

/// Returns an index, a projection or a constraint in the normal form: parentheses around what is
/// indexed or checked do not count.
pub(super) fn element(text: &str, across: bool) -> String {
    let Some(tokens) = tokens(text) else { return text.to_owned() };
    let part = |from: usize, to: usize| {
        let span = tokens.get(from).zip(tokens.get(to.wrapping_sub(1))).filter(|_| from < to);
        span.and_then(|(first, last)| text.get(first.start..last.end())).unwrap_or_default()
    };
    let first = tokens.first().filter(|token| token.is_word("CHECK") || token.is_word("ASSUME"));
    if let Some(first) = first {
        return format!("{} {}", first.text, expression(part(1, tokens.len()), across));
    }
    match tokens.iter().position(|token| token.is_word("TYPE")) {
        Some(at) => {
            let (before, after) = (part(0, at), part(at, tokens.len()));
            format!("{} {}", expression(before, across), expression(after, across))
        }
        None => expression(text, across),
    }
}

/// Returns what a pair of parentheses around everything holds.
pub(super) fn within<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<&'t [Token<'a>]> {
    let [first, inner @ .., last] = tokens else { return None };
    let closes = first.is_punct("(") && last.is_punct(")") && closing(tokens, 0) == Some(tokens.len() - 1);
    (closes && !inner.is_empty()).then_some(inner)
}

/// Returns the index of the bracket that closes the one at an index.
pub(super) fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Words before and after which nothing binds to an expression in parentheses: they hold all of it.
const BEFORE: [&str; 11] =
    ["WHERE", "PREWHERE", "HAVING", "BY", "ON", "THEN", "ELSE", "WHEN", "SELECT", "CHECK", "TTL"];
const AFTER: [&str; 22] = [
    "GROUP",
    "ORDER",
    "LIMIT",
    "SETTINGS",
    "HAVING",
    "UNION",
    "AS",
    "WHERE",
    "THEN",
    "ELSE",
    "WHEN",
    "END",
    "ASC",
    "DESC",
    "FROM",
    "PREWHERE",
    "QUALIFY",
    "WINDOW",
    "WITH",
    "OFFSET",
    "INTERSECT",
    "EXCEPT",
];

fn is_bound(token: Option<&Token<'_>>, punctuation: [&str; 3], words: &[&str]) -> bool {
    token.is_none_or(|token| {
        punctuation.contains(&token.text)
            || (token.kind == TokenKind::Word && words.iter().any(|word| token.is_word(word)))
    })
}

/// Marks the parentheses that only group: neither arguments, nor a tuple, nor a subquery. All of
/// them across versions, else those that hold the whole of an expression.
fn ungroup(tokens: &[Token<'_>], keep: &mut [bool], across: bool) {
    let opens = tokens.iter().enumerate().filter(|(_, token)| token.is_punct("("));
    for (open, _) in opens {
        let before = open.checked_sub(1).and_then(|before| tokens.get(before));
        let Some(close) = closing(tokens, open) else { continue };
        let inner = tokens.get(open + 1..close).unwrap_or_default();
        let query = inner.first().is_some_and(|token| token.is_word("SELECT") || token.is_word("WITH"));
        let whole = is_bound(before, ["(", ",", "["], &BEFORE)
            && is_bound(tokens.get(close + 1), [")", ",", "]"], &AFTER);
        if (across || whole)
            && !before.is_some_and(takes_arguments)
            && !query
            && !inner.is_empty()
            && split(inner, ",").len() == 1
        {
            for at in [open, close] {
                if let Some(keep) = keep.get_mut(at) {
                    *keep = false;
                }
            }
        }
    }
}

fn takes_arguments(before: &Token<'_>) -> bool {
    match before.kind {
        TokenKind::Word => !OPERATORS.iter().any(|word| before.is_word(word)),
        TokenKind::QuotedIdent => true,
        _ => matches!(before.text, ")" | "]"),
    }
}

/// Cuts tokens at a separator outside brackets. Nothing has no pieces.
pub(super) fn split<'t, 'a>(tokens: &'t [Token<'a>], separator: &str) -> Vec<&'t [Token<'a>]> {
    if tokens.is_empty() {
        return Vec::new();
    }
    let (mut pieces, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            text if depth == 0 && text == separator => {
                pieces.push(tokens.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(tokens.get(start..).unwrap_or_default());
    pieces
}

/// Returns a token's normal form.
fn word(token: &Token<'_>) -> String {
    match token.kind {
        TokenKind::QuotedIdent => {
            let name = unquote(token);
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && !name.is_empty();
            if plain { name } else { crate::model::sql::ident(&name) }
        }
        TokenKind::String | TokenKind::HereDoc => crate::model::sql::literal(&unquote(token)),
        TokenKind::Number => number(token.text),
        _ => token.text.to_owned(),
    }
}

/// `1.0` and `1.` are one number; `1` is another, of another type.
fn number(text: &str) -> String {
    let decimal = text.contains('.') && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if decimal { text.trim_end_matches('0').to_owned() } else { text.to_owned() }
}

/// Returns a text with the identifiers of objects (UUIDs) masked: a table that was made again by the
/// same statement has another one in its Keeper path.
pub(super) fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.char_indices().map(|(at, _)| at).find(|at| is_uuid(&rest[*at..])) {
        out.push_str(&rest[..at]);
        out.push_str("{uuid}");
        rest = &rest[at + 36..];
    }
    out + rest
}

fn is_uuid(text: &str) -> bool {
    text.as_bytes().get(..36).is_some_and(|bytes| {
        bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    })
}

/// Returns a codec's normal form: its methods with their arguments.
pub(super) fn codec(text: &str) -> Vec<(String, String)> {
    let Some(tokens) = tokens(text) else { return vec![(text.to_owned(), String::new())] };
    let list = match &tokens[..] {
        [codec, list @ ..] if codec.is_word("CODEC") => within(list).unwrap_or(list),
        other => other,
    };
    let methods = split(list, ",").into_iter().filter_map(|method| {
        let (name, arguments) = method.split_first()?;
        let arguments: Vec<String> = within(arguments).unwrap_or(arguments).iter().map(word).collect();
        Some((name.text.to_owned(), arguments.join(" ")))
    });
    methods.collect()
}

/// Returns whether two codecs are one. Across versions an argument that only one of them has is the
/// method's default, written out: `Gorilla` on 24.8 is `Gorilla(8)` on 26.9.
pub(super) fn same_codec(one: &str, other: &str, across: bool) -> bool {
    let (one, other) = (codec(one), codec(other));
    let same = |(a, b): (&(String, String), &(String, String))| {
        a.0 == b.0 && (a.1 == b.1 || (across && (a.1.is_empty() || b.1.is_empty())))
    };
    one.len() == other.len() && one.iter().zip(&other).all(same)
}

/// Types by other names (`src/DataTypes`, `registerAlias`), as far as one word stands for one type.
const ALIASES: [(&str, &str); 42] = [
    ("TINYINT", "Int8"),
    ("INT1", "Int8"),
    ("BYTE", "Int8"),
    ("SMALLINT", "Int16"),
    ("INT", "Int32"),
    ("INTEGER", "Int32"),
    ("MEDIUMINT", "Int32"),
    ("BIGINT", "Int64"),
    ("SIGNED", "Int64"),
    ("UNSIGNED", "UInt64"),
    ("FLOAT", "Float32"),
    ("REAL", "Float32"),
    ("SINGLE", "Float32"),
    ("DOUBLE", "Float64"),
    ("BOOL", "Bool"),
    ("BOOLEAN", "Bool"),
    ("TEXT", "String"),
    ("TINYTEXT", "String"),
    ("MEDIUMTEXT", "String"),
    ("LONGTEXT", "String"),
    ("BLOB", "String"),
    ("TINYBLOB", "String"),
    ("MEDIUMBLOB", "String"),
    ("LONGBLOB", "String"),
    ("VARCHAR", "String"),
    ("VARCHAR2", "String"),
    ("NVARCHAR", "String"),
    ("CHAR", "String"),
    ("CHARACTER", "String"),
    ("NCHAR", "String"),
    ("CLOB", "String"),
    ("BYTEA", "String"),
    ("VARBINARY", "String"),
    ("TIMESTAMP", "DateTime"),
    ("DATETIME", "DateTime"),
    ("DATE", "Date"),
    ("DEC", "Decimal"),
    ("NUMERIC", "Decimal"),
    ("FIXED", "Decimal"),
    ("DECIMAL", "Decimal"),
    ("INET4", "IPv4"),
    ("INET6", "IPv6"),
];

/// Returns a type's normal form: names of types for their other names, `Decimal64(3)` with its
/// precision, and the arguments of `JSON` in order; spaces and quotes do not count.
pub fn type_text(text: &str) -> String {
    match tokens(text) {
        Some(tokens) => type_of(&tokens),
        None => text.to_owned(),
    }
}

fn type_of(tokens: &[Token<'_>]) -> String {
    if let [inner @ .., last] = tokens
        && last.is_word("NULL")
        && !inner.is_empty()
    {
        return format!("Nullable({})", type_of(inner));
    }
    if let [name, sign] = tokens
        && (sign.is_word("UNSIGNED") || sign.is_word("SIGNED"))
    {
        let signed = type_of(&[*name]);
        return if sign.is_word("SIGNED") { signed } else { format!("U{signed}") };
    }
    let Some((name, rest)) = tokens.split_first() else { return String::new() };
    let known = ALIASES.iter().find(|(alias, _)| name.is_word(alias)).map(|(_, name)| *name);
    let head = known.map_or_else(|| word(name), str::to_owned);
    let Some(inner) = within(rest) else {
        // An element of a tuple, `name Type`; or `'x' = 1` of an enumeration.
        let named = rest.first().is_some_and(|token| token.kind == TokenKind::Word);
        return match rest {
            [] => head,
            rest if named => format!("{} {}", word(name), type_of(rest)),
            rest => format!("{} {}", word(name), rest.iter().map(word).collect::<Vec<_>>().join(" ")),
        };
    };
    if head == "String" {
        return head;
    }
    let mut arguments: Vec<String> = split(inner, ",").into_iter().map(type_of).collect();
    if head == "JSON" {
        arguments.sort();
    }
    let precision = match &*head {
        "Decimal32" => Some("9"),
        "Decimal64" => Some("18"),
        "Decimal128" => Some("38"),
        "Decimal256" => Some("76"),
        _ => None,
    };
    match precision {
        Some(precision) => format!("Decimal({precision}, {})", arguments.join(", ")),
        None => format!("{head}({})", arguments.join(", ")),
    }
}

/// Returns whether two types are one, as far as their texts tell.
pub fn same_type(one: &str, other: &str) -> bool {
    one == other || type_text(one) == type_text(other)
}
