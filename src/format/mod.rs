//! The canonical format of HCL, after `terraform fmt`: two spaces a level, the `=` of consecutive
//! lines aligned, comments behind them too, one space between words, at most one blank line, one
//! between blocks, none at the ends of a body, no trailing spaces.
//!
//! Only white space changes. Texts, heredocs and comments stand as they were written. A text that does
//! not parse is not formatted, and one whose words or whose values would come out otherwise is refused:
//! what it means is what the parser reads, whatever the words were taken for.

mod layout;
mod lex;
mod meaning;
mod space;

#[cfg(test)]
mod tests;

use std::ops::Range;

use lex::Token;

/// Returns a text in its canonical format. It must parse.
///
/// # Errors
/// The result would not be what the text is, in words or as the parser reads it; nothing must be written
/// then.
pub fn format(text: &str) -> Result<String, Unfaithful> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tokens = lex::tokens(text);
    let formatted = layout::layout(&tokens);
    let is_same = words(&lex::tokens(&formatted)).eq(words(&tokens)) && meaning::is_same(text, &formatted);
    if is_same { Ok(formatted) } else { Err(Unfaithful) }
}

/// Returns what a text says: its words, with a break where lines end, and comments less the spaces at
/// their end.
fn words<'t>(tokens: &'t [Token<'t>]) -> impl Iterator<Item = &'t str> {
    let mut broken = true;
    let end = tokens.iter().rposition(|token| token.kind != lex::Kind::Break).map_or(0, |at| at + 1);
    tokens[..end].iter().filter_map(move |token| {
        let is_break = token.kind == lex::Kind::Break;
        let repeated = is_break && broken;
        broken = is_break;
        (!repeated).then(|| if is_break { "\n" } else { token.text.trim_end() })
    })
}

/// The result would not say what the text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("formatting would change more than white space")]
pub struct Unfaithful;

/// Returns the comments of a text, in order.
pub fn comments(text: &str) -> Vec<String> {
    let tokens = lex::tokens(text);
    let comments = tokens.iter().filter(|token| token.is_comment());
    comments.map(|token| token.text.trim_end().to_owned()).collect()
}

/// Returns where the comments of a text stand, in bytes, in order: not in texts and heredocs.
pub fn comments_at(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut found = Vec::new();
    for token in lex::tokens(text) {
        // Between words is nothing but white space.
        at += text[at..].len() - text[at..].trim_start_matches([' ', '\t', '\r']).len();
        if token.is_comment() {
            found.push(at..at + token.text.len());
        }
        at += token.text.len();
    }
    found
}
