//! Parses files to syntax trees that know their places.
//!
//! The parser stops at the first mistake of a text. So a file that does not parse is cut at the
//! heads of its top-level blocks, and each piece is parsed alone: every broken block is reported,
//! the others are used, and the names of broken ones stay known.

use std::collections::BTreeSet;

use hcl_edit::expr::Expression;
use hcl_edit::parser::{self, Error};
use hcl_edit::structure::Body;

use crate::diag::{Diagnostic, Diagnostics, FileId, SourceMap, Span};

/// The files with more bytes than this are not cut to find more than the first mistake.
const MAX_RECOVERY: usize = 1 << 20;

/// Where a syntax tree stands: its file, and the byte of the file at which its text begins.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// The file.
    pub file: FileId,
    /// The byte.
    pub base: usize,
}

impl At {
    /// Returns the beginning of a file.
    pub fn start(file: FileId) -> Self {
        Self { file, base: 0 }
    }

    /// Returns the place of a node; the beginning of the text for one that has none.
    pub fn span(self, node: &(impl hcl_edit::Span + ?Sized)) -> Span {
        let range = node.span().unwrap_or(0..0);
        Span::new(self.file, self.base + range.start..self.base + range.end)
    }
}

/// A part of a file that parsed.
#[derive(Debug)]
pub struct Unit {
    /// Where it stands.
    pub at: At,
    /// What it holds.
    pub body: Body,
}

/// What could be read of the files.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The parts that parsed.
    pub units: Vec<Unit>,
    /// The blocks that did not, by type and label (empty for blocks without one).
    pub broken: BTreeSet<(String, String)>,
}

impl Parsed {
    /// Parses a file and adds what it holds; mistakes go to `diags`.
    pub fn add(&mut self, file: FileId, sources: &SourceMap, diags: &mut Diagnostics) {
        let text = sources.file(file).map_or("", |file| file.text.as_str());
        let skip = bom(text);
        let at = At { file, base: skip };
        match parser::parse_body(&text[skip..]) {
            Ok(body) => self.units.push(Unit { at, body }),
            Err(error) => self.recover(at, &text[skip..], &error, diags),
        }
    }

    fn recover(&mut self, at: At, text: &str, first: &Error, diags: &mut Diagnostics) {
        let heads = if text.len() > MAX_RECOVERY { Vec::new() } else { heads(text) };
        let mut found = 0;
        let before = text.get(..heads.first().map_or(0, |head| head.start));
        if before.is_some_and(|before| parser::parse_body(before).is_err()) {
            diags.push(syntax_error(at, text, first));
            found += 1;
        }
        for (index, head) in heads.iter().enumerate() {
            let end = heads.get(index + 1).map_or(text.len(), |next| next.start);
            let piece = &text[head.start..end];
            let here = At { base: at.base + head.start, ..at };
            match parser::parse_body(piece) {
                Ok(body) => self.units.push(Unit { at: here, body }),
                Err(error) => {
                    diags.push(syntax_error(here, piece, &error));
                    self.broken.insert((head.kind.clone(), head.label.clone()));
                    found += 1;
                }
            }
        }
        if found == 0 {
            diags.push(syntax_error(at, text, first));
        }
    }
}

/// Parses an expression that stands alone in a file of the map.
///
/// # Errors
/// The problem, at its place.
pub fn expression(file: FileId, sources: &SourceMap) -> Result<Expression, Box<Diagnostic>> {
    let text = sources.file(file).map_or("", |file| file.text.as_str());
    parser::parse_expr(text.trim_end()).map_err(|error| Box::new(syntax_error(At::start(file), text, &error)))
}

/// Returns the length of a byte order mark at the beginning.
fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

/// The head of a block at the beginning of a line.
struct Head {
    start: usize,
    kind: String,
    label: String,
}

/// Returns what looks like the heads of top-level blocks: a word at the beginning of a line, then
/// labels, then a brace.
fn heads(text: &str) -> Vec<Head> {
    let mut heads = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some((kind, label)) = head(line) {
            heads.push(Head { start, kind, label });
        }
        start += line.len();
    }
    heads
}

