//! The codes of findings for people: a list, and what can be done about one.

use super::findings::severity_word;
use crate::lint::registry::Code;

/// Returns the list of codes: a line each.
pub fn list(codes: &[Code]) -> String {
    let line = |code: &Code| {
        let severity = code.severities.first().map_or("", |severity| severity_word(*severity).0);
        format!("{}  {severity:<8}  {}\n", code.code, code.title)
    };
    codes.iter().map(line).collect::<String>() + "\nOne of them: charter explain CH101"
}

/// Returns what can be done about a code, as the last paragraph of its page.
pub fn facts(code: &Code) -> String {
    let words: Vec<&str> = code.severities.iter().map(|severity| severity_word(*severity).0).collect();
    let allowed = match (code.can_be_allowed(), code.can_be_denied()) {
        (true, true) => "It can be allowed, and it can be denied",
        (true, false) => "It refuses, and can be allowed all the same",
        (false, true) => "It cannot be allowed; it can be denied",
        (false, false) => "It refuses, and cannot be allowed",
    };
    let groups: Vec<String> = code.groups().map(|group| format!("`{group}`")).collect();
    let groups = match groups.as_slice() {
        [] => String::new(),
        [one] => format!(" Group: {one}."),
        many => format!(" Groups: {}.", many.join(", ")),
    };
    format!("Severity: {}. {allowed} ([lint](../lint.md)).{groups}", words.join(", "))
}
