//! How migrations stand: folded, what is equal over tenants on one line; or file by file. Also as
//! one JSON document, and as events.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::escape;
use super::page::{Options, Page, Tone};
use crate::model::migration::{FileState, FileStatus};
use crate::model::plan::Servers;

/// How many tenants of a group are named.
const NAMED: usize = 8;

/// How files stand, and where.
#[derive(Clone, Copy, Debug)]
pub struct Status<'a> {
    /// Who asks.
    pub scope: &'a str,
    /// For which environment.
    pub environment: &'a str,
    /// On which servers.
    pub servers: &'a Servers,
    /// Who holds the lock, for people; none where nobody does.
    pub holder: Option<&'a str>,
    /// The files, by tenant, folder and version.
    pub files: &'a [FileStatus],
}

impl Status<'_> {
    /// Returns whether nothing is left to do or to decide.
    pub fn is_settled(&self) -> bool {
        self.files.iter().all(|file| file.state.is_settled())
    }

    fn counts(&self) -> BTreeMap<FileState, usize> {
        counts(self.files.iter())
    }
}

fn counts<'a>(files: impl Iterator<Item = &'a FileStatus>) -> BTreeMap<FileState, usize> {
    let mut counts = BTreeMap::new();
    files.for_each(|file| *counts.entry(file.state).or_default() += 1);
    counts
}

/// Returns text for people: folded, or every file of every tenant with `expand`.
pub fn text(status: &Status, expand: bool, options: &Options) -> String {
    let mut page = Page::new(options);
    let head = format!(
        "Scope {}, environment {}, ClickHouse {}.",
        escape::line(status.scope),
        escape::line(status.environment),
        escape::line(&status.servers.clickhouse_version)
    );
    page.wrapped(0, &[], Tone::Faint, &head);
    if let Some(holder) = status.holder {
        page.wrapped(0, &[], Tone::Change, &format!("A run is under way: {}.", escape::line(holder)));
    }
    page.gap();
    if expand {
        expanded(&mut page, status)
    } else {
        folded(&mut page, status)
    }
    page.gap();
    page.wrapped(0, &[], Tone::Strong, &summary(status));
    page.finish()
}

/// Says in one line what there is.
pub fn summary(status: &Status) -> String {
    if status.files.is_empty() {
        return "No migrations are declared.".to_owned();
    }
    let text = told(&status.counts());
    if status.is_settled() { format!("Up to date: {text}.") } else { format!("{text}.") }
}

fn told(counts: &BTreeMap<FileState, usize>) -> String {
    let parts: Vec<String> =
        counts.iter().map(|(state, count)| format!("{count} {}", state.word())).collect();
    parts.join(", ")
}

/// The files of one folder of one tenant.
type Folder<'a> = Vec<&'a FileStatus>;

/// A file that is not done: version, name, state, statements done, statements, and the one that is stuck.
type Open<'a> = (u64, &'a str, FileState, usize, usize, Option<usize>);

/// What tenants must have in common to stand on one line.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Likeness<'a> {
    settled: bool,
    newest: Option<u64>,
    open: Vec<Open<'a>>,
}

impl<'a> Likeness<'a> {
    fn of(files: &Folder<'a>) -> Self {
        let open = files.iter().filter(|file| !file.state.is_settled());
        let open: Vec<_> = open
            .map(|file| {
                let stuck = file.stuck.as_ref().map(|stuck| stuck.statement);
                (file.version, file.file.as_str(), file.state, file.done, file.statements, stuck)
            })
            .collect();
        Self { settled: open.is_empty(), newest: newest(files), open }
    }
}

fn newest(files: &Folder) -> Option<u64> {
    let done = files
        .iter()
        .filter(|file| matches!(file.state, FileState::Applied | FileState::Baselined | FileState::Imported));
    done.map(|file| file.version).max()
}

