//! `charter:allow` comments: whether their codes can be allowed, and where they stand.

use std::ops::Range;

use super::registry;
use crate::migrate::Allow;
use crate::model::place::{Excerpt, Place};

/// Returns what is wrong with the codes of a comment: what to say at its place, and what to do.
pub fn wrong(allow: &Allow) -> impl Iterator<Item = (String, String)> {
    allow.codes.iter().filter_map(|name| match registry::find(name) {
        None => Some((
            format!("there is no code {name}"),
            registry::suggest(name)
                .map_or("`charter explain` lists the codes".into(), |near| format!("did you mean {near}?")),
        )),
        Some(code) if !code.can_be_allowed() => Some((
            format!("{name} cannot be allowed: {}", code.title),
            format!("it refuses, so that nothing is harmed: `charter explain {name}` says what to do"),
        )),
        Some(_) => None,
    })
}

/// Returns a place in a text that is no part of the source map.
pub fn place(path: &str, text: &str, range: Range<usize>) -> Place {
    let before = text.get(..range.start).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let meant = text.get(range).unwrap_or_default().trim_end();
    let excerpt = Excerpt {
        file: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[start..].chars().count() + 1,
        length: meant.chars().count().max(1),
        text: line.trim_end().to_owned(),
    };
    Place::located(excerpt, String::new())
}
