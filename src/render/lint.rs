//! What `charter lint` found, as text.

use super::allowed;
use super::findings::{count, finding};
use super::page::{Options, Page, Tone};
use crate::model::Finding;
use crate::model::lint::Allowed;

/// Returns the findings as text. `files` is how many migrations were read.
pub fn text(findings: &[Finding], allowed: &[Allowed], files: usize, options: &Options) -> String {
    let mut page = Page::new(options);
    findings.iter().for_each(|item| finding(&mut page, 0, item));
    allowed::section(&mut page, allowed);
    if !findings.is_empty() || !allowed.is_empty() {
        page.gap();
    }
    let noun = if files == 1 { "migration" } else { "migrations" };
    let (text, tone) = match findings.is_empty() {
        true => (format!("No findings in {files} {noun}."), Tone::Good),
        false => (format!("{} in {files} {noun}.", count(findings)), Tone::Strong),
    };
    page.wrapped(0, &[], tone, &text);
    let denied = findings.iter().filter(|one| one.denied).count();
    if denied > 0 {
        page.wrapped(0, &[], Tone::Bad, &format!("The lint block denies {denied} of them."));
    }
    page.finish()
}
