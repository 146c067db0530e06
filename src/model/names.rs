//! Rules for names, each with the reason in words for the person who broke it.

/// Checks a slug: `[a-z][a-z0-9_]{0,47}`. Slugs become parts of ClickHouse names.
///
/// # Errors
/// Why the text is none.
pub fn slug(text: &str) -> Result<(), String> {
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err("a slug begins with a lower-case letter".into());
    }
    if let Some(bad) = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_')) {
        return Err(format!("{bad:?} is not allowed: a slug has lower-case letters, digits and _ only"));
    }
    if text.len() > 48 {
        return Err(format!("it has {} characters; a slug has at most 48", text.len()));
    }
    Ok(())
}

/// Checks a DNS-1123 label, at most 63 characters: Kubernetes namespaces, organizations.
///
/// # Errors
/// Why the text is none.
pub fn dns1123(text: &str) -> Result<(), String> {
    label(text, 63)
}

/// Checks a DNS-1123 subdomain, at most 253 characters: names of Kubernetes objects.
///
/// # Errors
/// Why the text is none.
pub fn dns_subdomain(text: &str) -> Result<(), String> {
    if text.len() > 253 {
        return Err(format!("it has {} characters; a Kubernetes name has at most 253", text.len()));
    }
    text.split('.').try_for_each(|part| label(part, 253))
}

fn label(text: &str, limit: usize) -> Result<(), String> {
    if text.is_empty() {
        return Err("it is empty".into());
    }
    if text.len() > limit {
        return Err(format!("it has {} characters; at most {limit} are allowed", text.len()));
    }
    if let Some(bad) = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
        return Err(format!("{bad:?} is not allowed: lower-case letters, digits and - only"));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err("it begins and ends with a letter or a digit".into());
    }
    Ok(())
}

/// Checks the name of a ClickHouse object that charter makes: `[A-Za-z_][A-Za-z0-9_]*`, at most
/// 206 characters (a database's name becomes a folder's, of at most 255 bytes with its suffixes).
///
/// # Errors
/// Why the text is none.
pub fn clickhouse(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("it is empty".into());
    }
    if text.len() > 206 {
        return Err(format!("it has {} characters; at most 206 are allowed", text.len()));
    }
    if let Some(bad) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '_')) {
        return Err(format!("{bad:?} is not allowed: letters, digits and _ only"));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("it begins with a letter or _".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for good in ["a", "acme", "a_1", &"a".repeat(48)] {
            assert_eq!(slug(good), Ok(()), "{good}");
        }
        for bad in ["", "1a", "A", "a-b", "a b", "_a", "é", "a;b", &"a".repeat(49)] {
            assert!(slug(bad).is_err(), "{bad}");
        }
        assert!(dns1123("globex-corp").is_ok());
        for bad in ["", "-a", "a-", "a_b", "a.b", "A", &"a".repeat(64)] {
            assert!(dns1123(bad).is_err(), "{bad}");
        }
        assert!(dns_subdomain("a.b-c").is_ok());
        assert!(dns_subdomain("a..b").is_err());
        assert!(clickhouse("role_1").is_ok());
        for bad in ["", "1a", "a-b", "a`b", "a\nb", "a.b"] {
            assert!(clickhouse(bad).is_err(), "{bad}");
        }
    }
}
