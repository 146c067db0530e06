//! Reads ClickHouse migration files; pure, without a server or a file system.
//!
//! A file is named ([`files`]), decoded, cut into tokens ([`lexer`]) and statements ([`split`]),
//! hashed ([`checksum`]), given its placeholders ([`placeholders`]), classified ([`analyze`]), followed by the
//! names that it gives ([`names`]) and weighed ([`cost`]).
//! The lexer follows ClickHouse's own `src/Parsers/Lexer.cpp`: a statement ends where the server
//! says that it ends, or the file is refused. Nothing here rewrites SQL apart from placeholders.

pub mod allow;
pub mod analyze;
pub mod checksum;
pub mod cost;
pub mod files;
pub mod legacy;
pub mod lexer;
pub mod look;
pub mod names;
mod number;
pub mod placeholders;
pub mod rights;
pub mod split;

mod directive;
mod quote;
mod refuse;

#[cfg(test)]
mod tests;

pub use allow::Allow;
pub use analyze::{Analysis, analyze, analyze_sql};
pub use checksum::{ALGORITHM, file_token_sha256, raw_sha256};
pub use files::{FileNameError, MigrationName, PATTERN, decode_utf8, order, parse_file_name};
pub use lexer::{LexError, Token, TokenKind, lex};
pub use placeholders::substitute;
pub use rights::{Place, Right, rights};
pub use split::{SplitError, SplitErrorKind, Statement, pieces, split};