fn folded(page: &mut Page, status: &Status) {
    let mut folders: BTreeMap<(bool, &str), BTreeMap<&str, Folder>> = BTreeMap::new();
    for file in status.files.iter().filter(|file| file.state != FileState::Undeclared) {
        let folder = folders.entry((!file.tenant.is_empty(), file.folder.as_str())).or_default();
        folder.entry(file.tenant.as_str()).or_default().push(file);
    }
    for ((_, folder), tenants) in folders {
        page.line(0, &[(Tone::Strong, &*escape::line(folder))]);
        let mut groups: BTreeMap<Likeness, Vec<(&str, Folder)>> = BTreeMap::new();
        for (tenant, files) in tenants {
            groups.entry(Likeness::of(&files)).or_default().push((tenant, files));
        }
        for (likeness, tenants) in groups.iter().rev() {
            group(page, likeness, tenants);
        }
    }
}

fn group(page: &mut Page, likeness: &Likeness, tenants: &[(&str, Folder)]) {
    let Some((first, files)) = tenants.first() else { return };
    let who = match tenants.len() {
        1 if first.is_empty() => String::new(),
        1 => format!("{}: ", escape::line(first)),
        count => format!("{count} tenants: "),
    };
    let at = match likeness.newest {
        Some(version) => format!("at V{version}"),
        None => "nothing applied".to_owned(),
    };
    let open = counts(files.iter().copied().filter(|file| !file.state.is_settled()));
    let (tone, rest) =
        if likeness.settled { (Tone::Good, "up to date".to_owned()) } else { (Tone::Change, told(&open)) };
    page.wrapped(2, &[(Tone::Plain, &who), (Tone::Plain, &at), (Tone::Plain, ", ")], tone, &rest);
    if tenants.len() > 1 && !likeness.settled {
        let names: Vec<_> = tenants.iter().take(NAMED).map(|(tenant, _)| escape::line(tenant)).collect();
        let more = tenants.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        page.wrapped(6, &[], Tone::Faint, &format!("{}{more}", names.join(", ")));
    }
    for file in files.iter().filter(|file| !file.state.is_settled()) {
        let of = if tenants.len() > 1 { *first } else { "" };
        open_file(page, file, of);
    }
}

/// Adds a file that needs something. `of` names the tenant whose details are shown for all.
fn open_file(page: &mut Page, file: &FileStatus, of: &str) {
    let lead = format!("{}  ", escape::line(&file.file));
    let tone = if file.state >= FileState::Failed { Tone::Change } else { Tone::Bad };
    let mut text = standing(file);
    if !of.is_empty() && file.stuck.is_some() {
        text = format!("{text} (of {})", escape::line(of));
    }
    page.wrapped(6, &[(Tone::Plain, &lead)], tone, &text);
}

/// Says how a file stands.
fn standing(file: &FileStatus) -> String {
    let word = file.state.word();
    let FileStatus { done, statements, .. } = file;
    match (&file.state, &file.stuck) {
        (FileState::Failed, Some(stuck)) => format!(
            "{word} at statement {} of {statements}, {}{}: {}",
            stuck.statement,
            stuck.at,
            by(file),
            escape::line(&stuck.error)
        ),
        (FileState::Unknown, Some(stuck)) => format!(
            "{word}: statement {} of {statements} was started {}{} with query id {}, and nobody knows its end",
            stuck.statement,
            stuck.at,
            by(file),
            escape::line(&stuck.query_id)
        ),
        (FileState::Partial, _) => format!("{word}: {done} of {statements} statements"),
        (FileState::MissingFile, _) => format!("{word}: applied {}{}", file.at, by(file)),
        _ => match &file.finding {
            Some(finding) => format!("{word}: {}", escape::line(finding)),
            None => word.to_owned(),
        },
    }
}

fn by(file: &FileStatus) -> String {
    if file.by.is_empty() { String::new() } else { format!(" by {}", escape::line(&file.by)) }
}

fn expanded(page: &mut Page, status: &Status) {
    let mut folders: BTreeMap<(&str, &str), Folder> = BTreeMap::new();
    for file in status.files {
        folders.entry((&file.tenant, &file.folder)).or_default().push(file);
    }
    for ((tenant, folder), files) in folders {
        let whose =
            if tenant.is_empty() { String::new() } else { format!("Tenant {}, ", escape::line(tenant)) };
        page.heading(&format!("{whose}{}", escape::line(folder)));
        table(page, &files);
    }
}

