//! The codes that `lint { deny allow }` names: one code (`CH101`), a range (`CH24x`, `CH2xx`) or a
//! group by name (`data-loss`).
//!
//! The more exact wins where both lists take a code: a code before ten, ten before a hundred and before a
//! group.

use super::registry;
use crate::diag::nearest;

/// A group of codes.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// What its codes have in common.
    pub what: &'static str,
    /// The codes.
    pub codes: &'static [&'static str],
}

/// The groups that have names.
pub const GROUPS: &[Group] = &[
    Group {
        name: "data-loss",
        what: "rows, columns, partitions or tables go away",
        codes: &["CH101", "CH102", "CH103", "CH104", "CH105", "CH120", "CH124", "CH431"],
    },
    Group {
        name: "rewrites",
        what: "the server rewrites data that is there, which takes time and disk",
        codes: &["CH106", "CH115", "CH116", "CH120"],
    },
    Group {
        name: "breaks-readers",
        what: "queries, views and dictionaries that name what is changed fail, or read something else",
        codes: &["CH101", "CH102", "CH107", "CH108", "CH109", "CH126"],
    },
    Group {
        name: "repeatability",
        what: "tenants, or a second run, may get other data",
        codes: &["CH110", "CH117", "CH118", "CH119"],
    },
    Group {
        name: "tables",
        what: "how tables are defined: keys, types, engines, indices",
        codes: &["CH111", "CH112", "CH113", "CH114", "CH124", "CH125", "CH127", "CH128", "CH129"],
    },
    Group {
        name: "widening",
        what: "somebody may do what they could not do before",
        codes: &crate::plan::lint::WIDENING,
    },
    Group { name: "secrets", what: "a password or key is written out", codes: &["CH123"] },
];

/// What an item of a list takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// One code.
    Code(&'static str),
    /// The codes that begin so: `CH24` for `CH24x`.
    Prefix([u8; 4], usize),
    /// The codes of a group, by its place in [`GROUPS`].
    Group(usize),
}

impl Selector {
    /// Reads an item; none where nothing is called so.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(at) = GROUPS.iter().position(|group| group.name == text) {
            return Some(Self::Group(at));
        }
        if let Some(code) = registry::find(text).filter(|code| code.code == text) {
            return Some(Self::Code(code.code));
        }
        let prefix = text.strip_suffix("xx").or_else(|| text.strip_suffix('x'))?;
        let digits = prefix.strip_prefix("CH")?;
        let good = text.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let mut bytes = [0; 4];
        bytes.iter_mut().zip(prefix.bytes()).for_each(|(to, from)| *to = from);
        let selector = Self::Prefix(bytes, prefix.len());
        (good && registry::all().iter().any(|code| selector.takes(code.code))).then_some(selector)
    }

    /// Returns whether it takes a code.
    pub fn takes(self, code: &str) -> bool {
        match self {
            Self::Code(one) => one == code,
            Self::Prefix(bytes, length) => {
                bytes.get(..length).is_some_and(|prefix| code.as_bytes().starts_with(prefix))
            }
            Self::Group(at) => GROUPS.get(at).is_some_and(|group| group.codes.contains(&code)),
        }
    }

    /// Returns how exact it is: the higher wins.
    pub fn rank(self) -> u8 {
        match self {
            Self::Code(_) => 3,
            Self::Prefix(_, 4) => 2,
            Self::Prefix(..) | Self::Group(_) => 1,
        }
    }

    /// Returns the codes that it takes.
    pub fn codes(self) -> impl Iterator<Item = &'static registry::Code> {
        registry::all().iter().filter(move |code| self.takes(code.code))
    }
}

/// Returns what was probably meant by an item that nothing is called by.
pub fn suggest(text: &str) -> Option<&'static str> {
    let looks_like_a_code = text.len() <= 6 && text.to_ascii_uppercase().starts_with("CH");
    if looks_like_a_code && text.ends_with('x') {
        return None;
    }
    if looks_like_a_code {
        registry::suggest(text)
    } else {
        nearest(text, GROUPS.iter().map(|group| group.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ranges_and_groups_are_read() {
        let taken = |text: &str, code: &str| Selector::parse(text).is_some_and(|one| one.takes(code));
        assert!(taken("CH242", "CH242") && !taken("CH242", "CH243"));
        assert!(taken("CH24x", "CH243") && !taken("CH24x", "CH250"));
        assert!(taken("CH2xx", "CH298") && !taken("CH2xx", "CH310"));
        assert!(taken("widening", "CH247") && !taken("widening", "CH250"));
    }

    #[test]
    fn what_nothing_is_called_is_none() {
        for text in ["", "CH", "CHxxx", "CH9xx", "CH999", "ch242", "CH24", "CHx42", "nothing", "CHéxx"] {
            assert_eq!(Selector::parse(text), None, "{text}");
        }
        assert_eq!(suggest("widenning"), Some("widening"));
        assert_eq!(suggest("ch431"), Some("CH431"));
        assert_eq!(suggest("zzz"), None);
    }

    #[test]
    fn groups_name_codes_that_there_are() {
        for group in GROUPS {
            for code in group.codes {
                assert!(registry::find(code).is_some(), "{}: {code}", group.name);
            }
        }
    }

    #[test]
    fn the_more_exact_wins() {
        let rank = |text: &str| Selector::parse(text).unwrap().rank();
        assert!(rank("CH242") > rank("CH24x") && rank("CH24x") > rank("CH2xx"));
        assert_eq!(rank("CH2xx"), rank("widening"));
    }
}
