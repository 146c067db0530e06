//! Cuts ClickHouse SQL into tokens, by the rules of `src/Parsers/Lexer.cpp` (24.8 to 26.9).
//!
//! The tokens, white space and comments included, cover the text without gaps. What the server
//! calls unterminated or unrecognized is an error; so are two things that versions read in their
//! own ways: the Unicode minus sign, and `$tag$` without its end, an odd identifier to the server,
//! where a `;` of the text that was meant would split the statement. A placeholder
//! `${charter.name}` is part of a word, so that no space can slip in beside it. Every function is
//! total and takes linear time.

use super::number;

/// What a token is, as far as splitting, hashing and analysis need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// ASCII or Unicode white space, a byte order mark included.
    Whitespace,
    /// `-- …`, `// …`, `# …`, `#!…` up to the line's end, or a nesting block comment.
    Comment,
    /// A keyword or a bare identifier; may hold placeholders.
    Word,
    /// An identifier in backticks, double quotes or Unicode double quotes.
    QuotedIdent,
    /// A string in single quotes or Unicode single quotes, or `x'…'`, `b'…'`.
    String,
    /// `$$…$$` or `$tag$…$tag$`.
    HereDoc,
    /// A number without its sign.
    Number,
    /// `;`
    Semicolon,
    /// An operator, a bracket or other punctuation.
    Punct,
}

impl TokenKind {
    /// Tells whether the server skips such a token.
    #[must_use]
    pub fn is_trivia(self) -> bool {
        matches!(self, Self::Whitespace | Self::Comment)
    }
}

/// A piece of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its exact text.
    pub text: &'a str,
    /// Its offset in the input, in bytes.
    pub start: usize,
}

impl Token<'_> {
    /// Returns the offset after the token, in bytes.
    #[must_use]
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Tells whether the token is the given bare word, in any case.
    #[must_use]
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Tells whether the token is the given punctuation.
    #[must_use]
    pub fn is_punct(&self, text: &str) -> bool {
        self.kind == TokenKind::Punct && self.text == text
    }
}

/// A place where the input stops being SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexError {
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// Where it begins, in bytes; for something unterminated, where it was opened.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// What to do about it.
    pub help: Option<&'static str>,
}

impl std::fmt::Display for LexError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LexError {}

/// Cuts the text into tokens that cover it without gaps.
///
/// # Errors
/// The first place that the server would not accept as a token.
pub fn lex(sql: &str) -> Result<Vec<Token<'_>>, LexError> {
    match lex_partial(sql) {
        (tokens, None) => Ok(tokens),
        (_, Some(error)) => Err(error),
    }
}

/// Cuts the text into tokens up to the first error, if there is one.
pub(super) fn lex_partial(sql: &str) -> (Vec<Token<'_>>, Option<LexError>) {
    let mut lexer = Lexer { sql, bytes: sql.as_bytes(), pos: 0, after: After::Other };
    let mut tokens = Vec::new();
    while lexer.pos < sql.len() {
        match lexer.next() {
            Ok((kind, end)) => {
                let text = &sql[lexer.pos..end];
                lexer.note(kind, text);
                tokens.push(Token { kind, text, start: lexer.pos });
                lexer.pos = end;
            }
            Err(error) => return (tokens, Some(error)),
        }
    }
    (tokens, None)
}

/// Returns the length of the placeholder that the text starts with.
pub(super) fn placeholder_len(text: &str) -> Option<usize> {
    let name = text.strip_prefix("${charter.")?;
    let len = name
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
        .count();
    (name.as_bytes().get(len) == Some(&b'}')).then_some("${charter.".len() + len + 1)
}

/// What the last significant token was, which decides what a following `.` or digit means.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Dot,
    Operand,
    Other,
}

struct Lexer<'a> {
    sql: &'a str,
    bytes: &'a [u8],
    pos: usize,
    after: After,
}

type Scan = Result<(TokenKind, usize), LexError>;

