//! Applies what is denied and allowed to findings.
//!
//! A comment beside what it is about wins over the `lint` block; in the block the more exact item wins.
//! Refusals that keep data from harm are never allowed, whoever says so.

use std::collections::BTreeSet;

use super::registry::may_be_allowed;
use crate::diag::Span;
use crate::model::lint::{Allowed, Inline, Policy, Verdict};
use crate::model::resource::Desired;
use crate::model::{Finding, Resource, Severity};

/// Takes the findings that are allowed out of a list, and marks those that are denied. A finding that
/// was judged before is judged the same.
pub fn judge(findings: &mut Vec<Finding>, policy: &Policy, desired: &Desired) -> Vec<Allowed> {
    let mut allowed = Vec::new();
    let mut told = Vec::with_capacity(findings.len());
    for mut finding in findings.drain(..) {
        let verdict = verdict(&finding, policy);
        let may = may_be_allowed(finding.code, finding.severity);
        let comment = if may { comment(&finding, desired) } else { None };
        match comment {
            Some(inline) => allowed.push(Allowed {
                finding,
                reason: Some(inline.reason.clone()),
                place: Some(inline.place.clone()),
            }),
            None if may && verdict == Some(Verdict::Allow) => {
                allowed.push(Allowed { finding, reason: None, place: None });
            }
            None => {
                let refuses = matches!(finding.severity, Severity::Error | Severity::Decision);
                finding.denied = verdict == Some(Verdict::Deny) && !refuses;
                told.push(finding);
            }
        }
    }
    *findings = told;
    allowed
}

/// Returns the codes of a finding.
fn codes(finding: &Finding) -> impl Iterator<Item = &str> {
    std::iter::once(finding.code).chain(finding.also.iter().copied())
}

fn verdict(finding: &Finding, policy: &Policy) -> Option<Verdict> {
    let verdicts: Vec<Verdict> = codes(finding).filter_map(|code| policy.verdict(code)).collect();
    let denied = verdicts.iter().copied().find(|one| *one == Verdict::Deny);
    denied.or_else(|| verdicts.first().copied())
}

/// Returns the comment that allows a finding.
fn comment<'a>(finding: &Finding, desired: &'a Desired) -> Option<&'a Inline> {
    let names = |inline: &&Inline| codes(finding).any(|code| inline.codes.iter().any(|one| one == code));
    let resource = resource(finding, desired);
    let beside = resource
        .into_iter()
        .flat_map(|resource| resource.allows.iter().filter(|inline| is_beside(inline, finding)));
    let above = desired.allows.iter().filter(|inline| {
        let spans = finding.places.iter().map(|place| place.span);
        spans.chain(resource.map(|resource| resource.span)).any(|span| holds(inline.covers, span))
    });
    beside.chain(above).find(names)
}

/// Returns the resource that a finding is about; the first of a block where it is about the block.
fn resource<'a>(finding: &Finding, desired: &'a Desired) -> Option<&'a Resource> {
    let addr = finding.addr.as_ref()?;
    let below = || desired.resources.range(addr.clone()..).next().filter(|(found, _)| found.is_within(addr));
    desired.resources.get(addr).or_else(|| below().map(|(_, resource)| resource))
}

/// Returns whether a comment in a file of statements is beside what a finding is about: its statement, or
/// its lines where it is about none; a finding that points nowhere in the file is about all of it.
fn is_beside(inline: &Inline, finding: &Finding) -> bool {
    if let Some(statement) = finding.statement {
        return statement == inline.statement;
    }
    let Some(path) = inline.place.excerpt.as_ref().map(|at| &at.file) else { return false };
    let located = finding.places.iter().filter_map(|place| place.excerpt.as_ref());
    let lines: BTreeSet<usize> = located.filter(|at| at.file == *path).map(|at| at.line).collect();
    let (first, last) = inline.lines;
    lines.is_empty() || lines.range(first..=last.max(first)).next().is_some()
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.file == inner.file
        && outer.start <= inner.start
        && inner.end <= outer.end
        && outer != Span::nowhere()
}
