//! Findings as text: code, severity and place, what was expected and found, what to do.

use super::escape;
use super::page::{Page, Tone};
use crate::model::{Finding, Severity};

/// Adds a finding.
pub fn finding(page: &mut Page, indent: usize, finding: &Finding) {
    let Finding { code, severity, category: _, addr, summary, expected, found, help } = finding;
    let (word, tone) = severity_word(*severity);
    let lead = format!("{word} {code} ");
    let summary = escape::line(summary);
    let place = addr.as_ref().map(ToString::to_string).unwrap_or_default();
    let place = escape::line(&place);
    let text = if place.is_empty() || summary.contains(place.as_ref()) {
        summary.into_owned()
    } else {
        format!("{place}: {summary}")
    };
    page.wrapped(indent, &[(tone, &lead)], Tone::Plain, &text);
    sides(page, indent + 2, "expected  ", expected, Tone::Good);
    sides(page, indent + 2, "found     ", found, Tone::Bad);
    for help in help {
        page.wrapped(indent + 2, &[(Tone::Info, "help: ")], Tone::Plain, &escape::line(help));
    }
}

/// Adds what was expected or found, line by line.
fn sides(page: &mut Page, indent: usize, label: &str, text: &str, tone: Tone) {
    for (index, line) in text.lines().enumerate() {
        let blank = " ".repeat(label.len());
        let lead = if index == 0 { label } else { &blank };
        page.wrapped(indent, &[(tone, lead)], Tone::Plain, &escape::line(line));
    }
}

/// Returns how a severity is called and drawn.
pub fn severity_word(severity: Severity) -> (&'static str, Tone) {
    match severity {
        Severity::Error => ("error", Tone::Bad),
        Severity::Decision => ("decision", Tone::Bad),
        Severity::Drift => ("drift", Tone::Change),
        Severity::Warning => ("warning", Tone::Change),
        Severity::Note => ("note", Tone::Info),
    }
}

/// Returns how many findings there are of each severity: `3 findings: 1 error, 2 warnings`.
pub fn count(findings: &[Finding]) -> String {
    let all = [Severity::Error, Severity::Decision, Severity::Drift, Severity::Warning, Severity::Note];
    let counts = all.into_iter().filter_map(|severity| {
        let count = findings.iter().filter(|finding| finding.severity == severity).count();
        let (word, _) = severity_word(severity);
        // One does not say drifts.
        let ending = if count == 1 || severity == Severity::Drift { "" } else { "s" };
        (count > 0).then(|| format!("{count} {word}{ending}"))
    });
    let ending = if findings.len() == 1 { "" } else { "s" };
    format!("{} finding{ending}: {}", findings.len(), counts.collect::<Vec<_>>().join(", "))
}
