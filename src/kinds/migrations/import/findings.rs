//! What there is to say of other runners' ledgers as a whole: rows that no file fits, rows that are
//! taken at their word, tables that are not there, and runners that are still used.

use std::collections::{BTreeMap, BTreeSet};

use super::verify::{Verdict, Verifier};
use super::{Files, Group, Row, State, rows, tools};
use crate::kinds::World;
use crate::kinds::common::reads::DATABASES;
use crate::model::Resource;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::{Row as Found, number, text};

/// What charter recorded of a file, in the rows that the caller read.
fn identity(row: &Found) -> String {
    format!("{}|{}|{}", text(row, "tenant"), text(row, "folder"), number(row, "version"))
}

/// Returns the findings; `recorded` are charter's own rows.
pub fn survey(wanted: &[&Resource], recorded: &[Found], world: &World) -> Vec<Finding> {
    let files = Files::of(world);
    let rows = rows(world, &files);
    let done: BTreeSet<String> = recorded.iter().map(identity).collect();
    let mut findings = absent(wanted, recorded, world);
    findings.extend(at_their_word(&rows, &files, &done));
    findings.extend(without_files(&rows, &files, recorded));
    findings.extend(still_used(&rows, &files, recorded));
    findings
}

/// Tells of tables that are not there, or are not what they are said to be, while nothing of their
/// folders is recorded.
fn absent(wanted: &[&Resource], recorded: &[Found], world: &World) -> Vec<Finding> {
    let begun: BTreeSet<(&str, &str)> =
        recorded.iter().map(|row| (text(row, "tenant"), text(row, "folder"))).collect();
    let databases = world.snapshot.rows(DATABASES);
    let mut findings = Vec::new();
    for (target, tool) in tools::targets(wanted) {
        let name = target.qualified();
        let first = wanted.iter().find(|file| {
            file.attrs.get(super::IMPORT).is_some_and(|import| tools::Target::of(import) == target)
        });
        let Some(first) = first.filter(|file| !begun.contains(&(file.text("tenant"), file.text("folder"))))
        else {
            continue;
        };
        // A database that is yet to be made has no history.
        let is_new =
            !databases.is_empty() && databases.iter().all(|row| text(row, "name") != target.database);
        if is_new || tool.is_its(&target, world.caps()) {
            continue;
        }
        let found = world.caps().columns.get(&name);
        let found: Option<Vec<&str>> = found.map(|columns| columns.iter().map(String::as_str).collect());
        let (severity, summary, found) = match found {
            None => (
                Severity::Warning,
                "there is no ledger to import: every file will be run",
                "no such table".to_owned(),
            ),
            Some(columns) => (
                Severity::Error,
                "a table is not the ledger that it is said to be",
                format!("{name} with the columns {}", columns.join(", ")),
            ),
        };
        findings.push(
            Finding::new("CH408", severity, Category::Tracking, summary)
                .at(&first.addr)
                .compare(
                    format!("{name} with the columns {} of {}", tool.columns().join(", "), tool.name()),
                    found,
                )
                .help(
                    "name the right table in import_ledger (table = \"database.table\"), or remove the block",
                ),
        );
    }
    findings
}

/// Tells of files that are about to be recorded though nothing verifies them.
fn at_their_word(rows: &[Row], files: &Files, done: &BTreeSet<String>) -> Vec<Finding> {
    let verifier = Verifier::new(rows, files);
    let mut words: BTreeMap<&str, (&Resource, BTreeSet<&str>)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state == State::Applied) {
        let meant = files.of_row(row);
        for file in &meant {
            let is_word = verifier.verdict(row, file, meant.len()) == Verdict::Word;
            if is_word && !done.contains(&file.identity) && !super::super::is_baselined(file) {
                words.entry(&row.runner).or_insert_with(|| (file, BTreeSet::new())).1.insert(&file.identity);
            }
        }
    }
    let finding = |(runner, (first, files)): (&str, (&Resource, BTreeSet<&str>))| {
        Finding::new(
            "CH404",
            Severity::Note,
            Category::Tracking,
            format!("{} recorded as {runner} says, and nothing verifies them", count(files.len())),
        )
        .at(&first.addr)
        .compare("checksums by an algorithm that charter knows", "none, or of another algorithm")
        .help("compare the databases with the files before you apply; from then on charter's own checksums hold")
    };
    words.into_iter().map(finding).collect()
}

fn count(files: usize) -> String {
    if files == 1 { "1 migration is".to_owned() } else { format!("{files} migrations are") }
}

/// Tells of migrations that are applied and have no file, where anything of the group is declared.
fn without_files(rows: &[Row], files: &Files, recorded: &[Found]) -> Vec<Finding> {
    let told: BTreeSet<(&str, u64)> =
        recorded.iter().map(|row| (text(row, "tenant"), number(row, "version"))).collect();
    let mut missing: BTreeMap<&Group, (&Row, BTreeSet<String>)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state != State::Undone && files.of_row(row).is_empty()) {
        let Some(first) = files.first(&row.group) else { continue };
        if !row.version.is_some_and(|version| told.contains(&(first.text("tenant"), version))) {
            let what = if row.written.name.is_empty() { &row.written.version } else { &row.written.name };
            missing.entry(&row.group).or_insert_with(|| (row, BTreeSet::new())).1.insert(what.clone());
        }
    }
    let finding = |(group, (row, what)): (&Group, (&Row, BTreeSet<String>))| {
        let first = files.first(group)?;
        let what: Vec<String> = what.into_iter().collect();
        Some(
            Finding::new(
                "CH407",
                Severity::Drift,
                Category::Tracking,
                "another runner applied a migration that has no file here",
            )
            .at(&first.addr)
            .compare(
                format!("a file of each version that {} has", row.table),
                format!("no file of {}, which {} applied", what.join(", "), row.runner),
            )
            .help("bring the file back from version control: it is how a new tenant gets what this one has")
            .help("it has another version here? give the file the version that was recorded"),
        )
    };
    missing.into_iter().filter_map(finding).collect()
}

/// Tells of runners that recorded something after charter imported what they had.
fn still_used(rows: &[Row], files: &Files, recorded: &[Found]) -> Vec<Finding> {
    let mut newest: BTreeMap<(&str, &str), (u64, bool)> = BTreeMap::new();
    for row in recorded {
        let entry = newest.entry((text(row, "tenant"), text(row, "folder"))).or_default();
        entry.0 = entry.0.max(number(row, "seconds"));
        entry.1 |= text(row, "status") == super::STATUS;
    }
    let mut late: BTreeMap<&Group, &Row> = BTreeMap::new();
    for row in rows {
        let Some(place) = files.of_row(row).first().copied().or_else(|| files.first(&row.group)) else {
            continue;
        };
        let (seconds, imported) =
            newest.get(&(place.text("tenant"), place.text("folder"))).copied().unwrap_or_default();
        if imported && row.seconds > seconds {
            late.insert(&row.group, row);
        }
    }
    let finding = |(group, row): (&Group, &Row)| {
        Some(
            Finding::new(
                "CH405",
                Severity::Warning,
                Category::Tracking,
                "another runner is still used beside charter",
            )
            .at(&files.first(group)?.addr)
            .compare(
                format!("no row in {} since charter imported it", row.table),
                format!("{} recorded version {} after it", row.runner, row.written.version),
            )
            .help("run migrations with one of the two: neither knows the other's lock, and both would run a new file"),
        )
    };
    late.into_iter().filter_map(finding).collect()
}
