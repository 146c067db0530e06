//! The findings that are allowed: who allowed what, and why. A reviewer of a plan sees each reason;
//! what the `lint` block allows is counted.

use std::collections::BTreeMap;

use super::escape;
use super::page::{Page, Tone};
use crate::model::lint::Allowed;

/// How many addresses are named of findings that one reason allows.
const NAMED: usize = 3;

/// What one reason allows: findings of one code, of the same tenants' files or blocks.
pub struct Reason<'a> {
    /// The code.
    pub code: &'a str,
    /// What is the matter.
    pub summary: &'a str,
    /// Why it is allowed.
    pub reason: &'a str,
    /// Where the first comment stands: file, line and column.
    pub at: String,
    /// What it is about.
    pub addrs: Vec<String>,
}

impl Reason<'_> {
    /// Returns what it is about, in words.
    pub fn about(&self) -> String {
        let more = self.addrs.len().saturating_sub(NAMED);
        let named = self.addrs.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{named} and {more} more") } else { named }
    }
}

/// Returns what comments allow, by code and reason.
pub fn reasons(allowed: &[Allowed]) -> Vec<Reason<'_>> {
    let mut reasons: BTreeMap<(&str, &str, &str), Reason<'_>> = BTreeMap::new();
    for one in allowed {
        let Some(reason) = one.reason.as_deref() else { continue };
        let (code, summary) = (one.finding.code, &*one.finding.summary);
        let entry = reasons.entry((code, reason, summary));
        let entry = entry.or_insert_with(|| Reason { code, summary, reason, at: at(one), addrs: Vec::new() });
        entry.addrs.extend(one.finding.addr.as_ref().map(ToString::to_string));
    }
    reasons.into_values().collect()
}

/// Returns where the comment stands that allows a finding.
pub fn at(one: &Allowed) -> String {
    let at = one.place.as_ref().and_then(|place| place.excerpt.as_ref());
    at.map_or(String::new(), |at| format!("{}:{}:{}", at.file, at.line, at.column))
}

/// Returns how many findings the `lint` block allows, by code: `3 findings: CH114, CH429 (2)`; none
/// where it allows none.
pub fn by_the_block(allowed: &[Allowed]) -> Option<String> {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for one in allowed.iter().filter(|one| one.reason.is_none()) {
        *codes.entry(one.finding.code).or_default() += 1;
    }
    let count: usize = codes.values().sum();
    let listed = codes.iter().map(|(code, count)| match count {
        1 => (*code).to_owned(),
        _ => format!("{code} ({count})"),
    });
    let noun = if count == 1 { "finding" } else { "findings" };
    (count > 0).then(|| format!("{count} {noun}: {}", listed.collect::<Vec<_>>().join(", ")))
}

/// Adds the section.
pub fn section(page: &mut Page, allowed: &[Allowed]) {
    if allowed.is_empty() {
        return;
    }
    page.heading("Allowed findings");
    for reason in reasons(allowed) {
        let lead = format!("{} ", reason.code);
        let about = escape::line(&reason.about()).into_owned();
        let text = format!("{about}: {}", escape::line(reason.summary));
        page.wrapped(2, &[(Tone::Faint, &lead)], Tone::Plain, &text);
        let why = format!("{}: {}", escape::line(&reason.at), escape::line(reason.reason));
        page.wrapped(4, &[(Tone::Info, "allowed by ")], Tone::Plain, &why);
    }
    if let Some(counted) = by_the_block(allowed) {
        page.wrapped(2, &[(Tone::Info, "allowed by the lint block: ")], Tone::Plain, &counted);
    }
}
