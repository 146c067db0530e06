//! Cuts HCL into words, as far as formatting needs: a text with all that is interpolated in it is one
//! word, and so is a heredoc with all its lines. White space is dropped, line breaks are kept.
//!
//! Source: <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>, "Lexical Elements".

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The end of a line.
    Break,
    /// `#` or `//` to the end of the line.
    Comment,
    /// `/* … */`, on one line or several.
    BlockComment,
    /// A name, a keyword, a number.
    Word,
    /// A text in double quotes.
    Text,
    /// `<<EOT` up to the line that ends it.
    Heredoc,
    /// Everything else: brackets and operators.
    Sign,
}

/// A word with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: &'t str,
}

impl Token<'_> {
    /// Returns whether it is a comment of either form.
    pub fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::Comment | Kind::BlockComment)
    }

    /// Returns whether it is this sign.
    pub fn is(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    /// Returns whether it opens a bracket.
    pub fn opens(&self) -> bool {
        self.kind == Kind::Sign && matches!(self.text, "(" | "[" | "{")
    }

    /// Returns whether it closes one.
    pub fn closes(&self) -> bool {
        self.kind == Kind::Sign && matches!(self.text, ")" | "]" | "}")
    }
}

/// The signs of more than one character, longer ones first.
const SIGNS: [&str; 9] = ["...", "==", "!=", "<=", ">=", "=>", "&&", "||", "::"];

/// How deep texts may stand in what texts interpolate; deeper than that `${` is nothing special. Nobody
/// writes so, and every level is one of the stack.
const DEEPEST: usize = 64;

/// Cuts a text into words.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r']);
        if rest.is_empty() {
            return found;
        }
        let (kind, length) = next(rest, 0);
        let (word, after) = rest.split_at(length);
        found.push(Token { kind, text: word });
        rest = after;
    }
}

/// Returns what begins a text that is not empty, so deep in others, and how many bytes it has.
fn next(text: &str, depth: usize) -> (Kind, usize) {
    let first = text.chars().next().unwrap_or_default();
    if first == '\n' {
        return (Kind::Break, 1);
    }
    if first == '#' || text.starts_with("//") {
        let end = text.find('\n').unwrap_or(text.len());
        return (Kind::Comment, text[..end].trim_end_matches('\r').len());
    }
    if text.starts_with("/*") {
        return (Kind::BlockComment, text[2..].find("*/").map_or(text.len(), |at| at + 4));
    }
    if first == '"' {
        return (Kind::Text, quoted(text, depth));
    }
    if let Some(length) = heredoc(text) {
        return (Kind::Heredoc, length);
    }
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-') || !c.is_ascii();
    if first.is_ascii_digit() {
        return (Kind::Word, number(text));
    }
    if is_word(first) && first != '-' {
        return (Kind::Word, text.find(|c| !is_word(c)).unwrap_or(text.len()));
    }
    let sign = SIGNS.iter().find(|sign| text.starts_with(**sign));
    (Kind::Sign, sign.map_or(first.len_utf8(), |sign| sign.len()))
}

/// Returns the length of a number: digits, a fraction, an exponent.
fn number(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        from + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
    };
    let has_digit =
        |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let mut end = digits(0);
    if text[end..].starts_with('.') && has_digit(end + 1) {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let signed = usize::from(text[end + 1..].starts_with(['+', '-']));
        if has_digit(end + 1 + signed) {
            end = digits(end + 1 + signed);
        }
    }
    end
}

/// Returns the length of a text in quotes, with what is interpolated in it.
fn quoted(text: &str, depth: usize) -> usize {
    let mut at = 1;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c == '"' {
            return at + 1;
        }
        at += if rest.starts_with("$${") || rest.starts_with("%%{") {
            3
        } else if depth < DEEPEST && (rest.starts_with("${") || rest.starts_with("%{")) {
            2 + interpolated(&rest[2..], depth + 1)
        } else if c == '\\' {
            1 + rest[1..].chars().next().map_or(0, char::len_utf8)
        } else {
            c.len_utf8()
        };
    }
    text.len()
}

/// Returns the length of what is interpolated, with the brace that ends it.
fn interpolated(text: &str, level: usize) -> usize {
    let (mut at, mut depth) = (0, 1);
    while at < text.len() {
        let rest = &text[at..];
        let c = rest.chars().next().unwrap_or_default();
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (kind, length) = next(rest, level);
        at += length;
        match (kind, c) {
            (Kind::Sign, '{') => depth += 1,
            (Kind::Sign, '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Returns the length of a heredoc, less the line break after its end; none where none begins.
fn heredoc(text: &str) -> Option<usize> {
    let after = text.strip_prefix("<<")?;
    let name = after.strip_prefix('-').unwrap_or(after);
    let (name, _) = name.split_once('\n')?;
    let name = name.trim_end_matches('\r');
    let is_name = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if name.is_empty() || !is_name {
        return None;
    }
    let mut at = text.find('\n')? + 1;
    for line in text[at..].split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        if bare.trim() == name {
            return Some(at + bare.len());
        }
        at += line.len();
    }
    Some(text.len())
}
