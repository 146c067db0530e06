//! Cuts HCL into words, as far as formatting needs: a text with all that is interpolated in it is one
//! word, and so is a heredoc with all its lines. White space is dropped, line breaks are kept.
//!
//! Source: <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>, "Lexical Elements".

use hcl_edit::Ident;

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
fn next(text: &str, level: usize) -> (Kind, usize) {
    let first = text.chars().next().unwrap_or_default();
    if first == '\n' {
        return (Kind::Break, 1);
    }
    if first == '#' || text.starts_with("//") {
        let end = text.find('\n').unwrap_or(text.len());
        return (Kind::Comment, text[..end].trim_end_matches('\r').len());
    }
    if let Some(comment) = text.strip_prefix("/*") {
        return (Kind::BlockComment, comment.find("*/").map_or(text.len(), |at| at + 4));
    }
    if first == '"' {
        return (Kind::Text, quoted(text, level));
    }
    if let Some(length) = heredoc(text, level) {
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
fn quoted(text: &str, level: usize) -> usize {
    let quote = |rest: &str| rest.starts_with('"').then_some(1);
    template(&text[1..], true, level, quote).map_or(text.len(), |length| 1 + length)
}

/// Returns the length of a template with its end; none where it does not end. As the parser has it, what
/// stands between directives ends nothing, and backslashes mean nothing there.
fn template(text: &str, is_quoted: bool, level: usize, end: impl Fn(&str) -> Option<usize>) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if depth == 0
            && let Some(length) = end(rest)
        {
            return Some(at + length);
        }
        at += if rest.starts_with("$${") || rest.starts_with("%%{") {
            3
        } else if level < DEEPEST && (rest.starts_with("${") || rest.starts_with("%{")) {
            if c == '%' {
                depth = within(depth, &rest[2..]);
            }
            2 + interpolated(&rest[2..], level + 1)
        } else if c == '\\' && is_quoted && depth == 0 {
            1 + rest[1..].chars().next().map_or(0, char::len_utf8)
        } else {
            c.len_utf8()
        };
    }
    None
}

/// Returns how many directives are open after one that begins with a text.
fn within(depth: usize, text: &str) -> usize {
    let text = text.strip_prefix('~').unwrap_or(text).trim_start();
    let word = text.split(|c| !continues(c)).next().unwrap_or_default();
    match word {
        "if" | "for" => depth + 1,
        "endif" | "endfor" => depth.saturating_sub(1),
        _ => depth,
    }
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

/// Returns the length of a heredoc with the name that ends it; none where none begins.
fn heredoc(text: &str, level: usize) -> Option<usize> {
    let after = text.strip_prefix("<<")?;
    let (name, body) = after.strip_prefix('-').unwrap_or(after).split_once('\n')?;
    let name = name.strip_suffix('\r').unwrap_or(name);
    Ident::try_new(name).ok()?;
    // The line on which the body begins ends it only where no other does: so does the parser.
    let begun = text.len() - body.len();
    let broken = |rest: &str| {
        let line = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'))?;
        Some(rest.len() - line.len() + ending(line, name)?)
    };
    let length = template(body, false, level, broken).or_else(|| ending(body, name));
    Some(length.map_or(text.len(), |length| begun + length))
}

/// Returns the length of the end of a heredoc, where a line begins with it: blanks and its name.
fn ending(line: &str, name: &str) -> Option<usize> {
    let after = line.trim_start_matches([' ', '\t']).strip_prefix(name)?;
    (!after.starts_with(continues)).then_some(line.len() - after.len())
}

/// Returns whether a character continues a name.
fn continues(c: char) -> bool {
    Ident::try_new(format!("_{c}")).is_ok()
}