fn table(page: &mut Page, files: &Folder) {
    let head = ["VERSION", "FILE", "STATE", "WHEN", "BY", "TOOK"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(files.iter().map(|file| cells(file))).collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..6).map(width).collect();
    for (index, row) in rows.iter().enumerate() {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = padded.collect::<Vec<_>>().join("  ");
        let file = index.checked_sub(1).and_then(|index| files.get(index));
        let tone = match file {
            None => Tone::Faint,
            Some(file) if file.state.is_settled() => Tone::Plain,
            Some(_) => Tone::Change,
        };
        page.line(2, &[(tone, line.trim_end())]);
        let Some(file) = file else { continue };
        if !file.state.is_settled() && file.state != FileState::Pending {
            page.wrapped(6, &[], Tone::Plain, &standing(file));
        }
        for note in notes(file) {
            page.wrapped(6, &[(Tone::Info, "note: ")], Tone::Plain, &note);
        }
    }
}

fn cells(file: &FileStatus) -> [String; 6] {
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { escape::line(text).into_owned() };
    [
        file.version.to_string(),
        escape::line(&file.file).into_owned(),
        file.state.word().to_owned(),
        // To the second; the document has it as the server says it.
        or_dash(file.at.split('.').next().unwrap_or_default()),
        or_dash(&file.by),
        file.duration_ms.map_or_else(|| "-".to_owned(), took),
    ]
}

fn took(milliseconds: u64) -> String {
    match milliseconds {
        0..1000 => format!("{milliseconds}ms"),
        1000..120_000 => format!("{}.{}s", milliseconds / 1000, milliseconds % 1000 / 100),
        _ => format!("{}m", milliseconds / 60_000),
    }
}

