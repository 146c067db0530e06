//! Imports: what an `import` block names is taken over where it exists, is nobody's and differs from
//! its declaration. What another scope owns is never taken.

use super::lint;
use super::survey::Subject;
use crate::model::resource::{Desired, Import};
use crate::model::{Action, Addr, Finding, Snapshot};

/// Returns whether an `import` block takes a resource.
pub fn takes(desired: &Desired, addr: &Addr) -> bool {
    desired.imports.iter().any(|import| addr.is_within(&import.to))
}

/// Returns what a reviewer should know of a change: that it begins by taking an object over.
pub fn note(subject: &Subject, action: Action, desired: &Desired) -> Option<String> {
    let unrecorded = subject.kind.registered() && subject.entry.is_none() && subject.live.is_some();
    let taken = unrecorded && takes(desired, &subject.declared.addr);
    (taken && action == Action::Update)
        .then(|| "import: it exists and was not charter's; it is taken over and made as declared".to_owned())
}

/// Returns what is wrong with the blocks, or no longer needed, as far as `subjects` are taken by them.
pub fn findings(subjects: &[Subject], desired: &Desired, snapshot: &Snapshot) -> Vec<Finding> {
    let told = |import: &Import| of_block(import, subjects, snapshot);
    desired.imports.iter().filter_map(told).collect()
}

fn of_block(import: &Import, subjects: &[Subject], snapshot: &Snapshot) -> Option<Finding> {
    let taken: Vec<&Subject> =
        subjects.iter().filter(|subject| subject.declared.addr.is_within(&import.to)).collect();
    let owned: Vec<&&Subject> = taken.iter().filter(|subject| subject.kind.registered()).collect();
    let first = taken.first()?;
    let start = |code: &lint::Code, summary: String| {
        code.finding(first.kind.category(), summary).at(&import.to).at_span(import.span, "this import")
    };
    if owned.is_empty() {
        let summary = format!("{} cannot be imported", import.to);
        return Some(
            start(&lint::NOTHING_TO_IMPORT, summary)
                .help("files that another runner applied are taken over with `import_ledger` in their block"),
        );
    }
    let is_there = |subject: &&&Subject| subject.live.is_some() || subject.entry.is_some();
    // What was not listed may be there.
    if !owned.iter().any(is_there) && snapshot.withheld.is_empty() {
        let summary = format!(
            "{} {} does not exist, so that nothing can be imported",
            first.kind.name(),
            first.declared.identity
        );
        return Some(
            start(&lint::NOTHING_TO_IMPORT, summary)
                .help("remove the `import` block to have it made")
                .help("or give the declared one the name that the object has on the server"),
        );
    }
    let ours = owned.iter().all(|subject| subject.entry.is_some());
    ours.then(|| {
        start(&lint::IMPORTED, format!("{} is charter's already", import.to))
            .help("remove the `import` block once every environment was applied")
    })
}
