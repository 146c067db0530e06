//! Digests of what is secret.
//!
//! With a key (`CHARTER_PLAN_KEY`) each value has an HMAC-SHA256 of its own, so that the one that
//! differs can be named; whoever lacks the key learns nothing. Without one there is a single slow
//! digest (PBKDF2-HMAC-SHA256, a random salt for each plan) over all values together: who guesses
//! has to guess all of them at once, and pays for each try.

use std::num::NonZeroU32;

use ring::{hmac, pbkdf2};

use crate::model::digest::hex;

/// The environment variable that holds the key.
pub const VARIABLE: &str = "CHARTER_PLAN_KEY";

/// The shortest key, in bytes: 128 bits in hexadecimal.
const SHORTEST: usize = 32;

/// How often PBKDF2 iterates: OWASP's number for HMAC-SHA256
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
const ITERATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(599_999);

/// A key that plans and applies share.
pub struct Key(hmac::Key);

impl Key {
    /// Takes the value of [`VARIABLE`]; an empty one is none.
    ///
    /// # Errors
    /// A key that is too short to be one.
    pub fn new(text: Option<&str>) -> Result<Option<Self>, String> {
        match text.unwrap_or_default() {
            "" => Ok(None),
            text if text.len() < SHORTEST => Err(format!(
                "{VARIABLE} is too short: a key has at least {SHORTEST} characters; make one with `openssl rand -hex 32`"
            )),
            text => Ok(Some(Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())))),
        }
    }

    /// Returns the HMAC of some texts, each told from the next, as hex.
    pub fn tag(&self, parts: &[&[u8]]) -> String {
        hex(hmac::sign(&self.0, &joined(parts)).as_ref())
    }

    /// Returns whether a tag is that of some texts, in a time that does not tell how much of it is.
    pub fn proves(&self, parts: &[&[u8]], tag: &str) -> bool {
        bytes(tag).is_some_and(|tag| hmac::verify(&self.0, &joined(parts), &tag).is_ok())
    }
}

/// Returns the slow digest of some texts, each told from the next, as hex.
pub fn slow(salt: &str, parts: &[&[u8]]) -> String {
    let mut out = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, salt.as_bytes(), &joined(parts), &mut out);
    hex(&out)
}

/// Joins texts so that no two lists of texts give the same.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::new();
    for part in parts {
        all.extend((part.len() as u64).to_be_bytes());
        all.extend(*part);
    }
    all
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |at: usize| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (hex.len() == 64).then(|| (0..64).step_by(2).map(digit).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::new(Some(text)).unwrap().unwrap()
    }

    #[test]
    fn a_short_key_is_refused_and_an_empty_one_is_none() {
        assert!(Key::new(None).unwrap().is_none());
        assert!(Key::new(Some("")).unwrap().is_none());
        let reason = Key::new(Some("hunter5")).err().unwrap();
        assert!(reason.contains("openssl rand -hex 32") && !reason.contains("hunter5"), "{reason}");
    }

    #[test]
    fn a_tag_proves_its_texts_and_no_others() {
        let key = key(&"k".repeat(32));
        let tag = key.tag(&[b"ab", b"c"]);
        assert!(key.proves(&[b"ab", b"c"], &tag));
        for other in [vec![b"a".as_slice(), b"bc"], vec![b"abc"], vec![b"ab", b"c", b""]] {
            assert!(!key.proves(&other, &tag));
        }
        assert!(!super::tests::key(&"l".repeat(32)).proves(&[b"ab", b"c"], &tag));
        for wrong in ["", "zz", &"z".repeat(64), &"é".repeat(32), &tag.to_uppercase()[1..]] {
            assert!(!key.proves(&[b"ab", b"c"], wrong), "{wrong}");
        }
    }

    #[test]
    fn slow_digests_are_salted() {
        let digest = slow("salt", &[b"hunter5"]);
        assert_eq!(digest.len(), 64);
        assert_ne!(digest, slow("pepper", &[b"hunter5"]));
    }

    #[test]
    fn slow_is_pbkdf2() {
        // The test vector of RFC 7914, section 11, made by the same function.
        let mut out = [0; 64];
        let once = NonZeroU32::new(1).unwrap();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, once, b"salt", b"passwd", &mut out);
        assert!(hex(&out).starts_with("55ac046e56e3089fec1691c22544b605"));
    }
}
