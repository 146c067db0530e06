//! What a plan does to access, as lines below the steps that do it. New tenants that get nothing but
//! their own database are left out; long lists are cut, and whole in the JSON plan.

use std::collections::{BTreeMap, BTreeSet};

use super::escape;
use super::page::{Page, Tone};
use crate::model::access::{AccessChange, Fate, Principal, Right};
use crate::model::{Addr, Plan};

/// How many rights are told of one principal, each way.
const TOLD: usize = 8;

/// What changes for one role or user, safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Whose access.
    pub whose: String,
    /// What comes and goes.
    pub lines: Vec<Line>,
}

/// One right that comes or goes, or a remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What happens.
    pub lead: &'static str,
    /// What it means.
    pub tone: Tone,
    /// The right.
    pub text: String,
}

/// Returns what is worth a line, by address.
pub fn by_addr(plan: &Plan) -> BTreeMap<&Addr, Vec<Access>> {
    let mut all: BTreeMap<&Addr, Vec<Access>> = BTreeMap::new();
    let roles = plan.access.iter().filter(|change| change.of == Principal::Role);
    let roles: BTreeSet<&str> = roles.map(|change| change.principal.as_str()).collect();
    for change in plan.access.iter().filter(|change| !change.ordinary) {
        if let Some(access) = access(change, &roles) {
            all.entry(&change.addr).or_default().push(access);
        }
    }
    all
}

/// Returns what there is to tell of one; none where that is nothing, or told with its roles.
fn access(change: &AccessChange, roles: &BTreeSet<&str>) -> Option<Access> {
    let moves = !change.joins.is_empty() || !change.leaves.is_empty();
    let told = |right: &&Right| {
        moves || right.through.is_empty() || right.through.iter().any(|role| !roles.contains(role.as_str()))
    };
    let own = |rights: &[Right]| rights.iter().filter(told).cloned().collect::<Vec<_>>();
    let (gains, loses) = (own(&change.gains), own(&change.loses));

    let mut whose = format!("access of {} {}", change.of.word(), change.principal);
    if change.of == Principal::Role && change.held_by.count > 0 {
        whose.push_str(&format!(", held by {}", change.held_by.words()));
    }
    let mut lines = lines("gains  ", Tone::Good, &gains, false);
    lines.extend(self::lines("loses  ", Tone::Bad, &loses, true));
    for text in &change.unread {
        let text = escape::line(text).into_owned();
        lines.push(Line { lead: "not judged: ", tone: Tone::Change, text });
    }
    if lines.is_empty() {
        let same = change.fate == Fate::Changed && change.gains.is_empty() && change.loses.is_empty();
        let text = same.then(|| "what it may do stays the same".to_owned())?;
        lines.push(Line { lead: "", tone: Tone::Faint, text });
    }
    Some(Access { whose: escape::line(&whose).into_owned() + ":", lines })
}

fn lines(lead: &'static str, tone: Tone, rights: &[Right], lost: bool) -> Vec<Line> {
    let shown = if rights.len() > TOLD + 1 { &rights[..TOLD] } else { rights };
    let line = |text: String| Line { lead, tone, text };
    let mut lines: Vec<Line> =
        shown.iter().map(|right| line(escape::line(&right.words(lost)).into_owned())).collect();
    if shown.len() < rights.len() {
        lines.push(line(format!("and {} more rights", rights.len() - shown.len())));
    }
    lines
}

/// Adds what changes for one role or user.
pub fn add(page: &mut Page, indent: usize, access: &Access) {
    page.wrapped(indent, &[], Tone::Faint, &access.whose);
    for Line { lead, tone, text } in &access.lines {
        page.wrapped(indent + 2, &[(*tone, lead)], Tone::Plain, text);
    }
}
