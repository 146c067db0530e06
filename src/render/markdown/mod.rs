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
mod perils;
mod sections;
#[cfg(test)]
mod tests;

pub use check::check;

use super::fold::{self, Told};
use super::tree::{self, Group};
use crate::model::{Digest, Finding, Plan};
use crate::plan::lint;

/// The longest comment, in bytes of UTF-8: GitHub refuses more than 65,536 characters.
pub const LIMIT: usize = 60_000;

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
}

impl Level {
    const ALL: [Self; 5] = [Self::Full, Self::Changes, Self::Lines, Self::Tenants, Self::Totals];

    /// Returns what is left out.
    fn lacks(self) -> &'static str {
        match self {
            Self::Full => "",
            Self::Changes => "statements, notes and unchanged lines",
            Self::Lines => "statements, and what changes in each object",
            Self::Tenants => "objects that are neither destroyed nor widen access",
            Self::Totals => "tenants, and objects that are neither destroyed nor widen access",
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
        let told = |found: &[&'a Finding]| {
            if expand { fold::one_by_one(found) } else { fold::findings(found, plan) }
        };
        let found = plan.findings.iter().filter(|finding| finding.code != lint::RETAINED.code);
        let (widening, found): (Vec<&Finding>, Vec<&Finding>) = found.partition(|one| fold::widens(one));
        Self {
            plan,
            digest: plan.digest(),
            perils: perils::of(&groups),
            groups,
            widening: told(&widening),
            findings: told(&found),
        }
    }
}

/// Returns a plan as a comment. `expand` shows each tenant by itself, though the same happens to many.
pub fn plan(plan: &Plan, expand: bool) -> String {
    let view = View::new(plan, expand);
    let by_level = Level::ALL.into_iter().map(|level| (level, Rung::Statements));
    let by_rung = [(Level::Totals, Rung::Addresses), (Level::Totals, Rung::Names)];
    let fits = by_level.chain(by_rung).find_map(|(level, rung)| {
        let comment = compose(&view, level, rung);
        (comment.len() <= LIMIT).then_some(comment)
    });
    fits.unwrap_or_else(|| {
        let others = compose(&view, Level::Totals, Rung::Cut(0)).len();
        compose(&view, Level::Totals, Rung::Cut(LIMIT.saturating_sub(others)))
    })
}

/// Writes a comment; one that becomes too long is broken off.
fn compose(view: &View, level: Level, rung: Rung) -> String {
    let mut out = String::new();
    sections::head(&mut out, view);
    let cut = perils::section(&mut out, view, rung);
    gates::section(&mut out, view, level);
    sections::findings(&mut out, &view.findings, level);
    sections::allowed(&mut out, view, level);
    drift::section(&mut out, view, level);
    sections::retained(&mut out, view, level);
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