fn head(line: &str) -> Option<(String, String)> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let (before, _) = line.split_once('{')?;
    let kind_end = before.find(|c| !word(c)).unwrap_or(before.len());
    let (kind, labels) = before.split_at(kind_end);
    let labels = labels.trim();
    if !kind.starts_with(|c: char| c.is_alphabetic() || c == '_')
        || !labels.chars().all(|c| word(c) || c == '"' || c == ' ' || c == '.')
    {
        return None;
    }
    let label = labels.split_whitespace().next().unwrap_or_default();
    Some((kind.to_owned(), label.trim_matches('"').to_owned()))
}

fn syntax_error(at: At, text: &str, error: &Error) -> Diagnostic {
    let offset = offset(text, error);
    if let Some(item) = unclosed(at, text, offset, error) {
        return item;
    }
    let rest = text.get(offset..).unwrap_or_default();
    if rest.trim().is_empty() {
        return unfinished(at, text, error);
    }
    // At the end of a line, what stands before it is shown.
    let (before, from) = match rest.starts_with(['\n', '\r']) {
        true => (text[..offset].trim_end(), None),
        false => (&text[..offset], rest.chars().next()),
    };
    let last = before.chars().next_back().map_or(0, char::len_utf8);
    let start = at.base + before.len();
    let span = match from {
        Some(c) => Span::new(at.file, start..start + c.len_utf8()),
        None => Span::new(at.file, start - last..start),
    };
    let item = Diagnostic::error("syntax error").at(span, message(error));
    match hint(text, offset) {
        Some(help) => item.help(help),
        None => item,
    }
}

/// Tells of a text or heredoc that does not end, at the place where it begins.
fn unclosed(at: At, text: &str, offset: usize, error: &Error) -> Option<Diagnostic> {
    let place = |from: usize, to: usize| Span::new(at.file, at.base + from..at.base + to);
    let line_end = |from: usize| text[from..].find('\n').map_or(text.len(), |length| from + length);
    if error.message().contains("heredoc end") {
        let begin = text[..offset].rfind("<<")?;
        let name = text[begin..line_end(begin)].trim();
        let end = name.trim_start_matches(['<', '-']);
        return Some(
            Diagnostic::error("heredoc is not closed")
                .at(place(begin, begin + name.len()), "it has no end")
                .help(format!("it ends with a line that holds {end} and nothing else")),
        );
    }
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[start..line_end(start)];
    let quotes: Vec<usize> =
        line.match_indices('"').map(|(at, _)| at).filter(|at| !line[..*at].ends_with('\\')).collect();
    if quotes.len().is_multiple_of(2) || line.contains(['#', '\'']) || line.contains("//") {
        return None;
    }
    let begin = start + quotes.last()?;
    Some(
        Diagnostic::error("text is not closed")
            .at(place(begin, start + line.trim_end().len()), "no double quote ends it on its line")
            .help("end it with a double quote; a text of several lines is a heredoc: <<EOT … EOT"),
    )
}

/// Tells of a text that ends too early: the place to look at is where it began.
fn unfinished(at: At, text: &str, error: &Error) -> Diagnostic {
    let head = text.lines().next().unwrap_or_default().trim_end();
    let begin = Span::new(at.file, at.base..at.base + head.len());
    let trimmed = text.trim_end();
    let end = at.base + trimmed.len();
    let last = trimmed.chars().next_back().map_or(0, char::len_utf8);
    let last = Span::new(at.file, end - last..end);
    if head.ends_with('{') {
        Diagnostic::error("block is not closed")
            .at(begin, "this block has no end")
            .at(last, "it would have to be closed after this")
            .help("add the `}` that is missing")
    } else {
        Diagnostic::error("syntax error").at(last, format!("the text ends here; {}", message(error)))
    }
}

/// Returns where the parser stopped: the end of the text too, which it tells by the column only.
fn offset(text: &str, error: &Error) -> usize {
    let location = error.location();
    let offset = text.floor_char_boundary(location.offset());
    let line_start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let column = text[line_start..offset].chars().count() + 1;
    let is_last = text[offset..].chars().nth(1).is_none();
    if is_last && location.column() > column { text.len() } else { offset }
}

