//! A plan in a file, to be shown and applied later: the plan with its final operations, what it was
//! made from and for, when it expires, and digests over all of it. No secret is in it, and no digest
//! from which one could be guessed fast: fingerprints of passwords and of what else is secret are
//! sensitive values themselves (`LedgerRow::secret`), and those have keyed or slow digests ([`key`]).
//!
//! The file is never executed: an apply plans again, compares, and executes what it planned itself.
//! So the file decides whether an apply goes on, and never what it does: a forged one can do nothing
//! that the configuration does not ask for. What it shows is compared, too ([`review`]), so that what
//! was reviewed is what is done.
//!
//! Pure: whoever calls reads and writes the file, and brings time and randomness.

pub mod configuration;
pub mod frame;
pub mod key;
pub mod review;
pub mod values;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::model::{Addr, Digest, Plan};
use configuration::Configuration;
use frame::{Frame, Refusal};
use key::Key;
use values::Proof;

/// How long a plan can be applied unless told, in seconds: a day.
pub const EXPIRES: u64 = 86_400;

/// The options that a plan was made with; an apply of it plans again with the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// What it was confined to.
    pub targets: Vec<Addr>,
    /// Whose passwords it rotates, as asked.
    pub rotate: Vec<Addr>,
    /// Whether logins were tried.
    pub probe: bool,
}

/// A plan in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved {
    /// Names this file among all: random.
    pub id: String,
    /// When it was made, in seconds since 1970 by the server's clock.
    pub made_at: u64,
    /// When it can no longer be applied, by the same clock.
    pub expires_at: u64,
    /// Who made it.
    pub made_by: String,
    /// The revision of the configuration; empty where it is not known.
    pub git_revision: String,
    /// The options that it was made with.
    pub options: Options,
    /// What it was made from.
    pub configuration: Configuration,
    /// Digests of what is secret.
    pub values: Proof,
    /// The plan's digest.
    pub digest: Digest,
    /// The plan.
    pub plan: Plan,
}

/// What is read from a file.
#[derive(Debug)]
pub struct Opened {
    /// The version of charter that made it.
    pub charter: String,
    /// Whether it was made with a key.
    pub keyed: bool,
    /// What it holds.
    pub saved: Saved,
}

impl Saved {
    /// Returns the file's bytes.
    ///
    /// # Errors
    /// A plan that would not be read back as it is, and why.
    pub fn to_bytes(&self, charter: &str, key: Option<&Key>) -> Result<Vec<u8>, String> {
        let body = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        let bytes = frame::seal(charter, &body, key);
        match read(&bytes, key) {
            Ok(_) => Ok(bytes),
            Err(refusal) => Err(format!("it would not be read back as it is: {refusal}")),
        }
    }
}

/// Reads a file. Without a key, one that was made with a key is read and not proved to be genuine;
/// with a key, one that was made without is refused.
///
/// # Errors
/// Why it cannot be trusted or understood.
pub fn read(bytes: &[u8], key: Option<&Key>) -> Result<Opened, Refusal> {
    let Frame { charter, tag, sha256, body } = frame::open(bytes)?;
    match (key, tag) {
        (Some(key), Some(tag)) if !frame::is_genuine(key, sha256, tag) => return Err(Refusal::Forged),
        // Whoever can change the file can take the tag out.
        (Some(_), None) => return Err(Refusal::Unkeyed),
        _ => {}
    }
    let broken = |reason: String| Refusal::Broken { charter: charter.to_owned(), reason };
    let saved: Saved = serde_json::from_slice(body).map_err(|error| broken(error.to_string()))?;
    if saved.plan.digest() != saved.digest {
        return Err(broken("the plan in it has another digest than it says".into()));
    }
    Ok(Opened { charter: charter.to_owned(), keyed: tag.is_some(), saved })
}
