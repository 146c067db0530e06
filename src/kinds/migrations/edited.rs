//! Files that are not what was applied: which statement differs, and who applied it when.
//!
//! A plan reads no statement of files that are done. Only where a file differs from its row are the
//! hashes of its statements read, and who applied it: two queries more, however many files differ.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{self, APPLIED, EVENTS};
use crate::kinds::World;
use crate::kinds::common::buried;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::snapshot::{Read, Row, number, text};
use crate::model::{Attrs, Resource, Settings, Snapshot, Value, sql};

const HASHES: &str = "edited_hashes";
const ACTORS: &str = "edited_actors";

/// How many files are looked at; the others are told without their statements.
const MOST: usize = 200;

/// How many digits of a statement's hash are shown.
const DIGITS: usize = 16;

/// Returns the reads that differences call for: none where every file is what was applied.
pub fn reads(wanted: &[&Resource], settings: &Settings, snapshot: &Snapshot) -> Vec<Read> {
    let files: BTreeMap<&str, &Resource> =
        wanted.iter().map(|file| (file.identity.as_str(), *file)).collect();
    let folders: BTreeSet<(&str, &str)> =
        wanted.iter().map(|file| (file.text("tenant"), file.text("folder"))).collect();
    let differs = |row: &&Row| match files.get(ledger::identity(row).as_str()) {
        Some(file) => file.text("checksum") != text(row, "checksum"),
        None => folders.contains(&(text(row, "tenant"), text(row, "folder"))),
    };
    let done: Vec<&Row> = snapshot.rows(APPLIED).iter().filter(differs).take(MOST).collect();
    let half_way = snapshot.rows(EVENTS).iter().filter(|row| is_edited(row, &files)).take(MOST);
    let runs: BTreeSet<&str> = done.iter().copied().chain(half_way).map(|row| text(row, "run_id")).collect();
    if runs.is_empty() {
        return Vec::new();
    }
    let (scope, runs) = (sql::literal(&settings.scope), list(runs.into_iter().map(sql::literal)));
    let mut reads = Vec::new();
    let edited = done.iter().filter(|row| files.contains_key(ledger::identity(row).as_str()));
    let keys = list(edited.map(|row| {
        let (tenant, folder) = (sql::literal(text(row, "tenant")), sql::literal(text(row, "folder")));
        format!("({tenant}, {folder}, {})", number(row, "version"))
    }));
    if !keys.is_empty() && snapshot.caps.has_table("ops.charter_migration_events") {
        let lives = buried::lives("at", settings, &snapshot.caps);
        let statement = format!(
            "SELECT tenant, folder, version, statement, argMax(token_sha256, at) AS hash \
             FROM ops.charter_migration_events WHERE scope = {scope} AND {lives} \
             AND status IN ('applied', 'skipped') AND (tenant, folder, version) IN ({keys}) \
             GROUP BY tenant, folder, version, statement ORDER BY tenant, folder, version, statement"
        );
        reads.push(Read::Sql { name: HASHES, statement });
    }
    if snapshot.caps.has_table("ops.charter_runs") {
        let statement = format!(
            "SELECT run_id, any(actor) AS actor FROM ops.charter_runs \
             WHERE scope = {scope} AND event = 'started' AND run_id IN ({runs}) GROUP BY run_id"
        );
        reads.push(Read::Sql { name: ACTORS, statement });
    }
    reads
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// Returns whether an event says that a statement was applied that the file no longer has.
fn is_edited(row: &Row, files: &BTreeMap<&str, &Resource>) -> bool {
    let Some(file) = files.get(ledger::identity(row).as_str()) else { return false };
    let at = usize::try_from(number(row, "statement")).unwrap_or_default().checked_sub(1);
    let hash = at.and_then(|at| hashes(file).nth(at));
    matches!(text(row, "status"), "applied" | "skipped") && hash != Some(text(row, "token_sha256"))
}

fn statements(file: &Resource) -> &[Value] {
    file.attrs.get("statements").map_or(&[][..], Value::items)
}

fn said<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn hashes(file: &Resource) -> impl Iterator<Item = &str> {
    statements(file).iter().map(|statement| said(statement, "token_sha256"))
}

/// Says who ran something: the actor where that is known, and the run.
pub fn by(run: &str, world: &World) -> String {
    let mut rows = world.snapshot.rows(ACTORS).iter();
    match rows.find(|row| text(row, "run_id") == run).map(|row| text(row, "actor")) {
        Some(actor) if !actor.is_empty() => format!("by {actor} in run {run}"),
        _ => format!("by run {run}"),
    }
}

/// Returns the start of a hash.
pub fn short(hash: &str) -> &str {
    hash.get(..DIGITS).unwrap_or(hash)
}

/// Returns a finding where a file was edited after it was applied.
pub fn finding(wanted: &Resource, live: &Attrs, world: &World) -> Finding {
    let said = |name: &str| live.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (path, file) = (wanted.text("path"), wanted.text("file"));
    let mut found = vec![format!("checksum {} in {path}", wanted.text("checksum"))];
    found.extend(differences(wanted, world));
    let how = if said("status") == "baselined" { "baselined" } else { "applied" };
    let addr = wanted.addr.to_string().replace('\'', r"'\''");
    Finding::new("CH410", Severity::Error, Category::Tracking, "a migration was edited after it was applied")
        .at(&wanted.addr)
        .compare(
            format!("checksum {}, {how} {} {}", said("checksum"), said("at"), by(&said("run_id"), world)),
            found.join("\n"),
        )
        .help(format!("bring {file} back as it was applied: git log -p -- {path}"))
        .help("put the change into a new file with a higher version; comments and white space may be edited freely")
        .help(format!(
            "or, where the file may differ from what was run: charter migrate repair '{addr}' --accept-edit --reason \"…\""
        ))
}

/// Says which statements differ from what was applied; nothing where that was not read.
fn differences(wanted: &Resource, world: &World) -> Vec<String> {
    let rows = world.snapshot.rows(HASHES).iter();
    let rows = rows.filter(|row| ledger::identity(row) == wanted.identity);
    let applied: BTreeMap<u64, &str> =
        rows.map(|row| (number(row, "statement"), text(row, "hash"))).collect();
    if applied.is_empty() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for (number, statement) in (1u64..).zip(statements(wanted)) {
        let (hash, begins) = (short(said(statement, "token_sha256")), begins(said(statement, "sql")));
        match applied.get(&number) {
            Some(was) if short(was) == hash => {}
            Some(was) => {
                lines.push(format!(
                    "statement {number} differs, {} as applied, {hash} now: {begins}",
                    short(was)
                ));
            }
            None => lines.push(format!("statement {number} is new, {hash}: {begins}")),
        }
    }
    let count = statements(wanted).len() as u64;
    let gone = applied.iter().filter(|(number, _)| **number > count);
    lines.extend(gone.map(|(number, was)| format!("statement {number} is gone, {} as applied", short(was))));
    lines
}

/// Returns how a statement begins, on one line.
fn begins(sql: &str) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