impl Lexer<'_> {
    fn at(&self, offset: usize) -> Option<u8> {
        self.bytes.get(self.pos + offset).copied()
    }

    fn note(&mut self, kind: TokenKind, text: &str) {
        use TokenKind::{Number, QuotedIdent, Word};
        if !kind.is_trivia() {
            self.after = match kind {
                Word | QuotedIdent | Number => After::Operand,
                _ if matches!(text, ")" | "]") => After::Operand,
                _ if text == "." => After::Dot,
                _ => After::Other,
            };
        }
    }

    /// Scans the token at the current position; returns its kind and its end.
    fn next(&self) -> Scan {
        let Some(byte) = self.at(0) else {
            return Ok((TokenKind::Punct, self.pos));
        };
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.whitespace(),
            b'0'..=b'9' => self.number(),
            b'.' if self.dot_starts_number() => self.number(),
            b'\'' => self.quoted(byte, TokenKind::String, "string"),
            b'"' | b'`' => self.quoted(byte, TokenKind::QuotedIdent, "quoted identifier"),
            b'-' if self.at(1) == Some(b'-') => Ok(self.line_comment()),
            b'/' if self.at(1) == Some(b'/') => Ok(self.line_comment()),
            b'#' if matches!(self.at(1), Some(b' ' | b'!')) => Ok(self.line_comment()),
            b'/' if self.at(1) == Some(b'*') => self.block_comment(),
            b'x' | b'X' | b'b' | b'B' if self.at(1) == Some(b'\'') => self.coded_string(byte),
            b'$' => self.dollar(),
            b';' => Ok((TokenKind::Semicolon, self.pos + 1)),
            _ if is_word_byte(byte) => Ok((TokenKind::Word, self.word_end(self.pos))),
            _ if byte.is_ascii() => self.punct(),
            _ => self.unicode(),
        }
    }

    fn whitespace(&self) -> Scan {
        let rest = &self.sql[self.pos..];
        let len = rest.len() - rest.trim_start_matches(is_space).len();
        Ok((TokenKind::Whitespace, self.pos + len))
    }

    fn line_comment(&self) -> (TokenKind, usize) {
        let rest = &self.bytes[self.pos..];
        let len = rest.iter().position(|byte| *byte == b'\n');
        (TokenKind::Comment, self.pos + len.unwrap_or(rest.len()))
    }

    /// Block comments nest; the stack remembers where each open one began.
    fn block_comment(&self) -> Scan {
        let mut open = vec![self.pos];
        let mut pos = self.pos + 2;
        while let Some(pair) = self.bytes.get(pos..pos + 2) {
            match pair {
                b"/*" => open.push(pos),
                b"*/" => {
                    open.pop();
                    if open.is_empty() {
                        return Ok((TokenKind::Comment, pos + 2));
                    }
                }
                _ => {
                    pos += 1;
                    continue;
                }
            }
            pos += 2;
        }
        let last = open.last().copied().unwrap_or(self.pos);
        let nested = if open.len() > 1 {
            format!(" ({} are open, the last from line {})", open.len(), self.line(last))
        } else {
            String::new()
        };
        let what = format!("block comment opened on line {} is not closed{nested}", self.line(self.pos));
        Err(self.error(what, 2, Some("block comments nest in ClickHouse: each `/*` needs its own `*/`")))
    }

    /// Quotes are escaped by doubling or by a backslash, in strings and identifiers alike.
    fn quoted(&self, quote: u8, kind: TokenKind, what: &str) -> Scan {
        let mut pos = self.pos + 1;
        while let Some(&byte) = self.bytes.get(pos) {
            if byte == b'\\' {
                pos += 2;
            } else if byte != quote {
                pos += 1;
            } else if self.bytes.get(pos + 1) == Some(&quote) {
                pos += 2;
            } else {
                return Ok((kind, pos + 1));
            }
        }
        Err(self.unclosed(what, 1))
    }

    /// `x'…'` and `b'…'` hold digits only and know no escapes.
    fn coded_string(&self, radix: u8) -> Scan {
        let digits = self.bytes.iter().skip(self.pos + 2);
        let len = digits
            .take_while(|byte| match radix {
                b'x' | b'X' => byte.is_ascii_hexdigit(),
                _ => matches!(byte, b'0' | b'1'),
            })
            .count();
        if self.at(2 + len) == Some(b'\'') {
            return Ok((TokenKind::String, self.pos + 3 + len));
        }
        let what = format!("`{}'…'` may hold only digits of its base", char::from(radix));
        Err(self.error(what, 2, None))
    }

    fn number(&self) -> Scan {
        let after_dot = self.after == After::Dot;
        let end = number::scan(self.bytes, self.pos, after_dot);
        if !self.bytes.get(end).is_some_and(|byte| is_word_byte(*byte)) {
            return Ok((TokenKind::Number, end));
        }
        let end = number::skip_word(self.bytes, end);
        if self.bytes[self.pos..end].iter().all(|byte| is_word_byte(*byte)) {
            return Ok((TokenKind::Word, end));
        }
        let what = format!("wrong number `{}`", &self.sql[self.pos..end]);
        Err(self.error(what, end - self.pos, None))
    }

    fn dot_starts_number(&self) -> bool {
        // At the very start of a text the server reads a lone `.` as a number; no statement has that.
        // After another dot only an integer may follow, which does not begin with one.
        let begins = !matches!(self.after, After::Operand | After::Dot);
        begins && self.at(1).is_some_and(|byte| byte.is_ascii_digit())
    }

    fn dollar(&self) -> Scan {
        if placeholder_len(&self.sql[self.pos..]).is_some() {
            return Ok((TokenKind::Word, self.word_end(self.pos)));
        }
        let tag_end = number::skip_word(self.bytes, self.pos + 1);
        if self.bytes.get(tag_end) == Some(&b'$') {
            return self.heredoc(tag_end + 1);
        }
        if tag_end == self.pos + 1 {
            return Ok((TokenKind::Punct, tag_end));
        }
        Ok((TokenKind::Word, self.word_end(self.pos)))
    }

    fn heredoc(&self, body: usize) -> Scan {
        let tag = &self.sql[self.pos..body];
        if let Some(len) = self.sql[body..].find(tag) {
            return Ok((TokenKind::HereDoc, body + len + tag.len()));
        }
        let line = self.line(self.pos);
        let what = format!("heredoc `{tag}` opened on line {line} is not closed");
        let help = "end it with the same tag; an identifier that holds `$` needs backticks";
        Err(self.error(what, tag.len(), Some(help)))
    }

    /// Words may hold `$` after their first character, and placeholders anywhere.
    fn word_end(&self, start: usize) -> usize {
        let mut pos = start;
        while let Some(&byte) = self.bytes.get(pos) {
            if byte == b'$' {
                pos += placeholder_len(&self.sql[pos..]).unwrap_or(1);
            } else if is_word_byte(byte) {
                pos += 1;
            } else {
                break;
            }
        }
        pos
    }

    fn punct(&self) -> Scan {
        const LONG: [&str; 13] =
            ["!~*", "<=>", "!=", "!~", "~*", "->", "::", "<=", "<>", ">=", "==", "||", "@@"];
        let rest = &self.sql[self.pos..];
        if let Some(long) = LONG.iter().find(|long| rest.starts_with(**long)) {
            return Ok((TokenKind::Punct, self.pos + long.len()));
        }
        let first = rest.chars().next().unwrap_or_default();
        match first {
            '(' | ')' | '[' | ']' | '{' | '}' | ',' | '.' | '+' | '-' | '*' | '/' | '%' | '=' | '<' | '>'
            | '?' | ':' | '|' | '@' | '^' | '~' => Ok((TokenKind::Punct, self.pos + 1)),
            '#' => Err(self.unrecognized(first, Some("a `#` comment needs a space: `# comment`"))),
            '\0' => Err(self.unrecognized(first, Some("a NUL byte may stand only in a string"))),
            _ => Err(self.unrecognized(first, None)),
        }
    }

    fn unicode(&self) -> Scan {
        let first = self.sql[self.pos..].chars().next().unwrap_or_default();
        match first {
            '\u{2018}' => self.unicode_quoted('\u{2019}', TokenKind::String, "string"),
            '\u{201c}' => self.unicode_quoted('\u{201d}', TokenKind::QuotedIdent, "quoted identifier"),
            // 26.9 takes it for a minus; older readers of SQL have taken it for a comment.
            '\u{2212}' => Err(self.unrecognized(first, Some("write `-` for a minus"))),
            _ if is_space(first) => self.whitespace(),
            _ => Err(self.unrecognized(first, Some("quote identifiers that are not ASCII"))),
        }
    }

    /// Unicode quotes know no escapes.
    fn unicode_quoted(&self, close: char, kind: TokenKind, what: &str) -> Scan {
        match self.sql[self.pos..].find(close) {
            Some(len) => Ok((kind, self.pos + len + close.len_utf8())),
            None => Err(self.unclosed(what, close.len_utf8())),
        }
    }

    fn line(&self, offset: usize) -> usize {
        line_of(self.sql, offset)
    }

    fn unclosed(&self, what: &str, len: usize) -> LexError {
        let opener = &self.sql[self.pos..self.pos + len];
        let line = self.line(self.pos);
        self.error(format!("{what} opened by {opener} on line {line} is not closed"), len, None)
    }

    fn unrecognized(&self, first: char, help: Option<&'static str>) -> LexError {
        let what = format!("unrecognized character `{}`", first.escape_debug());
        self.error(what, first.len_utf8(), help)
    }

    fn error(&self, message: String, len: usize, help: Option<&'static str>) -> LexError {
        LexError { message, start: self.pos, end: self.pos + len, help }
    }
}

/// Returns the 1-based line of an offset.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    1 + before.filter(|byte| **byte == b'\n').count()
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The white space of `skipWhitespacesUTF8`, as measured on 26.9; it is not Unicode's list.
fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{a0}' | '\u{180e}' | '\u{2000}'
            ..='\u{200d}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202f}'
                | '\u{205f}'
                | '\u{2060}'
                | '\u{3000}'
                | '\u{feff}'
    )
}

#[cfg(test)]
mod tests;