/// Returns what the parser expected, in the words of the language.
fn message(error: &Error) -> &str {
    let message = error.message();
    if message.starts_with("invalid expression;") {
        "a value, a name or a function call is needed here"
    } else if message.ends_with("found redefined attribute") {
        "this attribute is set a second time"
    } else if message.ends_with("found redefined object key") {
        "this key is set a second time"
    } else if message.starts_with("invalid structure;") {
        "`name = value` or a block `name { … }` is needed here"
    } else {
        message
    }
}

/// Says what to do about the commonest mistakes.
fn hint(text: &str, offset: usize) -> Option<&'static str> {
    let line_start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let rest = &text[offset..];
    let before = text[line_start..offset].trim_end();
    if rest.starts_with('\'') || before.ends_with('\'') {
        return Some("texts stand in double quotes");
    }
    if line.replace("\\\"", "").matches('"').count() % 2 == 1 {
        return Some("a double quote of this line is not closed");
    }
    if line.contains('{') && line.contains(',') && line.trim_end().ends_with('}') {
        return Some("a block on one line holds one attribute at most: give each its own line");
    }
    if rest.starts_with('"') && line.contains("${") && before.chars().all(|c| c.is_alphanumeric() || c == '_')
    {
        return Some("labels are plain: `for_each` repeats a block, and its `name` may be computed");
    }
    if rest.starts_with(':') {
        return Some("an attribute is written `name = value`");
    }
    if rest.starts_with(',') {
        return Some("attributes of a block have no comma after them");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::text::render;

    fn parse(text: &str) -> (Parsed, String) {
        let mut sources = SourceMap::default();
        let file = sources.add("main.hcl", text);
        let (mut parsed, mut diags) = (Parsed::default(), Diagnostics::default());
        parsed.add(file, &sources, &mut diags);
        (parsed, render(&diags, &sources, false, 100))
    }

    #[test]
    fn every_broken_block_is_told_and_the_others_are_used() {
        let (parsed, text) = parse(
            "role \"a\" {\n  name = = 1\n}\nrole \"b\" {}\nrole \"c\" {\n  x: 2\n}\nlocals {\n  y = 3\n}\n",
        );
        assert_eq!(parsed.units.len(), 2);
        assert!(parsed.broken.contains(&("role".into(), "c".into())));
        insta::assert_snapshot!(text, @r"
        error: syntax error
         --> main.hcl:2:10
          |
        2 |   name = = 1
          |          ^ a value, a name or a function call is needed here

        error: syntax error
         --> main.hcl:6:4
          |
        6 |   x: 2
          |    ^ `name = value` or a block `name { … }` is needed here
          |
          = help: an attribute is written `name = value`
        ");
    }

    #[test]
    fn a_block_that_is_not_closed_is_shown_where_it_begins() {
        let (parsed, text) = parse("role \"a\" {\n  grant {\n    x = 1\n}\n\nrole \"b\" {}\n");
        assert_eq!(parsed.units.len(), 1);
        insta::assert_snapshot!(text, @r#"
        error: block is not closed
         --> main.hcl:1:1
          |
        1 | role "a" {
          | ^^^^^^^^^^ this block has no end
        ...
        4 | }
          | - it would have to be closed after this
          |
          = help: add the `}` that is missing
        "#);
    }

    #[test]
    fn spans_of_pieces_are_those_of_the_file() {
        let (parsed, _) = parse("role \"a\" {\n  x = = 1\n}\nrole \"bee\" {}\n");
        let unit = &parsed.units[0];
        let block = unit.body.blocks().next().unwrap();
        assert_eq!(unit.at.span(&block.labels[0]).start, 28);
    }

    #[test]
    fn a_mistake_outside_of_blocks_is_told() {
        let (_, text) = parse("what is this?\nrole \"a\" {}\n");
        insta::assert_snapshot!(text, @r"
        error: syntax error
         --> main.hcl:1:13
          |
        1 | what is this?
          |             ^ expected `{`
        ");
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert_eq!(parse("\u{feff}role \"a\" {}\n").1, "");
    }
}
