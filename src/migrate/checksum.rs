//! Hashes migrations so that only what the server would see counts.
//!
//! The token hash covers settings and significant tokens, each with its length: comments, white
//! space, line ends, a byte order mark and the placing of `;` never change it; one byte of a
//! string, of an identifier or of a keyword's case does. Line ends *inside* a string are part of
//! the string. Hashes are taken before placeholders are replaced, so all tenants share them.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::lexer::Token;
use super::split::Statement;

/// The name of the token hash, to be stored beside each; it changes with any rule above.
pub const ALGORITHM: &str = "charter-tokens-1";

/// Returns the SHA-256 of the bytes in lower-case hexadecimal.
#[must_use]
pub fn raw_sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Returns the token hash of a whole file from those of its statements, in order.
#[must_use]
pub fn file_token_sha256(statements: &[Statement]) -> String {
    let mut hash = Fields::new("file");
    for statement in statements {
        hash.field(&statement.token_sha256);
    }
    hash.finish()
}

/// Returns the token hash of one statement; the settings' order does not matter.
pub(super) fn statement_sha256(tokens: &[Token<'_>], settings: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = settings.iter().collect();
    sorted.sort();
    let mut hash = Fields::new("statement");
    hash.count(sorted.len());
    for (name, value) in sorted {
        hash.field(name);
        hash.field(value);
    }
    for token in tokens.iter().filter(|token| !token.kind.is_trivia()) {
        hash.field(token.text);
    }
    hash.finish()
}

/// A hash over fields that cannot run into one another.
struct Fields(Sha256);

impl Fields {
    fn new(what: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.field(ALGORITHM);
        fields.field(what);
        fields
    }

    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    fn field(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text.as_bytes());
    }

    fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{file_token_sha256, raw_sha256};
    use crate::migrate::split::pieces;

    fn file_hash(sql: &str) -> String {
        file_token_sha256(&pieces(sql).unwrap())
    }

    #[test]
    fn raw_hash_is_plain_sha256() {
        assert_eq!(raw_sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn the_algorithm_is_pinned() {
        // A changed value orphans every ledger: raise the number in ALGORITHM instead.
        insta::assert_snapshot!(
            file_hash("CREATE TABLE t (x String) ENGINE = Log; SELECT 'a'"),
            @"0ce8aa750aac901df6257dae75e10af92f2a792b32de8f0d81f2cdd3a96ec7d7"
        );
    }

    #[test]
    fn noise_does_not_count() {
        let plain = "ALTER TABLE t ADD COLUMN s String DEFAULT 'a';\nSELECT 1;\n";
        for noisy in [
            "ALTER TABLE t ADD COLUMN s String DEFAULT 'a'; SELECT 1",
            "\u{feff}ALTER TABLE t\r\n  ADD COLUMN s String DEFAULT 'a'\r\n;;\r\nSELECT 1\r\n",
            "-- why; oh\nALTER TABLE t /* ; */ ADD COLUMN s String // x\n DEFAULT 'a'; # y\nSELECT\u{a0}1",
            "-- charter:statement\nALTER TABLE t ADD COLUMN s String DEFAULT 'a';\n-- charter:statement\nSELECT 1",
        ] {
            assert_eq!(file_hash(plain), file_hash(noisy), "{noisy}");
        }
    }

    #[test]
    fn what_the_server_sees_counts() {
        let plain = "SELECT 'a b', x.y, 1";
        for other in [
            "SELECT 'a  b', x.y, 1",
            "select 'a b', x.y, 1",
            "SELECT 'a b', x.`y`, 1",
            "SELECT 'a b', x.y; , 1",
            "SELECT 'a b', x.y, 1 0",
            "-- charter:settings a=1\nSELECT 'a b', x.y, 1",
        ] {
            assert_ne!(file_hash(plain), file_hash(other), "{other}");
        }
        assert_ne!(file_hash("SELECT 'a\nb'"), file_hash("SELECT 'a\r\nb'"));
    }

    #[test]
    fn a_space_beside_a_placeholder_counts() {
        assert_ne!(
            file_hash("SELECT * FROM a_${charter.tenant}_b"),
            file_hash("SELECT * FROM a_${charter.tenant} _b")
        );
    }

    #[test]
    fn settings_count_in_any_order() {
        let hash = |settings: &str| file_hash(&format!("-- charter:settings {settings}\nSELECT 1"));
        assert_eq!(hash("a=1, b=2"), hash("b = '2',a=1"));
        assert_ne!(hash("a=1, b=2"), hash("a=1, b=3"));
    }
}
