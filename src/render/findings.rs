//! Findings as text: code, severity and place, what was expected and found, what to do.

use super::escape;
use super::page::{Page, Tone};
use crate::model::place::{Excerpt, Place};
use crate::model::{Finding, Severity};

/// Adds a finding.
pub fn finding(page: &mut Page, indent: usize, finding: &Finding) {
    let Finding {
        code,
        severity,
        addr,
        summary,
        expected,
        found,
        help,
        places,
        denied,
        category: _,
        also: _,
        statement: _,
    } = finding;
    let (word, tone) = severity_word(*severity);
    let (word, tone) = if *denied { ("denied", Tone::Bad) } else { (word, tone) };
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
    places.iter().for_each(|place| excerpt(page, indent + 2, place));
    sides(page, indent + 2, "expected  ", expected, Tone::Good);
    sides(page, indent + 2, "found     ", found, Tone::Bad);
    for help in help {
        page.wrapped(indent + 2, &[(Tone::Info, "help: ")], Tone::Plain, &escape::line(help));
    }
}

/// Adds the line of a place, with the part that is meant underlined.
fn excerpt(page: &mut Page, indent: usize, place: &Place) {
    let Some(Excerpt { file, line, column, length, text }) = &place.excerpt else { return };
    let number = line.to_string();
    let blank = " ".repeat(number.len());
    let at = escape::line(&format!("{file}:{line}:{column}")).into_owned();
    page.line(indent, &[(Tone::Info, &format!("{blank}--> ")), (Tone::Plain, &at)]);
    page.line(indent, &[(Tone::Info, &format!("{blank} |"))]);
    // A long line is shown from near the part that is meant.
    let room = page.room(indent + number.len() + 3);
    let skipped = (column - 1).saturating_sub(room / 2) * usize::from(text.chars().count() > room);
    let shown: String = text.chars().skip(skipped).take(room).map(plain).collect();
    page.line(indent, &[(Tone::Info, &format!("{number} | ")), (Tone::Plain, &shown)]);
    let before = " ".repeat(column - 1 - skipped);
    let under = "^".repeat((*length).min(room.saturating_sub(before.len())).max(1));
    let lead = [
        (Tone::Info, &*format!("{blank} | ")),
        (Tone::Plain, &*before),
        (Tone::Bad, &*under),
        (Tone::Plain, " "),
    ];
    page.wrapped(indent, &lead, Tone::Bad, &escape::line(&place.label));
}

/// Returns a character that takes one column and does nothing.
fn plain(c: char) -> char {
    if c == '\t' || escape::line(c.encode_utf8(&mut [0; 4])) != c.to_string() { ' ' } else { c }
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
