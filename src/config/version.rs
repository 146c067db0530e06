//! Version constraints of `required_version`, as terraform writes them: `>= 0.1, < 2.0`, `~> 1.2`.

/// A version: major, minor, patch.
type Version = [u64; 3];

/// Returns whether a version meets a constraint.
///
/// # Errors
/// Why the constraint is none.
pub fn meets(version: &str, constraint: &str) -> Result<bool, String> {
    let (version, _) = parse(version.split(['-', '+']).next().unwrap_or_default())?;
    let mut met = true;
    for part in constraint.split(',') {
        met &= one(version, part.trim())?;
    }
    Ok(met)
}

fn one(version: Version, part: &str) -> Result<bool, String> {
    let digits =
        part.find(|c: char| c.is_ascii_digit()).ok_or_else(|| format!("{part:?} holds no version"))?;
    let (operator, number) = part.split_at(digits);
    let (wanted, given) = parse(number)?;
    match operator.trim() {
        "" | "=" => Ok(version == wanted),
        "!=" => Ok(version != wanted),
        ">=" => Ok(version >= wanted),
        ">" => Ok(version > wanted),
        "<=" => Ok(version <= wanted),
        "<" => Ok(version < wanted),
        // The last number that is written may grow.
        "~>" => {
            let fixed = given.saturating_sub(1).max(1);
            Ok(version >= wanted && version[..fixed] == wanted[..fixed])
        }
        // As cargo: the first number that is not zero stays.
        "^" => {
            let fixed = wanted.iter().position(|n| *n != 0).map_or(given, |n| n + 1);
            Ok(version >= wanted && version[..fixed] == wanted[..fixed])
        }
        other => Err(format!("{other:?} is no operator")),
    }
}

/// Parses a version, and returns how many numbers of it are written.
fn parse(text: &str) -> Result<(Version, usize), String> {
    let mut version = [0; 3];
    let parts: Vec<&str> = text.trim().split('.').collect();
    if parts.len() > version.len() {
        return Err(format!("{text:?} has more than three numbers"));
    }
    for (slot, part) in version.iter_mut().zip(&parts) {
        *slot = part.parse().map_err(|_| format!("{text:?} is no version"))?;
    }
    Ok((version, parts.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_met_as_in_terraform() {
        let cases = [
            ("0.1.0", ">= 0.1", true),
            ("0.1.0", ">= 0.2", false),
            ("1.5.0", ">= 1.0, < 2.0", true),
            ("2.0.0", ">= 1.0, < 2.0", false),
            ("1.9.0", "~> 1.2", true),
            ("2.0.0", "~> 1.2", false),
            ("1.2.9", "~> 1.2.3", true),
            ("1.3.0", "~> 1.2.3", false),
            ("1.3.0", "^1.2", true),
            ("0.2.0", "^0.1", false),
            ("0.1.0", "0.1.0", true),
            ("0.1.0", "!= 0.1.0", false),
            ("0.1.0-dev+1", "= 0.1", true),
        ];
        for (version, constraint, wanted) in cases {
            assert_eq!(meets(version, constraint), Ok(wanted), "{version} {constraint}");
        }
        for bad in ["", ">=", "about 1", "1.2.3.4", "1.x", ">= 1,"] {
            assert!(meets("0.1.0", bad).is_err(), "{bad}");
        }
    }
}
