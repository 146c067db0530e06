//! Rules for names, as pure functions that say for people why a text breaks them.
//!
//! Slugs are ours (`[a-z][a-z0-9_]{0,47}`: a tenant's part of ClickHouse names); the others are
//! Kubernetes' (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>).

/// The most characters of a slug.
pub const MAX_SLUG: usize = 48;
/// The most characters of a DNS label.
pub const MAX_LABEL: usize = 63;
/// The most characters of a DNS subdomain.
pub const MAX_SUBDOMAIN: usize = 253;

/// Checks that a text is a slug: a small letter, then small letters, digits and `_`.
///
/// # Errors
/// The reason, such as `it begins with '9', not with a small letter`.
pub fn slug(text: &str) -> Result<(), String> {
    within(text, MAX_SLUG)?;
    begins(text, |c| c.is_ascii_lowercase(), "a small letter")?;
    holds(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_', "small letters, digits and _")
}

/// Checks that a text is a DNS-1123 label: small letters, digits and `-`, a letter or digit at
/// both ends.
///
/// # Errors
/// The reason.
pub fn dns1123(text: &str) -> Result<(), String> {
    within(text, MAX_LABEL)?;
    label(text)
}

/// Checks that a text is a DNS-1123 subdomain: labels with dots between them.
///
/// # Errors
/// The reason.
pub fn dns_subdomain(text: &str) -> Result<(), String> {
    within(text, MAX_SUBDOMAIN)?;
    text.split('.').try_for_each(|part| {
        if part.is_empty() {
            return Err("there is nothing before, after or between its dots".to_owned());
        }
        label(part)
    })
}

/// Checks that a text is one segment of a path: not empty, no slash, not `.` or `..`.
///
/// # Errors
/// The reason.
pub fn path_segment(text: &str) -> Result<(), String> {
    within(text, 255)?;
    if text == "." || text == ".." {
        return Err("it names a folder relative to another one".to_owned());
    }
    holds(
        text,
        |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'),
        "letters, digits, '.', '_' and '-'",
    )
}

/// Checks the name of a ClickHouse object that charter makes: letters, digits and `_`, no digit
/// first, at most 206 characters (a database's name becomes a file's, with suffixes).
///
/// # Errors
/// The reason.
pub fn clickhouse(text: &str) -> Result<(), String> {
    within(text, 206)?;
    begins(text, |c| c.is_ascii_alphabetic() || c == '_', "a letter or _")?;
    holds(text, |c| c.is_ascii_alphanumeric() || c == '_', "letters, digits and _")
}

fn label(text: &str) -> Result<(), String> {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    begins(text, edge, "a small letter or a digit")?;
    if let Some(last) = text.chars().last().filter(|c| !edge(*c)) {
        return Err(format!("it ends with {last:?}, not with a small letter or a digit"));
    }
    holds(text, |c| edge(c) || c == '-', "small letters, digits and -")
}

fn within(text: &str, most: usize) -> Result<(), String> {
    match text.chars().count() {
        0 => Err("it is empty".to_owned()),
        count if count > most => Err(format!("it has {count} characters, and {most} are the most")),
        _ => Ok(()),
    }
}

fn begins(text: &str, good: impl Fn(char) -> bool, wanted: &str) -> Result<(), String> {
    match text.chars().next().filter(|c| !good(*c)) {
        Some(first) => Err(format!("it begins with {first:?}, not with {wanted}")),
        None => Ok(()),
    }
}

fn holds(text: &str, good: impl Fn(char) -> bool, wanted: &str) -> Result<(), String> {
    match text.chars().find(|c| !good(*c)) {
        Some(bad) => Err(format!("it holds {bad:?}; allowed are {wanted}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        let longest = "a".repeat(MAX_SLUG);
        for good in ["a", "acme", "acme_2", longest.as_str()] {
            assert_eq!(slug(good), Ok(()), "{good}");
        }
        let too_long = "a".repeat(MAX_SLUG + 1);
        for bad in ["", "Acme", "9a", "_a", "a-b", "a.b", "ä", "a b", "a\n", too_long.as_str()] {
            assert!(slug(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn labels_and_subdomains() {
        let longest = "a".repeat(MAX_LABEL);
        for good in ["a", "a-1", "9", longest.as_str()] {
            assert_eq!(dns1123(good), Ok(()), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "a.b"] {
            assert!(dns1123(bad).is_err(), "{bad}");
        }
        assert_eq!(dns_subdomain("a.b-c.9"), Ok(()));
        for bad in ["", ".", "a..b", "a.", ".a", "a.-b"] {
            assert!(dns_subdomain(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn segments() {
        assert_eq!(path_segment("production-2"), Ok(()));
        for bad in ["", ".", "..", "a/b", "a\\b", "a b"] {
            assert!(path_segment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reasons_are_for_people() {
        insta::assert_snapshot!(slug("9a").unwrap_err(), @"it begins with '9', not with a small letter");
        insta::assert_snapshot!(slug("a-b").unwrap_err(), @"it holds '-'; allowed are small letters, digits and _");
        insta::assert_snapshot!(dns1123("a-").unwrap_err(), @"it ends with '-', not with a small letter or a digit");
    }
}
