//! Unified diffs of texts, for terminals.

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use super::escape;

/// Returns the difference of two texts as a unified diff; `name` stands in its head.
pub fn unified(name: &str, before: &str, after: &str, color: bool) -> String {
    let diff = TextDiff::from_lines(before, after);
    let name = escape::line(name);
    let mut text = format!("--- {name}\n+++ {name}\n");
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        text += &painted(&hunk.header().to_string(), AnsiColor::Cyan.on_default(), color);
        text.push('\n');
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', AnsiColor::Red.on_default()),
                ChangeTag::Insert => ('+', AnsiColor::Green.on_default()),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let value = change.to_string_lossy();
            let line = format!("{sign}{}", escape::line(value.trim_end_matches('\n')));
            text += &painted(&line, style, color);
            text.push('\n');
        }
    }
    text
}

fn painted(text: &str, style: Style, color: bool) -> String {
    if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
