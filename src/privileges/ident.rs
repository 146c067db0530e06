//! ClickHouse identifiers: quoting, and the scanner that the parsers of this module share.
//!
//! Escapes follow `writeAnyEscapedString` and `parseComplexEscapeSequence` of the server's `IO/WriteHelpers.h` and
//! `IO/ReadHelpers.cpp`: it writes `\b \f \n \r \t \0 \\` and the quote, everything else as it is.

use super::error::{ParseError, ParseErrorKind};
use crate::model::sql;

/// Words that are quoted although they are plain, for the grammar gives them a meaning somewhere.
const AMBIGUOUS: [&str; 42] = [
    "all", "and", "any", "array", "as", "asc", "between", "by", "case", "cast", "cluster", "desc",
    "distinct", "else", "end", "except", "false", "for", "from", "grant", "group", "having", "in", "is",
    "join", "like", "limit", "not", "null", "on", "option", "or", "order", "revoke", "select", "then", "to",
    "true", "union", "when", "where", "with",
];

/// Returns the identifier in backticks, escaped as the server does it.
pub fn quote(identifier: &str) -> String {
    sql::ident(identifier)
}

/// Returns the identifier bare if it is a plain word and no keyword, and in backticks otherwise.
pub fn quote_if_needed(identifier: &str) -> String {
    if is_word(identifier) && !is_ambiguous(identifier) { identifier.to_owned() } else { quote(identifier) }
}

/// Returns the text as a string literal in single quotes.
pub(super) fn quote_literal(text: &str) -> String {
    sql::literal(text)
}

fn is_word(text: &str) -> bool {
    text.starts_with(is_word_start) && text.chars().all(is_word_char)
}

fn is_ambiguous(word: &str) -> bool {
    AMBIGUOUS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Reads a text from left to right; what it returns is unquoted.
#[derive(Debug, Clone)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn spaces(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes `c` if it comes next.
    pub(super) fn eat(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    pub(super) fn expect(&mut self, c: char, expected: &'static str) -> Result<(), ParseError> {
        if self.eat(c) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// Takes the keyword if it comes next as a whole word, in any case, and the spaces behind it.
    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek_word().is_some_and(|word| word.eq_ignore_ascii_case(keyword));
        if found {
            self.at += keyword.len();
            self.spaces();
        }
        found
    }

    /// Takes all the keywords, or none of them.
    pub(super) fn keywords(&mut self, keywords: &[&str]) -> bool {
        let start = self.at;
        let found = keywords.iter().all(|keyword| self.keyword(keyword));
        if !found {
            self.at = start;
        }
        found
    }

    pub(super) fn peek_word(&self) -> Option<&'a str> {
        let rest = self.rest();
        if !rest.starts_with(is_word_start) {
            return None;
        }
        let end = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
        Some(&rest[..end])
    }

    pub(super) fn word(&mut self) -> Option<&'a str> {
        let word = self.peek_word()?;
        self.at += word.len();
        Some(word)
    }

    /// Takes a name: a plain word, or anything in backticks.
    pub(super) fn identifier(&mut self, expected: &'static str) -> Result<String, ParseError> {
        if self.peek() == Some('`') {
            return self.quoted('`');
        }
        self.word().map(str::to_owned).ok_or_else(|| self.unexpected(expected))
    }

    /// Takes a string literal in single quotes.
    pub(super) fn literal(&mut self) -> Result<String, ParseError> {
        if self.peek() == Some('\'') { self.quoted('\'') } else { Err(self.unexpected("a string literal")) }
    }

    /// Complains about what comes next.
    pub(super) fn unexpected(&self, expected: &'static str) -> ParseError {
        let kind = match self.peek() {
            Some(found) => ParseErrorKind::Unexpected { expected, found },
            None => ParseErrorKind::UnexpectedEnd { expected },
        };
        self.error(kind, self.at, self.at + self.peek().map_or(0, char::len_utf8))
    }

    pub(super) fn error(&self, kind: ParseErrorKind, start: usize, end: usize) -> ParseError {
        ParseError { kind, span: start..end }
    }

    pub(super) fn finish(&mut self) -> Result<(), ParseError> {
        self.spaces();
        if self.at_end() { Ok(()) } else { Err(self.unexpected("the end of the text")) }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn quoted(&mut self, mark: char) -> Result<String, ParseError> {
        let start = self.at;
        let mut bytes = Vec::new();
        self.eat(mark);
        loop {
            match self.take() {
                None => return Err(self.error(ParseErrorKind::UnclosedQuote(mark), start, self.at)),
                Some('\\') => self.escape(&mut bytes),
                Some(c) if c == mark && !self.eat(mark) => break,
                Some(c) => push(&mut bytes, c),
            }
        }
        if bytes.is_empty() && mark == '`' {
            return Err(self.error(ParseErrorKind::EmptyName, start, self.at));
        }
        String::from_utf8(bytes).map_err(|_| self.error(ParseErrorKind::NotUtf8, start, self.at))
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) {
        match self.take() {
            Some('a') => bytes.push(7),
            Some('b') => bytes.push(8),
            Some('e') => bytes.push(27),
            Some('f') => bytes.push(12),
            Some('n') => bytes.push(b'\n'),
            Some('r') => bytes.push(b'\r'),
            Some('t') => bytes.push(b'\t'),
            Some('v') => bytes.push(11),
            Some('0') => bytes.push(0),
            Some('x') => self.hex(bytes),
            Some('N') | None => {}
            Some(c @ ('\\' | '`' | '"' | '\'' | '/' | '=')) => push(bytes, c),
            Some(c) => {
                bytes.push(b'\\');
                push(bytes, c);
            }
        }
    }

    fn hex(&mut self, bytes: &mut Vec<u8>) {
        let two = self.rest().get(..2).filter(|two| two.chars().all(|c| c.is_ascii_hexdigit()));
        match two.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                self.at += 2;
            }
            None => bytes.extend(b"\\x"),
        }
    }
}

fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, ParseError> {
        let mut scanner = Scanner::new(text);
        let name = scanner.identifier("a name")?;
        scanner.finish()?;
        Ok(name)
    }

    #[test]
    fn quotes_as_the_server_prints() {
        assert_eq!(quote("x\0\u{8}\u{c}\\"), r"`x\0\b\f\\`");
        assert_eq!(quote("a`b\n\r\t"), r"`a\`b\n\r\t`");
        assert_eq!(quote_literal("it's"), r"'it\'s'");
    }

    #[test]
    fn leaves_plain_words_bare() {
        for (name, text) in
            [("tenant_a1", "tenant_a1"), ("_x", "_x"), ("1a", "`1a`"), ("é", "`é`"), ("", "``")]
        {
            assert_eq!(quote_if_needed(name), text);
        }
        assert_eq!(quote_if_needed("SELECT"), "`SELECT`");
        assert_eq!(quote_if_needed("a$"), "`a$`");
    }

    #[test]
    fn reads_what_it_quotes() {
        for name in ["we`ird", "a\\b", "\0\u{7}\u{b}\u{1b}'\"", "*", "a b", "ünï", "x\\n", "select"] {
            assert_eq!(read(&quote(name)).as_deref(), Ok(name));
        }
    }

    #[test]
    fn reads_escapes_of_the_server() {
        assert_eq!(read("`we``ird`").as_deref(), Ok("we`ird"));
        assert_eq!(read(r"`\x41\_\/\N\xZ`").as_deref(), Ok(r"A\_/\xZ"));
        assert_eq!(read(r"`\xc3\xa9`").as_deref(), Ok("é"));
    }

    #[test]
    fn blames_the_right_bytes() {
        let error = |text| read(text).map_err(|e| (e.to_string(), e.span));
        assert_eq!(error("`ab"), Err(("quote ` is not closed".into(), 0..3)));
        assert_eq!(error("``"), Err(("a name cannot be empty".into(), 0..2)));
        assert_eq!(error(r"`\xff`"), Err(("name is not UTF-8".into(), 0..6)));
        assert_eq!(error("a-b"), Err(("expected the end of the text, found '-'".into(), 1..2)));
        assert_eq!(error(""), Err(("expected a name, found the end of the text".into(), 0..0)));
    }
}
