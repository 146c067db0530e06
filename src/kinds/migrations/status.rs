//! How files stand: what the ledger says of each, and what a plan would do with it.
//!
//! A file that is not done stands as the plan finds it, so that both say the same. Who recorded
//! what, how long it took and why are three more queries, however many files there are.

use std::collections::{BTreeMap, BTreeSet};

use super::{import, ledger, lower, number};
use crate::kinds::common::buried;
use crate::kinds::common::migration::KIND;
use crate::kinds::{Change, World};
use crate::migrate;
use crate::model::finding::Severity;
use crate::model::migration::{FileState, FileStatus, Stuck};
use crate::model::snapshot::{Caps, Read, Row, number as column, text};
use crate::model::{Action, Addr, Attrs, Finding, Resource, Settings, Value, sql};

const ACTORS: &str = "migrations_actors";
const SPANS: &str = "migrations_spans";
const DETAILS: &str = "migrations_details";

/// Returns the reads besides those of a plan: who ran what, how long it took, and why a person
/// recorded something.
pub fn reads(settings: &Settings, caps: &Caps) -> Vec<Read> {
    let scope = sql::literal(&settings.scope);
    let mut reads = Vec::new();
    let runs =
        ledger::rows("folder, run_id", settings, caps).map(|rows| format!("SELECT run_id FROM ({rows})"));
    let events = caps.has_table("ops.charter_migration_events");
    let recent = events.then(|| {
        format!("SELECT run_id FROM ops.charter_migration_events WHERE scope = {scope} AND status NOT IN ('applied', 'baselined')")
    });
    let runs: Vec<String> = runs.into_iter().chain(recent).collect();
    if caps.has_table("ops.charter_runs") && !runs.is_empty() {
        let statement = format!(
            "SELECT run_id, any(actor) AS actor FROM ops.charter_runs \
             WHERE scope = {scope} AND event = 'started' AND run_id IN ({}) GROUP BY run_id",
            runs.join(" UNION ALL ")
        );
        reads.push(Read::Sql { name: ACTORS, statement });
    }
    if events {
        let lives = buried::lives("at", settings, caps);
        reads.push(Read::Sql { name: SPANS, statement: spans(&scope, &lives) });
    }
    let details = ledger::rows("tenant, folder, version, out_of_order, at, reason", settings, caps);
    reads.extend(details.map(|rows| {
        let newest = format!("SELECT * FROM ({rows}) ORDER BY at DESC LIMIT 1 BY tenant, folder, version");
        let statement = format!("SELECT * FROM ({newest}) WHERE out_of_order OR reason != ''");
        Read::Sql { name: DETAILS, statement }
    }));
    reads
}

/// Returns the query of what is known of the statements of each file, together.
fn spans(scope: &str, lives: &str) -> String {
    let each = format!(
        "SELECT tenant, folder, version, statement, argMax(status, at) AS last_status, \
         argMax(raw_sha256, at) AS last_raw, sum(duration_ms) AS took \
         FROM ops.charter_migration_events WHERE scope = {scope} AND status IN ('applied', 'skipped', 'failed') AND {lives} \
         GROUP BY tenant, folder, version, statement"
    );
    format!(
        "SELECT tenant, folder, version, sum(took) AS duration_ms, countIf(last_status = 'skipped') AS skipped, \
         lower(hex(SHA256(arrayStringConcat(arrayMap(s -> s.2, arraySort(groupArray((statement, last_raw)))))))) AS raw \
         FROM ({each}) GROUP BY tenant, folder, version"
    )
}

/// Returns how files stand: those that are selected, and what the ledger has of their folders
/// besides.
pub fn of(selected: &BTreeSet<Addr>, world: &World) -> Vec<FileStatus> {
    let resources = &world.desired.resources;
    let files: Vec<&Resource> =
        selected.iter().filter_map(|addr| resources.get(addr)).filter(|file| file.kind == KIND).collect();
    let identities: BTreeSet<&str> = files.iter().map(|file| file.identity.as_str()).collect();
    let live = ledger::observe(&identities, world);
    let known = Known::of(world);
    let nothing = Attrs::new();
    let mut all: Vec<FileStatus> = files
        .iter()
        .map(|file| known.file(file, live.get(&file.identity).unwrap_or(&nothing), world))
        .collect();
    all.extend(known.without_files(&files, world));
    all.sort_by(|a, b| (&a.tenant, &a.folder, a.version).cmp(&(&b.tenant, &b.folder, b.version)));
    all
}

