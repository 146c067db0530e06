//! A plan or a check as a comment on a pull request, at most [`LIMIT`] bytes long.
//!
//! A plan that is too long is told in fewer words, by a ladder ([`Level`]). What is destroyed and
//! where access widens stands first and keeps its words longest ([`Rung`]): the names of what goes
//! away are cut only where they alone are too many, and then it says how many are missing.

mod check;
mod details;
mod drift;
pub(super) mod escape;
mod gates;
mod graph;
#[cfg(test)]
mod limit_tests;
mod perils;
mod sections;
#[cfg(test)]
mod tests;

pub use check::check;

use std::borrow::Cow;

use super::escape::elide;
use super::fold::{self, Told};
use super::tree::{self, Group};
use super::widening;
use crate::model::{Digest, Finding, Plan};
use crate::plan::lint;

/// The longest comment, in bytes of UTF-8: GitHub refuses more than 65,536 characters.
pub const LIMIT: usize = 60_000;

/// How much of a summary or a reason is told where objects have one line.
const BRIEF: usize = 300;
/// The least bytes that are spent on the names of whom a finding is about.
const WHOM: usize = 200;
/// What the numbers of what is left out may add to a comment that is cut.
const SLACK: usize = 500;

/// How much is told of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Everything, with the statements.
    Full,
    /// What changes, without statements, notes and unchanged lines.
    Changes,
    /// One line an object.
    Lines,
    /// Counts by tenant.
    Tenants,
    /// Totals.
    Totals,
    /// What is destroyed, where access widens and what an apply needs; nothing else.
    Bare,
}

impl Level {
    const ALL: [Self; 5] = [Self::Full, Self::Changes, Self::Lines, Self::Tenants, Self::Totals];

    /// Returns a text from users as long as there is room for.
    fn brief(self, text: &str) -> Cow<'_, str> {
        if self < Self::Lines { Cow::Borrowed(text) } else { elide(text, BRIEF) }
    }

    /// Returns how many bytes there are for the names of each of so many findings.
    fn room(self, findings: usize) -> usize {
        if self < Self::Tenants { usize::MAX } else { (LIMIT / 2 / findings.max(1)).max(WHOM) }
    }

    /// Returns what is left out.
    fn lacks(self) -> &'static str {
        match self {
            Self::Full => "",
            Self::Changes => "statements, notes and unchanged lines",
            Self::Lines => "statements, and what changes in each object",
            Self::Tenants => "objects that are neither destroyed nor widen access",
            Self::Totals => "tenants, and objects that are neither destroyed nor widen access",
            Self::Bare => "findings and all that neither destroys nor widens",
        }
    }
}

/// How much is told of what goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rung {
    /// Names, addresses and statements.
    Statements,
    /// Names and addresses.
    Addresses,
    /// Names.
    Names,
    /// As many names as fit into so many bytes.
    Cut(usize),
}

/// What there was no room for of what is destroyed and where access widens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cut {
    /// Names of objects.
    objects: usize,
    /// Those whose access widens.
    widening: usize,
}

impl Cut {
    fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// What a comment is made from.
struct View<'a> {
    plan: &'a Plan,
    digest: Digest,
    groups: Vec<Group<'a>>,
    perils: Vec<perils::Peril>,
    widening: Vec<Told<'a>>,
    findings: Vec<Told<'a>>,
}

impl<'a> View<'a> {
    fn new(plan: &'a Plan, expand: bool) -> Self {
        let groups = if expand { tree::groups(plan) } else { fold::groups(plan) };
        let others = |one: &&Finding| one.code != lint::RETAINED.code && !lint::widens(one);
        let found: Vec<&Finding> = plan.findings.iter().filter(others).collect();
        Self {
            plan,
            digest: plan.digest(),
            perils: perils::of(&groups),
            groups,
            widening: widening::of(plan, expand),
            findings: if expand { fold::one_by_one(&found) } else { fold::findings(&found, plan) },
        }
    }
}

/// Returns a plan as a comment. `expand` shows each tenant by itself, though the same happens to many.
pub fn plan(plan: &Plan, expand: bool) -> String {
    let view = View::new(plan, expand);
    let by_level = Level::ALL.into_iter().map(|level| (level, Rung::Statements));
    let by_rung = [(Level::Totals, Rung::Addresses), (Level::Totals, Rung::Names)];
    let bare = [Rung::Statements, Rung::Addresses, Rung::Names].map(|rung| (Level::Bare, rung));
    let fitting = |(level, rung)| {
        let comment = compose(&view, level, rung);
        (comment.len() <= LIMIT).then_some(comment)
    };
    let whole = by_level.chain(by_rung).find_map(fitting);
    let cut = || cut(&view, Level::Totals).or_else(|| bare.into_iter().find_map(fitting));
    whole.or_else(cut).or_else(|| self::cut(&view, Level::Bare)).unwrap_or_default()
}

/// Returns a comment with as many names of what goes away as fit; none where they would have less than
/// half of it, unless there is nothing else to leave out.
fn cut(view: &View, level: Level) -> Option<String> {
    let others = compose(view, level, Rung::Cut(0)).len() + SLACK;
    let room = LIMIT.saturating_sub(others);
    (level == Level::Bare || room >= LIMIT / 2).then(|| compose(view, level, Rung::Cut(room)))
}

/// Writes a comment; one that becomes too long is broken off.
fn compose(view: &View, level: Level, rung: Rung) -> String {
    let mut out = String::new();
    sections::head(&mut out, view);
    let cut = perils::section(&mut out, view, level, rung);
    gates::section(&mut out, view, level);
    if level < Level::Bare {
        sections::findings(&mut out, &view.findings, level);
        sections::allowed(&mut out, view, level);
        drift::section(&mut out, view, level);
    }
    if level < Level::Tenants {
        sections::retained(&mut out, view);
    }
    if level < Level::Totals {
        sections::table(&mut out, view);
    }
    if level < Level::Tenants {
        details::groups(&mut out, view, level);
        graph::section(&mut out, view);
    }
    sections::end(&mut out, view, level, rung, cut);
    out
}
