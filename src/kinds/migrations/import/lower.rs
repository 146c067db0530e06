//! The step of a file that another runner applied: it is recorded, or it is told why it cannot be.

use std::collections::BTreeMap;

use super::verify::Verdict;
use super::{IMPORTED, Row};
use crate::kinds::Lowered;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::op::{LedgerRow, Op};
use crate::model::{Action, Attrs, Resource, Value};

/// Returns what another runner recorded of a file as an attribute of its live state.
pub(super) fn attribute(row: &Row, verdict: Verdict) -> Value {
    let (word, algorithm) = match verdict {
        Verdict::Proved(algorithm) => ("proved", algorithm),
        Verdict::Word => ("word", ""),
        Verdict::Edited(algorithm) => ("edited", algorithm),
        Verdict::Failed => ("failed", ""),
        Verdict::Ambiguous => ("ambiguous", ""),
    };
    let when = if row.written.time.is_empty() { String::new() } else { format!(" at {}", row.written.time) };
    let fields = [
        ("verdict", word.to_owned()),
        ("algorithm", algorithm.to_owned()),
        ("runner", row.runner.clone()),
        ("table", row.table.clone()),
        ("when", when),
        ("checksum", row.written.checksum.clone()),
    ];
    Value::Map(
        fields.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect::<BTreeMap<_, _>>(),
    )
}

/// Lowers a file that another runner applied, given the row that records it; none where no other
/// runner did.
pub fn lower(wanted: &Resource, live: &Attrs, record: impl FnOnce() -> LedgerRow) -> Option<Lowered> {
    let import = live.get(IMPORTED)?;
    let said = |name: &str| import.get(name).and_then(Value::as_str).unwrap_or_default();
    let (runner, table, when) = (said("runner"), said("table"), said("when"));
    let proof = match said("verdict") {
        "proved" => format!("its {} is that of the file", said("algorithm")),
        "word" => "nothing there verifies the file: taken at its word".to_owned(),
        "edited" => return Some(refused(edited(wanted, import))),
        "failed" => return Some(refused(failed(wanted, runner, table))),
        _ => return Some(refused(ambiguous(wanted, runner, table))),
    };
    let mut lowered = Lowered::ops([Op::Ledger(record())]);
    lowered.action = Some(Action::Execute { statements: 0 });
    lowered.notes = vec![format!("recorded and not run: {runner} applied it{when}, says {table}; {proof}")];
    Some(lowered)
}

fn refused(finding: Finding) -> Lowered {
    Lowered { findings: vec![finding], ..Lowered::default() }
}

fn failed(wanted: &Resource, runner: &str, table: &str) -> Finding {
    let finding = Finding::new(
        "CH402",
        Severity::Error,
        Category::Tracking,
        "another runner began a migration, and did not record its end",
    )
    .at(&wanted.addr)
    .compare(
        format!("{} applied, or not begun, in {table}", wanted.text("file")),
        format!("{runner} has it as begun and not finished: a part of its statements may have been run"),
    )
    .help(format!("look what of {} is done, and finish it or take it back by hand", wanted.text("path")));
    let version = super::super::number(&wanted.attrs, "version");
    if runner == "golang-migrate" {
        return finding.help(format!(
            "then say so to golang-migrate: migrate … force {version} if it is finished, or the version before it if it is taken back"
        ));
    }
    finding.help(format!(
        "then say so in {table}: as that runner records a migration that worked, or by removing the row"
    ))
}

fn edited(wanted: &Resource, import: &Value) -> Finding {
    let said = |name: &str| import.get(name).and_then(Value::as_str).unwrap_or_default();
    let algorithm = said("algorithm");
    let hash = super::verify::hash(wanted, algorithm).unwrap_or_default();
    let finding = Finding::new(
        "CH403",
        Severity::Error,
        Category::Tracking,
        "a migration was edited after another runner applied it",
    )
    .at(&wanted.addr)
    .compare(
        format!(
            "{algorithm} {}, applied{} by {}, says {}",
            said("checksum"),
            said("when"),
            said("runner"),
            said("table")
        ),
        format!("{algorithm} {hash} of the bytes of {}", wanted.text("path")),
    )
    .help(format!(
        "bring it back byte for byte as it was applied: git log -p --follow -- {}",
        wanted.text("path")
    ));
    if wanted.attrs.contains_key(crate::kinds::common::import_ledger::IMPORT) {
        return finding.help("if it had to be edited for charter, and does the same: verify_checksums = false in import_ledger");
    }
    finding.help("once it is imported, comments and white space may be edited freely")
}

fn ambiguous(wanted: &Resource, runner: &str, table: &str) -> Finding {
    Finding::new(
        "CH406",
        Severity::Error,
        Category::Tracking,
        "a row of another runner's ledger can mean several files",
    )
    .at(&wanted.addr)
    .compare(
        "one file of a version, or a row that names the file or its folder",
        format!(
            "{runner} has one row of version {} in {table}, and several folders have such a file",
            super::super::number(&wanted.attrs, "version")
        ),
    )
    .help("record by hand which of them is applied: charter migrate baseline")
}
