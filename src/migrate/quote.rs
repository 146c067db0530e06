//! Decodes quoted tokens to the values that they stand for.

use super::lexer::{Token, TokenKind};

/// Decodes a string, heredoc or quoted identifier; returns other tokens as they are.
///
/// Escapes are those of ClickHouse's `ReadHelpers.cpp`: unknown ones keep their backslash.
pub(super) fn unquote(token: &Token<'_>) -> String {
    let text = token.text;
    if token.kind == TokenKind::HereDoc {
        let tag = 2 + text[1..].find('$').unwrap_or(0);
        return text.get(tag..text.len().saturating_sub(tag)).unwrap_or_default().to_owned();
    }
    for (open, close) in [('\u{2018}', '\u{2019}'), ('\u{201c}', '\u{201d}')] {
        if let Some(inner) = text.strip_prefix(open) {
            return inner.strip_suffix(close).unwrap_or(inner).to_owned();
        }
    }
    let Some(quote) = text.chars().next().filter(|quote| "'\"`".contains(*quote)) else {
        return text.to_owned();
    };
    let inner = text[1..].strip_suffix(quote).unwrap_or(&text[1..]);
    unescape(inner, quote as u8)
}

fn unescape(inner: &str, quote: u8) -> String {
    let mut bytes = inner.bytes();
    let mut out = Vec::with_capacity(inner.len());
    while let Some(byte) = bytes.next() {
        if byte == quote {
            // The lexer leaves only doubled quotes inside.
            bytes.next();
            out.push(quote);
        } else if byte == b'\\' {
            unescape_one(&mut bytes, &mut out);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn unescape_one(bytes: &mut std::str::Bytes<'_>, out: &mut Vec<u8>) {
    let Some(code) = bytes.next() else { return };
    let value = match code {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 0x08,
        b'f' => 0x0c,
        b'v' => 0x0b,
        b'a' => 0x07,
        b'e' => 0x1b,
        b'0' => 0,
        b'\\' | b'\'' | b'"' | b'`' | b'/' | b'=' => code,
        b'x' => {
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).unwrap_or(0);
            u8::try_from(digit(bytes.next()) * 16 + digit(bytes.next())).unwrap_or(0)
        }
        _ => {
            out.push(b'\\');
            code
        }
    };
    out.push(value);
}

#[cfg(test)]
mod tests {
    use super::unquote;
    use crate::migrate::lexer::lex;

    /// Compared with what the engine returns for the literal, or stores as the name.
    #[test]
    fn values_are_those_of_the_server() {
        for (token, value) in [
            (r"'a\'b''c'", "a'b'c"),
            (r"`a\`b``c`", "a`b`c"),
            (r#""a\"b""c""#, "a\"b\"c"),
            (r"'\n\t\x41\\ \% \q'", "\n\tA\\ \\% \\q"),
            ("‘a\\’", "a\\"),
            ("“a''b”", "a''b"),
            ("$$a$b$$", "a$b"),
            ("$$$a$$", "$a"),
            ("$t$ $$ $t$", " $$ "),
            ("$$$$", ""),
            ("plain", "plain"),
            ("''", ""),
        ] {
            assert_eq!(unquote(&lex(token).unwrap()[0]), value, "{token}");
        }
    }
}
