//! The modules under test, compiled from the product's own sources without its dependencies.

/// The part of diagnostics that the modules use.
#[path = "../src/diag/nearest.rs"]
pub mod diag;

#[path = "../src/migrate/mod.rs"]
pub mod migrate;

use migrate::{Token, TokenKind, lex};

/// Returns the kind and the text of the tokens that the server does not skip, `;` left out.
///
/// # Panics
/// The text is no sequence of tokens: what calls this knows that it is.
pub fn code(sql: &str) -> Vec<(TokenKind, &str)> {
    let tokens = lex(sql).unwrap_or_else(|error| panic!("{sql:?} lexes no more: {error}"));
    let code = tokens.into_iter().filter(is_code);
    code.map(|token| (token.kind, token.text)).collect()
}

/// Tells whether the server would not skip a token.
pub fn is_code(token: &Token<'_>) -> bool {
    !token.kind.is_trivia() && token.kind != TokenKind::Semicolon
}
