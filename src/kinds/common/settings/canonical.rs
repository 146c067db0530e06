//! Values of settings as the server keeps them: it casts what it is given to the setting's type and
//! prints that (`Settings::castValueUtil` and `valueToStringUtil`, `src/Core/Settings.cpp`; the
//! fields' own rules are in `src/Core/SettingsFields.cpp`). Here both sides are brought to one form.

use std::collections::BTreeSet;

/// Returns whether a declared and a live value of a setting of a type mean the same. The type is that
/// of `system.settings`; empty where it is not known. `auto` returns what `auto` comes to on this
/// server, as it prints it for a number of threads.
pub fn same(ty: &str, declared: &str, live: &str, auto: impl Fn() -> BTreeSet<String>) -> bool {
    if declared == live {
        return true;
    }
    let (declared, live) = (canonical(ty, declared), canonical(ty, live));
    // `auto` may be printed as the number that it is for now.
    declared == live || (ty == "MaxThreads" && declared == "auto" && auto().contains(&live))
}

/// Returns the one form of a value.
pub fn canonical(ty: &str, text: &str) -> String {
    match ty {
        "String" | "Char" | "URI" | "Timezone" => text.to_owned(),
        "Bool" | "BoolAuto" => truth(text).unwrap_or(text).to_owned(),
        "MaxThreads" => threads(text),
        _ if is_numeric(ty) => number(truth(text).unwrap_or(text)).unwrap_or_else(|| text.to_owned()),
        "" => {
            let bare = unquoted(text);
            let worded = truth(bare).unwrap_or(bare);
            number(worded).unwrap_or_else(|| worded.to_owned())
        }
        _ => without_spaces(text),
    }
}

/// Returns the number that a value stands for, where it is one: for comparing bounds.
pub fn as_number(text: &str) -> Option<f64> {
    number(truth(text).unwrap_or(text))?.parse().ok()
}

fn is_numeric(ty: &str) -> bool {
    let unsigned = ty.strip_prefix("NonZero").unwrap_or(ty);
    let words = ["UInt", "Int", "Float", "Double", "Seconds", "Milliseconds"];
    words.iter().any(|word| unsigned.starts_with(word))
}

fn truth(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Some("1"),
        "false" | "0" => Some("0"),
        _ => None,
    }
}

fn threads(text: &str) -> String {
    let bare = unquoted(text);
    if bare == "0" || bare == "auto" || bare.starts_with("auto(") {
        return "auto".to_owned();
    }
    number(bare).unwrap_or_else(|| bare.to_owned())
}

/// Returns a number without its suffix: `10G` is 10 · 1000³, `10Gi` 10 · 1024³ (run on 24.8 to 26.9).
fn number(text: &str) -> Option<String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, suffix) = text.split_at(digits);
    if let (Ok(whole), Some(factor)) = (whole.parse::<u128>(), factor(suffix)) {
        return Some(whole.checked_mul(factor)?.to_string());
    }
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    let number = text.parse::<f64>().ok().filter(|number| is_number && number.is_finite())?;
    Some(format!("{number}"))
}

fn factor(suffix: &str) -> Option<u128> {
    let (letter, base) = match suffix.strip_suffix('i') {
        Some(letter) => (letter, 1024_u128),
        None => (suffix, 1000),
    };
    let power = match letter {
        "" if suffix.is_empty() => 0,
        "k" | "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        "P" => 5,
        _ => return None,
    };
    base.checked_pow(power)
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(text)
}

/// Returns a text without the spaces outside of its quotes: lists and maps are printed without.
fn without_spaces(text: &str) -> String {
    let mut quoted = false;
    let mut escaped = false;
    let keep = |c: &char| {
        let kept = quoted || !c.is_whitespace();
        quoted ^= *c == '\'' && !escaped;
        escaped = *c == '\\' && !escaped;
        kept
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_keeps_is_no_difference() {
        let auto = || BTreeSet::from(["16".to_owned()]);
        for (ty, declared, live) in [
            ("UInt64", "10G", "10000000000"),
            ("UInt64", "10Gi", "10737418240"),
            ("UInt64", "1k", "1000"),
            ("UInt64", "true", "1"),
            ("NonZeroUInt64", "65536", "65536"),
            ("Int64", "-1", "-1"),
            ("UInt64Auto", "auto", "auto"),
            ("Bool", "true", "1"),
            ("Bool", "False", "0"),
            ("Seconds", "1.50", "1.5"),
            ("Milliseconds", "5000", "5000"),
            ("Float", "1e-3", "0.001"),
            ("Double", "0.50", "0.5"),
            ("MaxThreads", "0", "'auto(2)'"),
            ("MaxThreads", "auto", "auto(64)"),
            ("MaxThreads", "auto", "16"),
            ("JoinAlgorithm", "hash, grace_hash", "hash,grace_hash"),
            ("Map", "{'a b' : 'c'}", "{'a b':'c'}"),
            ("", "x", "'x'"),
            ("", "", "''"),
            ("", "1", "true"),
        ] {
            assert!(same(ty, declared, live, auto), "{ty}: {declared} and {live}");
        }
    }

    #[test]
    fn what_means_something_else_is_one() {
        let auto = || BTreeSet::from(["16".to_owned()]);
        for (ty, declared, live) in [
            ("UInt64", "10G", "10737418240"),
            ("UInt64", "10", "100"),
            ("String", "1", "true"),
            ("String", "a b", "ab"),
            ("String", "", "''"),
            ("Bool", "1", "0"),
            ("MaxThreads", "8", "16"),
            ("MaxThreads", "16", "auto(16)"),
            ("TotalsMode", "after_having_auto", "AFTER_HAVING_AUTO"),
            ("Map", "{'a b':'c'}", "{'ab':'c'}"),
            ("", "x", "'y'"),
            ("UInt64", "NaN", "0"),
            ("UInt64", "99999999999999999999999999999999999999P", "0"),
        ] {
            assert!(!same(ty, declared, live, auto), "{ty}: {declared} and {live}");
        }
    }

    #[test]
    fn bounds_are_compared_as_numbers() {
        assert_eq!(as_number("10G"), Some(1e10));
        assert_eq!(as_number("0.5"), Some(0.5));
        assert_eq!(as_number("auto"), None);
        assert_eq!(as_number(""), None);
    }
}
