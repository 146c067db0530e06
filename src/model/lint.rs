//! What is denied and what is allowed of findings: by the `lint` block, and by `charter:allow` comments.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::place::Place;
use crate::diag::{SourceMap, Span};

/// The `lint` block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What becomes a refusal.
    pub deny: Vec<Choice>,
    /// What is not told.
    pub allow: Vec<Choice>,
}

/// An item of one of the lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As it is written: a code, a range, a group.
    pub text: String,
    /// How exact it is: the higher wins.
    pub rank: u8,
    /// The codes that it takes.
    pub codes: BTreeSet<&'static str>,
}

/// What the block says of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is a refusal.
    Deny,
    /// It is not told.
    Allow,
}

impl Policy {
    /// Returns what it says of a code: the most exact item decides, and of two that are equally exact
    /// the one that denies.
    pub fn verdict(&self, code: &str) -> Option<Verdict> {
        let rank = |items: &[Choice]| {
            items.iter().filter(|item| item.codes.contains(code)).map(|item| item.rank).max()
        };
        match (rank(&self.deny), rank(&self.allow)) {
            (None, None) => None,
            (deny, allow) if deny >= allow => Some(Verdict::Deny),
            _ => Some(Verdict::Allow),
        }
    }
}

/// A `charter:allow` comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inline {
    /// The codes.
    pub codes: Vec<String>,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub place: Place,
    /// What it is about.
    pub covers: Span,
    /// In a file of statements: the one that it is about, from 0.
    pub statement: usize,
    /// In a file of statements: the lines that it is about, the first and the last.
    pub lines: (usize, usize),
}

/// A finding that is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// What was found.
    pub finding: Finding,
    /// Why, by the comment; none where the `lint` block allows it.
    pub reason: Option<String>,
    /// Where the comment stands.
    pub place: Option<Place>,
}

impl Allowed {
    /// Finds the lines of its places, so that they can be shown.
    pub fn locate(&mut self, sources: &SourceMap) {
        self.finding.locate(sources);
        self.place.iter_mut().for_each(|place| place.locate(sources));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(rank: u8, codes: &[&'static str]) -> Choice {
        Choice { text: String::new(), rank, codes: codes.iter().copied().collect() }
    }

    #[test]
    fn the_most_exact_item_decides() {
        let policy = Policy {
            deny: vec![choice(1, &["CH242", "CH243"]), choice(3, &["CH431"])],
            allow: vec![choice(3, &["CH242"]), choice(1, &["CH431", "CH429"])],
        };
        let verdicts = ["CH242", "CH243", "CH431", "CH429", "CH101"].map(|code| policy.verdict(code));
        assert_eq!(
            verdicts,
            [Some(Verdict::Allow), Some(Verdict::Deny), Some(Verdict::Deny), Some(Verdict::Allow), None]
        );
    }

    #[test]
    fn of_equals_the_one_that_denies_wins() {
        let policy = Policy { deny: vec![choice(1, &["CH242"])], allow: vec![choice(1, &["CH242"])] };
        assert_eq!(policy.verdict("CH242"), Some(Verdict::Deny));
    }
}
