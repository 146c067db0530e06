//! Where a plan widens access: what it finds of that, and what of that is allowed. Who allows a widening
//! takes it off the list of what is to be mended, and not out of sight.

use std::collections::BTreeMap;

use super::allowed;
use super::escape;
use super::fold::{self, Told};
use crate::model::lint::Allowed;
use crate::model::{Finding, Plan};
use crate::plan::lint;

/// Returns what widens, folded unless it is to be expanded; what is allowed comes last.
pub fn of(plan: &Plan, expand: bool) -> Vec<Told<'_>> {
    let open: Vec<&Finding> = plan.findings.iter().filter(|finding| lint::widens(finding)).collect();
    let mut all = tell(&open, plan, expand);
    let mut by: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for one in plan.allowed.iter().filter(|one| lint::widens(&one.finding)) {
        by.entry(allowed_by(one)).or_default().push(&one.finding);
    }
    for (by, found) in by {
        let told = tell(&found, plan, expand).into_iter();
        all.extend(told.map(|told| Told { allowed: Some(by.clone()), ..told }));
    }
    all
}

fn tell<'a>(found: &[&'a Finding], plan: &Plan, expand: bool) -> Vec<Told<'a>> {
    if expand { fold::one_by_one(found) } else { fold::findings(found, plan) }
}

/// Returns what allows a finding, in words.
fn allowed_by(one: &Allowed) -> String {
    match &one.reason {
        Some(reason) => escape::line(&format!("{}: {reason}", allowed::at(one))).into_owned(),
        None => "the lint block".to_owned(),
    }
}

/// Returns how many statements there are of which it is not known what they do to access.
pub fn not_judged(plan: &Plan) -> usize {
    plan.access.iter().map(|change| change.unread.len()).sum()
}
