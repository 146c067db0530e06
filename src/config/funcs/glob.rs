//! Patterns of `fileset`: `*`, `**`, `?`, `[a-z]` and `{a,b}`.

use regex::Regex;

/// Returns the regular expression that matches the paths of a pattern.
///
/// # Errors
/// Why it is no pattern.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let mut regex = String::from("^");
    let mut chars = pattern.chars().peekable();
    let mut alternatives = 0usize;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                if chars.peek() == Some(&'/') {
                    chars.next();
                    regex.push_str("(?:[^/]+/)*");
                } else {
                    regex.push_str(".*");
                }
            }
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '{' => {
                alternatives += 1;
                regex.push_str("(?:");
            }
            '}' if alternatives > 0 => {
                alternatives -= 1;
                regex.push(')');
            }
            ',' if alternatives > 0 => regex.push('|'),
            '[' => class(&mut chars, &mut regex)?,
            '\\' => {
                let next = chars.next().ok_or("it ends with a backslash")?;
                regex.push_str(&regex::escape(&next.to_string()));
            }
            other => regex.push_str(&regex::escape(&other.to_string())),
        }
    }
    if alternatives > 0 {
        return Err("a `{` of the pattern is not closed".to_owned());
    }
    regex.push('$');
    Regex::new(&regex).map_err(|_| "this is no pattern for files".to_owned())
}

fn class(chars: &mut impl Iterator<Item = char>, regex: &mut String) -> Result<(), String> {
    regex.push('[');
    for (index, c) in chars.enumerate() {
        match c {
            ']' if index > 0 => {
                regex.push(']');
                return Ok(());
            }
            '!' | '^' if index == 0 => regex.push_str("^/"),
            '-' => regex.push('-'),
            other => regex.push_str(&regex::escape(&other.to_string())),
        }
    }
    Err("a `[` of the pattern is not closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_terraform_does() {
        let cases = [
            ("*.sql", "V1__a.sql", true),
            ("*.sql", "a/V1__a.sql", false),
            ("**/*.sql", "a/b/c.sql", true),
            ("**/*.sql", "c.sql", true),
            ("**", "a/b", true),
            ("?.sql", "a.sql", true),
            ("?.sql", "ab.sql", false),
            ("{a,b}.txt", "b.txt", true),
            ("{a,b}.txt", "c.txt", false),
            ("[a-c].x", "b.x", true),
            ("[!a-c].x", "b.x", false),
            ("[!a-c].x", "d.x", true),
            ("a.b", "axb", false),
            ("\\*", "*", true),
        ];
        for (pattern, path, wanted) in cases {
            let regex = compile(pattern).unwrap();
            assert_eq!(regex.is_match(path), wanted, "{pattern} {path}");
        }
        for bad in ["[a", "{a", "\\"] {
            assert!(compile(bad).is_err(), "{bad}");
        }
    }
}
