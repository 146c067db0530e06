//! Every code of a finding: title, severities and whether it can be allowed, with its page.
//!
//! The pages of `docs/codes/` are the one list: `# CH101: Title`, then a paragraph that begins with
//! the severity (`*Error.*`, `*Warning*, *note* in a check.`). `build.rs` puts them into the binary.

use std::sync::LazyLock;

use super::select::Selector;
use crate::diag::nearest;
use crate::model::Severity;

/// The pages by code, in order.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Refusals that may be allowed all the same: they foresee what a server will say, and it may know
/// better. Every other refusal keeps data, or what was reviewed, from harm.
const FORESEEN: [&str; 2] = ["CH451", "CH452"];

/// A code and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code itself (`CH201`).
    pub code: &'static str,
    /// What it says, in a few words.
    pub title: &'static str,
    /// How bad it is: the usual severity first.
    pub severities: Vec<Severity>,
    /// What `charter explain` prints: Markdown, from the title on.
    pub page: &'static str,
}

static CODES: LazyLock<Vec<Code>> =
    LazyLock::new(|| PAGES.iter().filter_map(|(code, page)| read(code, page)).collect());

/// Returns every code, in order.
pub fn all() -> &'static [Code] {
    &CODES
}

/// Returns a code by its name, in any case.
pub fn find(name: &str) -> Option<&'static Code> {
    all().iter().find(|code| code.code.eq_ignore_ascii_case(name))
}

/// Returns the code that was probably meant by one that does not exist: the one whose digits differ
/// least, the nearest number where there are several.
pub fn suggest(name: &str) -> Option<&'static str> {
    let upper = name.to_ascii_uppercase();
    let digits: String = upper.chars().filter(char::is_ascii_digit).collect();
    let Ok(number) = digits.parse::<u32>() else {
        return nearest(&upper, all().iter().map(|code| code.code));
    };
    let distance = |code: &&Code| {
        let known = code.code[2..].parse::<u32>().unwrap_or_default();
        let differing = code.code[2..].chars().zip(digits.chars()).filter(|(a, b)| a != b).count();
        (differing + digits.len().abs_diff(3), known.abs_diff(number))
    };
    let near = all().iter().min_by_key(distance)?;
    (digits.len() <= 4 && distance(&near).0 <= 1).then_some(near.code)
}

impl Code {
    /// Returns its page less the part that is generated for readers of the repository.
    pub fn text(&self) -> &'static str {
        self.page.split("\n<!-- begin facts -->").next().unwrap_or_default().trim_end()
    }

    /// Returns whether some finding of the code can be allowed.
    pub fn can_be_allowed(&self) -> bool {
        self.severities.iter().any(|severity| may_be_allowed(self.code, *severity))
    }

    /// Returns whether `deny` changes anything: a refusal refuses already.
    pub fn can_be_denied(&self) -> bool {
        self.severities.iter().any(|severity| !refuses(*severity))
    }

    /// Returns the named groups that it belongs to.
    pub fn groups(&self) -> impl Iterator<Item = &'static str> {
        super::select::GROUPS
            .iter()
            .filter(|group| Selector::parse(group.name).is_some_and(|selector| selector.takes(self.code)))
            .map(|group| group.name)
    }
}

/// Returns whether a finding of a code and severity can be allowed.
pub fn may_be_allowed(code: &str, severity: Severity) -> bool {
    matches!(severity, Severity::Warning | Severity::Note) || FORESEEN.contains(&code)
}

fn refuses(severity: Severity) -> bool {
    matches!(severity, Severity::Error | Severity::Decision)
}

/// Reads the head of a page; none where it is not as it should be (`tests/docs.rs` sees to that).
fn read(code: &'static str, page: &'static str) -> Option<Code> {
    let mut lines = page.lines();
    let title = lines.next()?.strip_prefix("# ")?.strip_prefix(code)?.strip_prefix(": ")?;
    let paragraph = page.split("\n\n").nth(1)?;
    let said = paragraph.to_ascii_lowercase();
    // Only what is set off by asterisks, or what follows there, is a severity: `*Error*, a *note* in …`.
    let words = said.split('*').skip(1).step_by(2).flat_map(|part| part.split(|c: char| !c.is_alphabetic()));
    let mut severities: Vec<Severity> = Vec::new();
    for severity in words.filter_map(severity) {
        if !severities.contains(&severity) {
            severities.push(severity);
        }
    }
    (!severities.is_empty()).then_some(Code { code, title, severities, page })
}

/// Returns the severity that a word names.
pub fn severity(word: &str) -> Option<Severity> {
    Some(match word {
        "error" => Severity::Error,
        "decision" => Severity::Decision,
        "drift" => Severity::Drift,
        "warning" => Severity::Warning,
        "note" => Severity::Note,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_read() {
        assert_eq!(all().len(), PAGES.len());
        for (code, known) in PAGES.iter().zip(all()) {
            assert_eq!(code.0, known.code);
        }
    }

    #[test]
    fn severities_are_those_of_the_page() {
        assert_eq!(find("ch412").unwrap().severities, [Severity::Error]);
        assert_eq!(find("CH425").unwrap().severities, [Severity::Error, Severity::Warning]);
        assert_eq!(find("CH508").unwrap().severities, [Severity::Warning, Severity::Note]);
    }

    #[test]
    fn refusals_that_protect_cannot_be_allowed() {
        for (code, allowed) in [("CH412", false), ("CH410", false), ("CH451", true), ("CH429", true)] {
            assert_eq!(find(code).unwrap().can_be_allowed(), allowed, "{code}");
        }
        assert!(!find("CH412").unwrap().can_be_denied());
    }

    #[test]
    fn the_nearest_code_is_suggested() {
        for (wrong, near) in [("CH4122", "CH412"), ("CH299", "CH298"), ("411", "CH411"), ("CH12O", "CH101")] {
            assert!(suggest(wrong).is_some(), "{wrong}");
            if wrong != "CH12O" {
                assert_eq!(suggest(wrong), Some(near), "{wrong}");
            }
        }
        assert_eq!(suggest("nonsense"), None);
    }
}
