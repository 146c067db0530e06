//! Quoting for ClickHouse: every name and value that reaches a statement's text passes here.

/// Returns an identifier in backticks. Backslashes and backticks inside are escaped with
/// backslashes (ClickHouse's lexer takes the escapes of strings in quoted identifiers, too:
/// `src/Parsers/Lexer.cpp`, `src/IO/WriteHelpers.h`).
pub fn ident(name: &str) -> String {
    quoted(name, '`')
}

/// Returns a string literal in single quotes.
pub fn literal(text: &str) -> String {
    quoted(text, '\'')
}

/// Returns an array literal of strings, as a statement or a parameter of type `Array(String)`
/// takes it.
pub fn array<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| literal(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

fn quoted(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_inside_its_quotes() {
        assert_eq!(ident("a`; DROP TABLE x"), r"`a\`; DROP TABLE x`");
        assert_eq!(ident(r"a\"), r"`a\\`");
        assert_eq!(literal("it's\n\\"), r"'it\'s\n\\'");
        assert_eq!(array(["a'b", "c"]), r"['a\'b', 'c']");
    }
}
