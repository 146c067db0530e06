//! What stands around a saved plan: one JSON document on one line, whose beginning is the same in
//! every version of the format, so that a reader can say what it has before it understands it:
//!
//! ```text
//! {"format":"charter plan","version":1,"sha256":"…","hmac":"…","bytes":N,"charter":"0.1.0","saved":{…}}
//! ```
//!
//! `bytes` counts what follows its comma, up to the last brace; `sha256` and, with a key, `hmac` are
//! of exactly those bytes, so that nothing is parsed that was cut off or changed.

use crate::model::Digest;

use super::key::Key;

/// The version of the format. It grows with every change of what a plan can hold.
pub const VERSION: u32 = 1;

/// The largest file that is read: about eight times the plan that makes ten thousand tenants, each
/// of which takes 13 kB.
pub const MAX_BYTES: u64 = 1 << 30;

const START: &str = "{\"format\":\"charter plan\",\"version\":";

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is something else.
    #[error("it is not a saved plan")]
    NotAPlan,
    /// It ends too early.
    #[error("it was cut off: {found} of its {bytes} bytes are there")]
    CutOff {
        /// How many there are.
        found: usize,
        /// How many there were.
        bytes: usize,
    },
    /// It is not what was written.
    #[error("it was changed after it was written: its digest is another")]
    Changed,
    /// It was not written with this key.
    #[error("it was not written by whoever holds CHARTER_PLAN_KEY: its keyed digest is another")]
    Forged,
    /// It was written without a key, or its keyed digest was taken out.
    #[error("it was made without CHARTER_PLAN_KEY, which is set here: nobody vouches for it")]
    Unkeyed,
    /// Another version of the format.
    #[error("it is in format {version}{}, and this version of charter reads format {VERSION}", by(.charter))]
    OtherFormat {
        /// The format's version.
        version: u32,
        /// The version of charter that made it; empty where that cannot be told.
        charter: String,
    },
    /// It is whole, and cannot be understood.
    #[error("it cannot be read{}: {reason}", by(.charter))]
    Broken {
        /// The version of charter that made it.
        charter: String,
        /// Why.
        reason: String,
    },
}

fn by(charter: &str) -> String {
    if charter.is_empty() { String::new() } else { format!(" (made by charter {charter})") }
}

impl Refusal {
    /// Returns what to do.
    pub fn help(&self) -> String {
        let again = "plan again: `charter plan -o FILE`";
        match self {
            Self::NotAPlan => "`charter plan -o FILE` writes one".into(),
            Self::CutOff { .. } | Self::Changed | Self::Forged => again.into(),
            Self::Unkeyed => {
                "plan again with CHARTER_PLAN_KEY set: `charter plan -o FILE`; or unset it to use a file that \
                 anybody may have changed"
                    .into()
            }
            Self::OtherFormat { charter, .. } | Self::Broken { charter, .. } if !charter.is_empty() => {
                format!("{again}; or show it with charter {charter}, which made it")
            }
            Self::OtherFormat { .. } | Self::Broken { .. } => again.into(),
        }
    }
}

/// The parts of a file whose digest is right.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The version of charter that made it.
    pub charter: &'a str,
    /// The keyed digest, where it was made with a key.
    pub tag: Option<&'a str>,
    /// The digest.
    pub sha256: &'a str,
    /// What is saved, as JSON.
    pub body: &'a [u8],
}

/// Returns the file of a body. `charter` is the version that writes it.
pub fn seal(charter: &str, body: &[u8], key: Option<&Key>) -> Vec<u8> {
    let charter = serde_json::json!(charter);
    let rest = [format!("\"charter\":{charter},\"saved\":").as_bytes(), body, b"}"].concat();
    let sha256 = Digest::of_bytes(&rest);
    let tag = key.map(|key| key.tag(&whole(sha256.as_str()))).unwrap_or_default();
    let head =
        format!("{START}{VERSION},\"sha256\":\"{sha256}\",\"hmac\":\"{tag}\",\"bytes\":{},", rest.len());
    [head.as_bytes(), &rest, b"\n"].concat()
}