/// What the reads besides say, by run and by file.
struct Known<'a> {
    actors: BTreeMap<&'a str, &'a str>,
    spans: BTreeMap<String, &'a Row>,
    details: BTreeMap<String, &'a Row>,
}

impl<'a> Known<'a> {
    fn of(world: &'a World) -> Self {
        let by_file = |name| {
            let rows = world.snapshot.rows(name).iter();
            rows.map(|row| (ledger::identity(row), row)).collect()
        };
        let runs = world.snapshot.rows(ACTORS).iter();
        Self {
            actors: runs.map(|row| (text(row, "run_id"), text(row, "actor"))).collect(),
            spans: by_file(SPANS),
            details: by_file(DETAILS),
        }
    }

    /// Returns how a file stands.
    fn file(&self, file: &Resource, live: &Attrs, world: &World) -> FileStatus {
        let Stand { state, done, stuck, finding } = Stand::of(file, live, world);
        let said = |name: &str| live.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = Some(said("name")).filter(|name| !name.is_empty() && *name != file.text("file"));
        let (at, run_id) = last(live);
        let status = FileStatus {
            addr: Some(file.addr.clone()),
            tenant: file.text("tenant").to_owned(),
            folder: file.text("folder").to_owned(),
            version: number(&file.attrs, "version"),
            file: file.text("file").to_owned(),
            applied_as: name,
            state,
            done,
            statements: statements(file).len(),
            skipped: 0,
            at,
            by: String::new(),
            run_id,
            duration_ms: None,
            out_of_order: false,
            reformatted: false,
            reason: String::new(),
            stuck,
            finding,
        };
        let applied = state == FileState::Applied;
        let raw = applied.then(|| raw(statements(file)));
        self.complete(status, &file.identity, raw.as_deref())
    }

    /// Adds what the reads besides say.
    fn complete(&self, mut status: FileStatus, identity: &str, raw: Option<&str>) -> FileStatus {
        status.by = self.actors.get(status.run_id.as_str()).copied().unwrap_or_default().to_owned();
        if let Some(span) = self.spans.get(identity) {
            status.duration_ms = Some(column(span, "duration_ms"));
            status.skipped = usize::try_from(column(span, "skipped")).unwrap_or_default();
            status.reformatted = raw.is_some_and(|raw| raw != text(span, "raw"));
        }
        if let Some(details) = self.details.get(identity) {
            status.out_of_order = column(details, "out_of_order") > 0;
            status.reason = text(details, "reason").to_owned();
        }
        status
    }

    /// Returns what the ledger has and no file: of folders of which files are selected, and of other
    /// folders of their tenants.
    fn without_files(&self, files: &[&Resource], world: &World) -> Vec<FileStatus> {
        let all = world.desired.resources.values().filter(|file| file.kind == KIND);
        let declared: BTreeSet<&str> = all.map(|file| file.identity.as_str()).collect();
        let folders: BTreeSet<(&str, &str)> =
            files.iter().map(|file| (file.text("tenant"), file.text("folder"))).collect();
        let every: BTreeSet<(&str, &str)> = world
            .desired
            .resources
            .values()
            .filter(|file| file.kind == KIND)
            .map(|file| (file.text("tenant"), file.text("folder")))
            .collect();
        let tenants: BTreeSet<&str> =
            folders.iter().map(|(tenant, _)| *tenant).filter(|tenant| !tenant.is_empty()).collect();
        let rows = world.snapshot.rows(ledger::APPLIED).iter();
        let rows = rows.filter(|row| !declared.contains(ledger::identity(row).as_str()));
        let found = rows.filter_map(|row| {
            let folder = (text(row, "tenant"), text(row, "folder"));
            let state = match () {
                () if folders.contains(&folder) => FileState::MissingFile,
                () if tenants.contains(folder.0) && !every.contains(&folder) => FileState::Undeclared,
                () => return None,
            };
            Some(self.complete(recorded(row, state), &ledger::identity(row), None))
        });
        found.collect()
    }
}

/// Returns what a row says of a file that is not there.
fn recorded(row: &Row, state: FileState) -> FileStatus {
    FileStatus {
        addr: None,
        tenant: text(row, "tenant").to_owned(),
        folder: text(row, "folder").to_owned(),
        version: column(row, "version"),
        file: text(row, "name").to_owned(),
        applied_as: None,
        state,
        done: 0,
        statements: 0,
        skipped: 0,
        at: text(row, "at").to_owned(),
        by: String::new(),
        run_id: text(row, "run_id").to_owned(),
        duration_ms: None,
        out_of_order: false,
        reformatted: false,
        reason: String::new(),
        stuck: None,
        finding: None,
    }
}

