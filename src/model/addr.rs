//! Addresses: where a resource stands in the configuration.
//!
//! `role.analyst`, `tenant.listed["acme"].database`,
//! `tenant.acme.migration["schema/V1002__events.sql"]`: dot-separated segments, each with an
//! optional key in brackets, printed and parsed the way terraform writes them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One segment of an address: a word, and the key of the instance if it has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    /// The word: a block type, a label or a part of a composite.
    pub word: String,
    /// The `for_each` key, or the key of one of several parts.
    pub key: Option<String>,
}

/// The address of a resource or of a group of resources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Addr(Vec<Segment>);

/// Why a text is no address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not an address: {reason}")]
pub struct AddrError {
    text: String,
    reason: &'static str,
}

impl Addr {
    /// Returns the address `kind.name`.
    pub fn new(kind: &str, name: &str) -> Self {
        Self(vec![Segment::plain(kind), Segment::plain(name)])
    }

    /// Returns this address with the key of a `for_each` instance on its last segment.
    pub fn instance(mut self, key: &str) -> Self {
        if let Some(last) = self.0.last_mut() {
            last.key = Some(key.to_owned());
        }
        self
    }

    /// Returns the address of a part below this one: `tenant.acme` + `role`.
    pub fn part(&self, word: &str) -> Self {
        let mut segments = self.0.clone();
        segments.push(Segment::plain(word));
        Self(segments)
    }

    /// Returns the address of one of several parts below this one.
    pub fn keyed_part(&self, word: &str, key: &str) -> Self {
        self.part(word).instance(key)
    }

    /// Returns the segments, first the block type.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Returns what is named below the block type, dots between, and the last key.
    pub fn name(&self) -> (String, Option<&str>) {
        let words: Vec<&str> = self.0.iter().skip(1).map(|segment| segment.word.as_str()).collect();
        (words.join("."), self.0.iter().rev().find_map(|segment| segment.key.as_deref()))
    }

    /// Returns the block that declared this: the first two segments, with their keys.
    pub fn block(&self) -> Self {
        Self(self.0.iter().take(2).cloned().collect())
    }

    /// Returns the key nearest to its end.
    pub fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|segment| segment.key.as_deref())
    }

    /// Returns the address that all instances of a `for_each` share.
    pub fn without_keys(&self) -> Self {
        Self(self.0.iter().map(|segment| Segment::plain(&segment.word)).collect())
    }

    /// Returns whether this is `other` or lies below it. A group without a key holds all its
    /// instances: `tenant.listed` contains `tenant.listed["acme"].role`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.len() >= other.0.len()
            && self.0.iter().zip(&other.0).all(|(mine, theirs)| {
                mine.word == theirs.word && (theirs.key.is_none() || mine.key == theirs.key)
            })
    }

    /// Returns this address, which is within `from`, below `to` instead. A key that `to` leaves
    /// open is kept.
    #[must_use]
    pub fn rebase(&self, from: &Self, to: &Self) -> Self {
        let mut segments = to.0.clone();
        if let (Some(last), Some(mine)) = (segments.last_mut(), self.0.get(from.0.len() - 1))
            && last.key.is_none()
            && from.0.last().is_some_and(|segment| segment.key.is_none())
        {
            last.key.clone_from(&mine.key);
        }
        segments.extend(self.0.iter().skip(from.0.len()).cloned());
        Self(segments)
    }

    /// Returns this address with every word and key replaced: for display only, since what comes of
    /// it need not parse.
    #[must_use]
    pub fn map(&self, with: impl Fn(&str) -> String) -> Self {
        let segment =
            |segment: &Segment| Segment { word: with(&segment.word), key: segment.key.as_deref().map(&with) };
        Self(self.0.iter().map(segment).collect())
    }

    /// Parses an address as [`fmt::Display`] prints it.
    ///
    /// # Errors
    /// Where a word is empty, a bracket does not close or a key is not a quoted string.
    pub fn parse(text: &str) -> Result<Self, AddrError> {
        let fail = |reason| AddrError { text: text.to_owned(), reason };
        let mut segments = Vec::new();
        let mut rest = text;
        loop {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            if word.is_empty() || !word.chars().all(is_word) {
                return Err(fail("a segment is a word of letters, digits, _ and -"));
            }
            let mut segment = Segment::plain(word);
            rest = tail;
            if let Some(quoted) = rest.strip_prefix('[') {
                let (key, after) = parse_key(quoted).ok_or_else(|| fail("a key is written [\"key\"]"))?;
                segment.key = Some(key);
                rest = after;
            }
            segments.push(segment);
            match rest.strip_prefix('.') {
                Some(next) => rest = next,
                None if rest.is_empty() => break,
                None => return Err(fail("segments are separated by dots")),
            }
        }
        Ok(Self(segments))
    }
}

impl Segment {
    fn plain(word: &str) -> Self {
        Self { word: word.to_owned(), key: None }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// Parses `"key"]…` and returns the key and what follows the bracket.
fn parse_key(text: &str) -> Option<(String, &str)> {
    let mut chars = text.char_indices();
    if chars.next()?.1 != '"' {
        return None;
    }
    let mut key = String::new();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return text[at + 1..].strip_prefix(']').map(|rest| (key, rest)),
            '\\' => key.push(chars.next()?.1),
            other => key.push(other),
        }
    }
    None
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            f.write_str(&segment.word)?;
            if let Some(key) = &segment.key {
                write!(f, "[\"{}\"]", key.replace('\\', "\\\\").replace('"', "\\\""))?;
            }
        }
        Ok(())
    }
}

impl Serialize for Addr {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Addr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_parses_back() {
        for text in [
            "role.analyst",
            "tenant.listed[\"acme\"].database",
            "tenant.acme.migration[\"schema/V1002__events.sql\"]",
            "tenant.x[\"a\\\"b\\\\c\"]",
        ] {
            assert_eq!(Addr::parse(text).map(|a| a.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", ".", "a.", "a[", "a[b]", "a[\"b\"", "a b", "a[\"b\"]c"] {
            assert!(Addr::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_moves_keeps_its_parts_and_keys() {
        for (addr, from, to, moved) in [
            ("role.a", "role.a", "role.b", "role.b"),
            ("tenant.a.role", "tenant.a", "tenant.b", "tenant.b.role"),
            ("tenant.l[\"x\"].role", "tenant.l[\"x\"]", "tenant.x", "tenant.x.role"),
            ("tenant.x.role", "tenant.x", "tenant.l[\"x\"]", "tenant.l[\"x\"].role"),
            ("tenant.l[\"x\"].role", "tenant.l", "tenant.m", "tenant.m[\"x\"].role"),
        ] {
            let parse = |text| Addr::parse(text).expect("an address");
            assert_eq!(parse(addr).rebase(&parse(from), &parse(to)), parse(moved));
        }
    }

    #[test]
    fn a_group_holds_its_instances_and_parts() {
        let part = Addr::new("tenant", "listed").instance("acme").part("role");
        assert!(part.is_within(&Addr::new("tenant", "listed")));
        assert!(part.is_within(&Addr::new("tenant", "listed").instance("acme")));
        assert!(!part.is_within(&Addr::new("tenant", "listed").instance("other")));
        assert!(!Addr::new("tenant", "listed").is_within(&part));
    }
}
