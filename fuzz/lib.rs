//! The modules under test, compiled from the product's own sources with few of its dependencies.

/// The part of diagnostics that the modules use.
#[path = "."]
pub mod diag {
    #[path = "../src/diag/nearest.rs"]
    mod nearest;
    #[path = "../src/diag/source.rs"]
    pub mod source;

    pub use nearest::nearest;
    pub use source::{FileId, SourceMap, Span};
}

#[path = "../src/format/mod.rs"]
pub mod format;

#[path = "../src/migrate/mod.rs"]
pub mod migrate;

#[path = "../src/model/mod.rs"]
pub mod model;

#[path = "../src/plan_file/mod.rs"]
pub mod plan_file;

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