fn statements(file: &Resource) -> &[Value] {
    file.attrs.get("statements").map_or(&[][..], Value::items)
}

fn said<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the hash of the statements' exact texts, as the query of spans makes it.
fn raw(statements: &[Value]) -> String {
    let hashes: Vec<&str> = statements.iter().map(|statement| said(statement, "raw_sha256")).collect();
    migrate::raw_sha256(hashes.concat().as_bytes())
}

/// Returns when something was recorded of a file last, and by which run.
fn last(live: &Attrs) -> (String, String) {
    let text = |name: &str| live.get(name).and_then(Value::as_str).unwrap_or_default();
    let events = live.get("events").map_or(&[][..], Value::items).iter();
    let newest = events.map(|event| (said(event, "at"), said(event, "run_id"))).max();
    let (at, run) = newest.unwrap_or((text("at"), text("run_id")));
    (at.to_owned(), run.to_owned())
}

/// How a file stands, by what a plan would do with it.
struct Stand {
    state: FileState,
    done: usize,
    stuck: Option<Stuck>,
    finding: Option<String>,
}

impl Stand {
    fn of(file: &Resource, live: &Attrs, world: &World) -> Self {
        let count = statements(file).len();
        let status = live.get("status").and_then(Value::as_str).unwrap_or_default();
        let differences = ledger::diff(file, live);
        if ledger::is_done(live) && differences.is_empty() {
            let state = match status {
                "baselined" => FileState::Baselined,
                import::STATUS => FileState::Imported,
                _ => FileState::Applied,
            };
            return Self { state, done: count, stuck: None, finding: None };
        }
        let change = Change {
            action: Action::Update,
            addr: &file.addr,
            identity: &file.identity,
            wanted: Some(file),
            live: Some(live),
            diff: &differences,
            entry: None,
        };
        let lowered = lower::lower(&change, world);
        let obstacle = lowered.findings.iter().min_by_key(|finding| finding.severity);
        let obstacle = obstacle.filter(|finding| finding.severity <= Severity::Drift);
        let done = match lowered.action {
            // It will be recorded as another runner's work, and nothing of it run.
            _ if live.contains_key(import::IMPORTED) => 0,
            Some(Action::Execute { statements }) => count.saturating_sub(statements),
            _ => applied(live),
        };
        let stuck = stuck(live);
        let failed = stuck.as_ref().is_some_and(|(status, _)| *status == "failed");
        let state = match obstacle {
            Some(finding) => state_of(finding),
            None if failed => FileState::Failed,
            None if done > 0 => FileState::Partial,
            None => FileState::Pending,
        };
        let shows = matches!(state, FileState::Failed | FileState::Unknown);
        Self {
            state,
            done,
            stuck: stuck.map(|(_, stuck)| stuck).filter(|_| shows),
            finding: obstacle.map(|finding| format!("{}: {}", finding.code, finding.summary)),
        }
    }
}

fn state_of(finding: &Finding) -> FileState {
    match (finding.severity, finding.code) {
        (Severity::Decision, _) => FileState::Unknown,
        (_, "CH410" | "CH413") => FileState::Edited,
        (_, "CH412") => FileState::OutOfOrder,
        _ => FileState::Blocked,
    }
}

/// Returns how many statements the ledger says are done.
fn applied(live: &Attrs) -> usize {
    let events = live.get("events").map_or(&[][..], Value::items).iter();
    events.filter(|event| matches!(said(event, "status"), "applied" | "skipped" | "baselined")).count()
}

/// Returns the first statement that was begun and is not done, and its last event.
fn stuck(live: &Attrs) -> Option<(&str, Stuck)> {
    let number = |event: &Value| event.get("statement").and_then(Value::as_f64).unwrap_or_default();
    let events = live.get("events").map_or(&[][..], Value::items).iter();
    let open = events.filter(|event| matches!(said(event, "status"), "started" | "failed"));
    let event = open.min_by(|a, b| number(a).total_cmp(&number(b)))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of statements")]
    let stuck = Stuck {
        statement: number(event) as usize,
        query_id: said(event, "query_id").to_owned(),
        at: said(event, "at").to_owned(),
        error: said(event, "error").to_owned(),
    };
    Some((said(event, "status"), stuck))
}
