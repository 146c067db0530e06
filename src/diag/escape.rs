//! Text from users and servers made safe for a terminal: nothing that moves the cursor, colours,
//! reorders or hides what stands next to it gets through.
//!
//! Escaped are the control characters (C0, DEL, C1), line and paragraph separators, the
//! bidirectional controls of Trojan Source (CVE-2021-42574), and what has no width: zero-width
//! spaces and joiners, the soft hyphen, fillers and the tag characters.

use std::borrow::Cow;

/// Returns text on one line: whatever is unsafe is shown as an escape (`\n`, `\u{1b}`).
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, is_unsafe)
}

/// Returns text that keeps its lines and tabs, with all else that is unsafe shown as escapes.
pub fn block(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_unsafe(c) && c != '\n' && c != '\t')
}

/// Returns text in double quotes on one line; quotes and backslashes inside are escaped.
pub fn quoted(text: &str) -> String {
    let inner = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", line(&inner))
}

/// Shortens a text to a number of characters, in the middle: its beginning and its end say most.
pub fn elide(text: &str, width: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= width {
        return Cow::Borrowed(text);
    }
    let kept = width.saturating_sub(1);
    let head: String = text.chars().take(kept.div_ceil(2)).collect();
    let tail: String = text.chars().skip(length - kept / 2).collect();
    Cow::Owned(format!("{head}…{tail}"))
}

fn escape(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if !is_escaped(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(out)
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_or_hides_gets_through() {
        assert_eq!(line("a\u{1b}[31mb\nc\r\td"), r"a\u{1b}[31mb\nc\r\td");
        assert_eq!(line("\u{202e}x\u{2066}\u{200b}\u{9b}\u{7f}"), r"\u{202e}x\u{2066}\u{200b}\u{9b}\u{7f}");
        assert_eq!(line("plain é 🦀"), "plain é 🦀");
        assert_eq!(block("a\n\tb\u{1b}c\r"), "a\n\tb\\u{1b}c\\r");
        assert_eq!(quoted("say \"hi\"\\\n"), r#""say \"hi\"\\\n""#);
    }

    #[test]
    fn what_is_too_long_loses_its_middle() {
        assert_eq!(elide("abcdefgh", 8), "abcdefgh");
        assert_eq!(elide("abcdefgh", 5), "ab…gh");
        assert_eq!(elide("éééééééé", 4), "éé…é");
    }
}