/// Returns whether a keyed digest is that of a file with this digest.
pub fn is_genuine(key: &Key, sha256: &str, tag: &str) -> bool {
    key.proves(&whole(sha256), tag)
}

fn whole(sha256: &str) -> [&[u8]; 2] {
    [b"file", sha256.as_bytes()]
}

/// Takes a file apart, and makes sure that it is whole.
///
/// # Errors
/// Why it is refused.
pub fn open(bytes: &[u8]) -> Result<Frame<'_>, Refusal> {
    let Some(rest) = bytes.strip_prefix(START.as_bytes()) else {
        // An empty file, or the beginning of one.
        let cut = START.as_bytes().starts_with(bytes) && !bytes.is_empty();
        let other = if is_reformatted(bytes) { Refusal::Changed } else { Refusal::NotAPlan };
        return Err(if cut { Refusal::CutOff { found: bytes.len(), bytes: START.len() } } else { other });
    };
    let (version, rest) = number(rest).ok_or(Refusal::Changed)?;
    let version = u32::try_from(version).unwrap_or(u32::MAX);
    if version != VERSION {
        return Err(Refusal::OtherFormat { version, charter: maker(rest).to_owned() });
    }
    let head = text(rest, ",\"sha256\":\"").and_then(|(sha256, rest)| {
        let (tag, rest) = text(rest, ",\"hmac\":\"")?;
        let (length, rest) = number(rest.strip_prefix(b",\"bytes\":")?)?;
        Some((sha256, tag, usize::try_from(length).ok()?, rest.strip_prefix(b",")?))
    });
    let Some((sha256, tag, length, rest)) = head else { return Err(Refusal::Changed) };
    if rest.len() < length {
        return Err(Refusal::CutOff { found: rest.len(), bytes: length });
    }
    let (covered, end) = rest.split_at(length);
    if !matches!(end, b"" | b"\n") || Digest::of_bytes(covered).as_str() != sha256 {
        return Err(Refusal::Changed);
    }
    let parts = covered.strip_prefix(b"\"charter\":\"").and_then(|rest| {
        let (charter, rest) = quoted(rest)?;
        Some((charter, rest.strip_prefix(b",\"saved\":")?.strip_suffix(b"}")?))
    });
    let Some((charter, body)) = parts else { return Err(Refusal::Changed) };
    Ok(Frame { charter, tag: Some(tag).filter(|tag| !tag.is_empty()), sha256, body })
}

/// Returns whether it is a saved plan that was formatted anew.
fn is_reformatted(bytes: &[u8]) -> bool {
    let start = bytes.get(..200.min(bytes.len())).unwrap_or_default();
    let dense: Vec<u8> = start.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    dense.starts_with(b"{\"") && dense.windows(22).any(|part| part == b"\"format\":\"charterplan\"")
}

/// Returns the version of charter that made a file of another format; empty where that cannot be told.
fn maker(rest: &[u8]) -> &str {
    const WORD: &[u8] = b",\"charter\":\"";
    let start = rest.get(..1_000.min(rest.len())).unwrap_or_default();
    let at = start.windows(WORD.len()).position(|part| part == WORD);
    let name = at.and_then(|at| quoted(start.get(at + WORD.len()..)?)).map_or("", |(name, _)| name);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
    if name.len() <= 40 && name.chars().all(is_plain) { name } else { "" }
}

/// Reads a number.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at(end);
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

/// Reads a text after a name.
fn text<'a>(bytes: &'a [u8], name: &str) -> Option<(&'a str, &'a [u8])> {
    quoted(bytes.strip_prefix(name.as_bytes())?)
}

/// Reads the rest of a text without escapes, to behind its quote.
fn quoted(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (inner, rest) = bytes.split_at(end);
    Some((std::str::from_utf8(inner).ok()?, rest.strip_prefix(b"\"")?))
}
