//! Whether a space stands between two words of a line.
//!
//! Source: hclwrite/format.go, `spaceAfterToken`.

use super::lex::{Kind, Token};

/// Returns whether a space stands between the last of `before` and `next`.
pub fn between(before: &[Token<'_>], next: &Token<'_>) -> bool {
    let Some((last, earlier)) = before.split_last() else { return false };
    if last.is_comment() || next.is_comment() {
        return true;
    }
    if next.is(",") || next.is("...") || next.is(".") || last.is(".") || next.is("::") || last.is("::") {
        return false;
    }
    if last.is("{") || next.is("}") {
        return !(last.is("{") && next.is("}"));
    }
    if last.opens() || next.closes() {
        return false;
    }
    if next.is("(") || next.is("[") {
        // A call or an index, unless it begins a value.
        return !ends_value(before) || next.is("[") && last.is("}");
    }
    if last.is("!") || last.is("-") && !ends_value(earlier) {
        return false;
    }
    true
}

/// Returns whether a value can end with the last of some words: a sign after it is between two values.
fn ends_value(words: &[Token<'_>]) -> bool {
    let Some((last, earlier)) = words.split_last() else { return false };
    match last.kind {
        Kind::Word => !matches!(last.text, "in" | "if" | "for"),
        Kind::Text | Kind::Heredoc => true,
        Kind::Sign if last.text == "*" => {
            // All of a list, not a product.
            earlier.last().is_some_and(|before| before.is(".") || before.is("["))
        }
        Kind::Sign => last.closes(),
        Kind::Break | Kind::Comment | Kind::BlockComment => false,
    }
}
