//! Reads `charter:allow CH104 reason`: what a reviewer lets pass, with the reason.
//!
//! It stands in a comment: `--` in SQL, `#` or `//` in HCL. It never changes what is run, and no
//! checksum. A reason is required, since the next reviewer has nothing else to go by.

use std::ops::Range;

/// What a comment allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The codes, as written.
    pub codes: Vec<String>,
    /// Why.
    pub reason: String,
    /// Where the comment stands, in bytes of the file.
    pub span: Range<usize>,
}

/// What to write instead of what cannot be read.
pub const USAGE: &str = "write `charter:allow CH104 <reason>`; several codes are separated by commas";

/// Reads what follows `charter:allow`.
///
/// # Errors
/// What is missing or wrong, as a lower-case fragment.
pub fn parse(text: &str, span: Range<usize>) -> Result<Allow, String> {
    let mut rest = text.trim();
    let mut codes = Vec::new();
    loop {
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ':')).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if !is_code(word) {
            return Err(match word {
                "" => "`charter:allow` names no code".to_owned(),
                _ => format!("`{}` is not a code", word.escape_debug()),
            });
        }
        codes.push(word.to_owned());
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => break,
        }
    }
    let reason = rest.trim_start_matches([':', '-', '–', '—']).trim();
    if !reason.chars().any(char::is_alphanumeric) {
        return Err("`charter:allow` gives no reason".into());
    }
    let reason = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Ok(Allow { codes, reason, span })
}

/// Returns whether a word looks like a code; which there are is not known here.
fn is_code(word: &str) -> bool {
    word.strip_prefix("CH")
        .is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_and_a_reason_are_read() {
        for (text, codes, reason) in [
            (" CH104 the table is a cache", "CH104", "the table is a cache"),
            ("CH104: a cache\r", "CH104", "a cache"),
            ("CH101, CH429 — nobody reads it", "CH101 CH429", "nobody reads it"),
            ("CH101,CH429 x", "CH101 CH429", "x"),
        ] {
            let allow = parse(text, 0..1).unwrap();
            assert_eq!((allow.codes.join(" ").as_str(), allow.reason.as_str()), (codes, reason), "{text}");
        }
    }

    #[test]
    fn what_lacks_a_code_or_a_reason_is_told() {
        for (text, expected) in [
            ("", "names no code"),
            ("ch104 x", "`ch104` is not a code"),
            ("CH1xx x", "is not a code"),
            ("everything", "is not a code"),
            ("CH104", "gives no reason"),
            ("CH104 --", "gives no reason"),
            ("CH104,", "names no code"),
        ] {
            let error = parse(text, 0..1).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(CH[0-9]{0,4}|[, :-]|\\PC|[\\s\\S]){0,40}") {
            if let Ok(allow) = parse(&text, 0..text.len()) {
                prop_assert!(!allow.codes.is_empty());
                prop_assert!(allow.reason.chars().any(char::is_alphanumeric));
                let controls = allow.reason.chars().filter(|c| c.is_control()).count();
                prop_assert_eq!(controls, 0);
            }
        }

        #[test]
        fn any_comment_splits_or_is_refused(text in "\\PC{0,30}", trailing: bool) {
            let comment = format!("-- charter:allow {text}\n");
            let sql = if trailing { format!("SELECT 1; {comment}SELECT 2") } else { format!("{comment}SELECT 1;\nSELECT 2") };
            if let Ok(statements) = crate::migrate::split(&sql) {
                prop_assert_eq!(statements.len(), 2);
                prop_assert_eq!(statements[0].allows.len() + statements[1].allows.len(), 1);
            }
        }
    }
}
