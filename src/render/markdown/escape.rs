//! Text from users and servers made safe for GitHub's and GitLab's Markdown.
//!
//! A backslash or an entity does not keep a forge from making a mention of `@team` or a link of
//! `#12`: those are looked for in the text that comes out. Inside code they are not. So whatever is
//! not a plain word stands in a code span, and so do whole names and statements.
//!
//! Sources: <https://github.github.com/gfm/>, in particular code spans, tables and autolinks;
//! <https://docs.github.com/en/get-started/writing-on-github>, references and mentions.

use crate::render::escape;

/// Returns a text in a code span; nothing of it is Markdown.
pub fn code(text: &str) -> String {
    let text = escape::line(text);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // A space at both ends is taken off again, and keeps backticks apart from the fence.
    let edges = |c: char| text.starts_with(c) || text.ends_with(c);
    let blank = text.chars().all(|c| c == ' ');
    let pad = if !blank && (edges('`') || edges(' ')) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Returns a text in code spans for a cell of a table, in which `|` would begin the next one.
pub fn cell(text: &str) -> String {
    let parts = text.split('|').map(|part| if part.is_empty() { String::new() } else { code(part) });
    parts.collect::<Vec<_>>().join("&#124;")
}

/// Returns names in code spans, with commas between.
pub fn codes(names: &[String]) -> String {
    names.iter().map(|name| code(name)).collect::<Vec<_>>().join(", ")
}

/// Returns a sentence: plain words as they are, everything else in code spans, less the punctuation
/// around it. Runs of spaces become one, as Markdown shows them.
pub fn prose(text: &str) -> String {
    let text = escape::line(text);
    let words = text.split(' ').filter(|word| !word.is_empty());
    words.map(word).collect::<Vec<_>>().join(" ")
}

fn word(word: &str) -> String {
    let start = word.trim_start_matches(OPENING);
    let core = start.trim_end_matches(CLOSING);
    let (before, after) = (&word[..word.len() - start.len()], &start[core.len()..]);
    let number = core.chars().all(|c| c.is_ascii_digit());
    match core {
        "" => code(word),
        // `1.` begins a list.
        _ if number && !after.is_empty() => code(word),
        core if is_plain(core) => word.to_owned(),
        core => format!("{before}{}{after}", code(core)),
    }
}

/// What may stand before a word or a code span and means nothing there.
const OPENING: [char; 3] = ['(', '"', '\''];

/// What may stand after one.
const CLOSING: [char; 9] = [',', '.', ';', ':', '!', '?', ')', '"', '\''];

/// Returns whether a word means nothing but itself, wherever it stands in a paragraph.
fn is_plain(word: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.chars().all(char::is_alphabetic);
    let hyphenated = word.split(['-', '\'']).all(letters);
    // What looks like the beginning of a commit's hash becomes a link.
    let hash = word.len() >= 7 && word.chars().all(|c| c.is_ascii_hexdigit());
    (hyphenated || word.chars().all(char::is_alphanumeric)) && !hash
}

/// Returns lines in a fence that is longer than any run of backticks inside.
pub fn fenced(language: &str, text: &str) -> String {
    let text = escape::block(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.strip_suffix('\n').unwrap_or(&text))
}

/// Returns a text as code in HTML: for `<summary>`, in which there is no Markdown.
pub fn html(text: &str) -> String {
    let mut out = "<code>".to_owned();
    for c in escape::line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out + "</code>"
}

/// Returns a text for a comment of HTML: letters, digits, `.`, `_` and single `-` stay, all else is
/// written as `%` and hex digits.
pub fn marker(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'-' if out.ends_with('-') => out.push_str("%2D"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Returns a text for a label of a mermaid graph, in quotes; whatever could mean something is
/// written as an entity of mermaid's.
pub fn label(text: &str) -> String {
    let mut out = String::from("\"");
    for c in escape::line(text).chars() {
        if c.is_alphanumeric() || " ._/+=~".contains(c) {
            out.push(c);
        } else {
            out.push_str(&format!("#{};", u32::from(c)));
        }
    }
    out + "\""
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
#[path = "escape_tests.rs"]
pub(super) mod tests;
