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
        return !ends_value(last) || next.is("[") && last.is("}");
    }
    if last.is("!") || last.is("-") && !earlier.last().is_some_and(ends_value) {
        return false;
    }
    true
}

/// Returns whether a value can end with a word: a sign after it is between two values.
fn ends_value(token: &Token<'_>) -> bool {
    match token.kind {
        Kind::Word => !matches!(token.text, "in" | "if" | "for"),
        Kind::Text | Kind::Heredoc => true,
        Kind::Sign => token.closes() || token.text == "*",
        Kind::Break | Kind::Comment | Kind::BlockComment => false,
    }
}