/// Says what is worth knowing of a file, and blocks nothing.
fn notes(file: &FileStatus) -> Vec<String> {
    let applied_as = file.applied_as.as_deref();
    let skipped = match file.skipped {
        0 => None,
        1 => Some("1 statement was skipped".to_owned()),
        count => Some(format!("{count} statements were skipped")),
    };
    let reason = Some(&file.reason).filter(|reason| !reason.is_empty());
    [
        applied_as.map(|name| format!("applied as {}", escape::line(name))),
        file.out_of_order.then(|| "applied out of order".to_owned()),
        file.reformatted.then(|| "comments or spacing changed since it was applied".to_owned()),
        skipped,
        reason.map(|reason| format!("reason: {}", escape::line(reason))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns the document: the files by tenant. `version` is charter's own.
pub fn json(status: &Status, version: &str) -> Json {
    let mut tenants: BTreeMap<&str, Vec<&FileStatus>> = BTreeMap::new();
    for file in status.files {
        tenants.entry(&file.tenant).or_default().push(file);
    }
    let tenants: Vec<Json> = tenants
        .into_iter()
        .map(|(tenant, files)| {
            json!({
                "tenant": Some(tenant).filter(|tenant| !tenant.is_empty()),
                "up_to_date": files.iter().all(|file| file.state.is_settled()),
                "files": files,
            })
        })
        .collect();
    json!({
        "charter_version": version,
        "scope": status.scope,
        "environment": status.environment,
        "servers": status.servers,
        "lock": status.holder,
        "up_to_date": status.is_settled(),
        "summary": status.counts(),
        "tenants": tenants,
    })
}

/// Returns events: a line a file, and the summary.
pub fn lines(status: &Status) -> Vec<Json> {
    let files = status.files.iter().map(|file| {
        let name = if file.tenant.is_empty() {
            file.folder.clone()
        } else {
            format!("{}/{}", file.tenant, file.folder)
        };
        json!({
            "@level": if file.state.is_settled() { "info" } else { "warn" },
            "@message": format!("{name}/{}: {}", file.file, file.state.word()),
            "type": "migration_status",
            "migration": file,
        })
    });
    let end = json!({
        "@level": "info",
        "@message": summary(status),
        "type": "migration_summary",
        "up_to_date": status.is_settled(),
        "summary": status.counts(),
    });
    files.chain([end]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::migration::Stuck;

    fn file(tenant: &str, version: u64, state: FileState) -> FileStatus {
        FileStatus {
            addr: None,
            tenant: tenant.into(),
            folder: if tenant.is_empty() { "global" } else { "migrations/shared/events" }.into(),
            version,
            file: format!("V{version}__x.sql"),
            applied_as: None,
            state,
            done: 1,
            statements: 3,
            skipped: 0,
            at: "2026-11-20 09:00:00.000000".into(),
            by: "alice".into(),
            run_id: "r".into(),
            duration_ms: Some(1234),
            out_of_order: false,
            reformatted: false,
            reason: String::new(),
            stuck: None,
            finding: None,
        }
    }

    fn files() -> Vec<FileStatus> {
        let mut files = vec![file("", 1000, FileState::Applied)];
        for tenant in 0..30 {
            let slug = format!("t{tenant:02}");
            let behind = if tenant < 10 { FileState::Pending } else { FileState::Applied };
            files.extend([file(&slug, 1, FileState::Applied), file(&slug, 2, behind)]);
        }
        let stuck = Stuck {
            statement: 2,
            query_id: "q".into(),
            at: "2026-11-20 09:00:01".into(),
            error: "no\nroom".into(),
        };
        files.push(FileStatus { stuck: Some(stuck), ..file("zeta", 1, FileState::Failed) });
        files
    }

    fn drawn(expand: bool, files: &[FileStatus]) -> String {
        let servers = Servers { clickhouse_version: "26.9.2.1".into(), ..Servers::default() };
        let status =
            Status { scope: "platform", environment: "production", servers: &servers, holder: None, files };
        text(&status, expand, &Options { color: false, width: 90, sql: false, expand: false })
    }

    #[test]
    fn tenants_that_stand_alike_are_one_line() {
        insta::assert_snapshot!(drawn(false, &files()), @r"
        Scope platform, environment production, ClickHouse 26.9.2.1.

        global
          at V1000, up to date
        migrations/shared/events
          20 tenants: at V2, up to date
          10 tenants: at V1, 1 pending
              t00, t01, t02, t03, t04, t05, t06, t07, and 2 more
              V2__x.sql  pending
          zeta: nothing applied, 1 failed
              V1__x.sql  failed at statement 2 of 3, 2026-11-20 09:00:01 by alice: no\nroom

        1 failed, 10 pending, 51 applied.
        ");
    }

    #[test]
    fn each_file_is_shown_where_it_is_asked_for() {
        let mut one = file("acme", 2, FileState::Applied);
        one.out_of_order = true;
        one.reason = "agreed".into();
        insta::assert_snapshot!(drawn(true, &[one, file("acme", 3, FileState::Partial)]), @r"
            Scope platform, environment production, ClickHouse 26.9.2.1.

            Tenant acme, migrations/shared/events

              VERSION  FILE       STATE    WHEN                 BY     TOOK
              2        V2__x.sql  applied  2026-11-20 09:00:00  alice  1.2s
                  note: applied out of order
                  note: reason: agreed
              3        V3__x.sql  partial  2026-11-20 09:00:00  alice  1.2s
                  partial: 1 of 3 statements

            1 partial, 1 applied.
            ");
    }

    #[test]
    fn programs_get_the_files_by_tenant() {
        let files = files();
        let servers = Servers::default();
        let status =
            Status { scope: "s", environment: "e", servers: &servers, holder: Some("bob"), files: &files };
        let document = json(&status, "0");
        assert_eq!(document["summary"], json!({"applied": 51, "pending": 10, "failed": 1}));
        assert_eq!(document["tenants"][0]["tenant"], Json::Null);
        assert_eq!((&document["up_to_date"], &document["lock"]), (&json!(false), &json!("bob")));
        assert_eq!(lines(&status).len(), files.len() + 1);
    }
}
