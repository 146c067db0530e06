//! Text that cannot be printed: passwords and values marked sensitive.
//!
//! A [`Secret`] has no `Display` and no `Serialize`; its `Debug` says only that it is one. Whoever
//! needs the text calls [`Secret::expose`], and those calls are few: the executor, the backends and
//! the comparison of a Secret with what was last applied.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

/// What stands in the place of a sensitive value wherever one would be shown.
pub const HIDDEN: &str = "(sensitive value)";

/// A text that is never printed.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a text out of sight.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Returns the text itself. Callers must not print or store it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns the hex SHA-256 of the text followed by `salt`: ClickHouse's rule for
    /// `sha256_hash … SALT` (`src/Access/AuthenticationData.cpp`), also used as the salted
    /// fingerprint of what was last applied.
    pub fn salted_sha256(&self, salt: &str) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.expose().as_bytes());
        hasher.update(salt.as_bytes());
        super::digest::hex(&hasher.finalize())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_text() {
        assert_eq!(format!("{:?}", Secret::new("hunter5")), HIDDEN);
    }

    #[test]
    fn the_hash_is_clickhouses() {
        // sha256("passwordsalt")
        assert_eq!(
            Secret::new("password").salted_sha256("salt"),
            "7a37b85c8918eac19a9089c0fa5a2ab4dce3f90528dcdeec108b23ddf3607b99"
        );
    }
}
