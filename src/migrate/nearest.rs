//! Finds the known name that a mistyped one was probably meant to be.

/// Returns the candidate within a third of the typed name's length (two edits at least).
pub(super) fn nearest<'a>(typed: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase();
    let limit = (typed.chars().count() / 3).max(2);
    candidates
        .iter()
        .map(|name| (distance(&typed, &name.to_ascii_lowercase()), *name))
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// Counts the single-character edits between two strings; long inputs are cut at 64 characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(64).enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut left = i + 1;
        next.push(left);
        for ((above, diagonal), to) in row.iter().skip(1).zip(&row).zip(&b) {
            left = (left + 1).min(above + 1).min(diagonal + usize::from(from != *to));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn edits_are_counted() {
        for (a, b, edits) in [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }

    #[test]
    fn only_near_names_are_offered() {
        let known = ["settings", "statement"];
        assert_eq!(nearest("setings", &known), Some("settings"));
        assert_eq!(nearest("Statment", &known), Some("statement"));
        assert_eq!(nearest("delimiter", &known), None);
    }
}
