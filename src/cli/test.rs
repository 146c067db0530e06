//! `charter test`: cases of plans, offline.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use super::args::Common;
use super::{context, files};
use crate::case::junit::{self, Suite};
use crate::case::run::{self, Outcome, Status, World};
use crate::config::Input;
use crate::config::load::{Disk, environment};
use crate::config::testing::{self, TestFile};
use crate::diag::{self, Diagnostic, Diagnostics, SourceMap};
use crate::kinds::Kinds;
use crate::model::files::Files as _;
use crate::ui::{Exit, Ui};

/// Runs the *.test.hcl files: variables in, the expected plan out; needs no server
///
/// Each `run` block plans the configuration with its variables, from what it says that the servers hold
/// (an empty server, or a recording of `charter plan --record`), and compares the plan with its asserts,
/// with the failures that it expects and with an expected text. Nothing is reached over a network: the
/// `clickhouse` and `kubernetes` blocks are read, and not used. Files are those of the folder and of
/// tests/ in it. docs/testing.md says what a file may hold.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  charter test\n  charter test --filter production\n  \
                        charter test --update                   # write the expected texts anew, then read the diff\n  \
                        charter test --junit-xml report.xml     # for CI")]
pub struct Args {
    /// Only these: the name of a run, or a file; each has to name something
    #[arg(long, value_name = "NAME")]
    filter: Vec<String>,
    /// Write the expected texts of runs in which nothing else is wrong
    #[arg(long)]
    update: bool,
    /// Write a report in JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit_xml: Option<PathBuf>,
}

/// A file with what came of its runs.
struct Done {
    file: TestFile,
    runs: Vec<(String, Option<Outcome>, Duration)>,
}

/// Runs the command.
pub fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let disk = Disk::new(&common.dir);
    let found = match test_files(&disk) {
        Ok(found) => found,
        Err(problem) => return refuse(ui, *problem),
    };
    let chosen = |file: &TestFile, run: &str| {
        args.filter.is_empty()
            || args.filter.iter().any(|one| one == run || names(&file.path).contains(&&**one))
    };
    if let Some(problem) = nothing(args, &found) {
        return refuse(ui, problem);
    }
    let input = Input {
        vars: common.vars.clone(),
        var_files: common.var_files.clone(),
        env: environment(),
        ..Input::default()
    };
    let kinds = Kinds::all();
    let world = World { files: &disk, input: &input, kinds: &kinds, update: args.update };
    let mut done = Vec::new();
    for file in found {
        let broken = file.diags.has_errors();
        let mut runs = Vec::new();
        for run in file.runs.iter().filter(|run| chosen(&file, &run.name)) {
            let started = Instant::now();
            let outcome = (!broken).then(|| run::run(&file, run, &world));
            runs.push((run.name.clone(), outcome, started.elapsed()));
        }
        if broken || !runs.is_empty() {
            done.push(Done { file, runs });
        }
    }
    finish(common, args, &done, ui)
}

/// Tells what came of the runs, and writes what is to be written.
fn finish(common: &Common, args: &Args, done: &[Done], ui: &Ui) -> Exit {
    let mut exit = tell(done, ui);
    for (path, text) in done
        .iter()
        .flat_map(|done| &done.runs)
        .filter_map(|(_, outcome, _)| outcome.as_ref()?.update.as_ref())
    {
        match files::replace(&common.dir.join(path), text.as_bytes(), 0o644) {
            Ok(()) => ui.status(&format!("{path} is written.")),
            Err(error) => exit = refuse(ui, unwritable(Path::new(path), &error)),
        }
    }
    if let Some(path) = &args.junit_xml {
        let suites: Vec<Suite> = done.iter().map(suite).collect();
        if let Err(error) = files::replace(path, junit::report(&suites).as_bytes(), 0o644) {
            exit = refuse(ui, unwritable(path, &error));
        }
    }
    exit
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("a file cannot be written").detail(format!("{}: {error}", path.display()))
}

fn refuse(ui: &Ui, problem: Diagnostic) -> Exit {
    context::tell(ui, problem);
    Exit::Error
}

/// Reads the test files of the folder and of tests/ in it, in order.
fn test_files(disk: &Disk) -> Result<Vec<TestFile>, Box<Diagnostic>> {
    let mut found = Vec::new();
    for folder in ["", "tests/"] {
        let unreadable = |path: &str, reason: String| {
            Box::new(Diagnostic::error("cannot read the tests").detail(format!("{path}: {reason}")))
        };
        let names = disk.list(folder).map_err(|reason| unreadable(folder, reason))?;
        let Some(names) = names else { continue };
        for name in names.iter().filter(|name| name.ends_with(".test.hcl") && !name.starts_with('.')) {
            let path = format!("{folder}{name}");
            let bytes = disk.read(&path).map_err(|reason| unreadable(&path, reason))?;
            let text =
                String::from_utf8(bytes).map_err(|_| unreadable(&path, "it is not UTF-8".to_owned()))?;
            found.push(testing::read(&path, &text));
        }
    }
    Ok(found)
}

/// Returns what is wrong where there is nothing to run, or a filter names nothing. A file that is broken
/// is told anyway.
fn nothing(args: &Args, found: &[TestFile]) -> Option<Diagnostic> {
    let is_empty = |file: &TestFile| file.runs.is_empty() && !file.diags.has_errors();
    if found.is_empty() {
        return Some(
            Diagnostic::error("there are no tests")
                .detail("The folder has no *.test.hcl file, and neither has tests/ in it.")
                .help("docs/testing.md shows one"),
        );
    }
    if found.iter().all(is_empty) {
        let files: Vec<&str> = found.iter().map(|file| &*file.path).collect();
        return Some(
            Diagnostic::error("there are no tests")
                .detail(format!("No file has a run: {}.", files.join(", ")))
                .help("docs/testing.md shows one"),
        );
    }
    let is_named = |file: &TestFile, wanted: &str| names(&file.path).contains(&wanted);
    let runs = |file: &TestFile, wanted: &str| file.runs.iter().any(|run| run.name == wanted);
    let meant =
        |file: &TestFile, wanted: &str| runs(file, wanted) || is_named(file, wanted) && !is_empty(file);
    let wanted = args.filter.iter().find(|wanted| !found.iter().any(|file| meant(file, wanted)))?;
    let item = Diagnostic::error("no run is chosen");
    if found.iter().any(|file| is_named(file, wanted)) {
        return Some(item.detail(format!("--filter {wanted} names a file that has no run.")));
    }
    let item = item.detail(format!("--filter {wanted} names neither a run nor a file."));
    let known = found.iter().flat_map(|file| file.runs.iter().map(|run| &*run.name).chain(names(&file.path)));
    Some(match diag::nearest(wanted, known.collect::<Vec<_>>()) {
        Some(near) => item.help(format!("did you mean {near}?")),
        None => item,
    })
}

/// Returns what a file may be called: its name, or its path.
fn names(path: &str) -> [&str; 2] {
    [path.rsplit('/').next().unwrap_or_default(), path]
}

/// Prints what came of the runs.
fn tell(done: &[Done], ui: &Ui) -> Exit {
    let mut text = String::new();
    let (mut passed, mut failed) = (0, 0);
    for Done { file, runs } in done {
        if !file.diags.is_empty() {
            failed += usize::from(file.diags.has_errors() && runs.is_empty());
            text += &drawn(&file.diags, &file.sources, ui);
        }
        text += &format!("{}\n", diag::escape::line(&file.path));
        for (name, outcome, took) in runs {
            let status = outcome.as_ref().map(|outcome| outcome.status);
            match status {
                Some(Status::Pass) => passed += 1,
                _ => failed += 1,
            }
            text += &format!("  run {name:?}... {}\n", word(status));
            let problems = outcome.as_ref().map(|outcome| drawn(&outcome.problems, &outcome.sources, ui));
            text += problems.as_deref().unwrap_or_default();
            if ui.has_events() {
                ui.json_line(&line(file, name, status, outcome.as_ref(), *took));
            }
        }
    }
    let exit = if failed == 0 { Exit::Done } else { Exit::Error };
    let verdict = if failed == 0 { "Success!" } else { "Failure!" };
    text += &format!("\n{verdict} {passed} passed, {failed} failed.");
    if ui.has_events() {
        for Done { file, .. } in done {
            context::events_of(ui, &file.diags, &file.sources);
        }
        let level = if failed == 0 { "info" } else { "error" };
        ui.json_line(&json!({
            "@level": level,
            "@message": format!("{verdict} {passed} passed, {failed} failed."),
            "type": "test_summary",
            "test_summary": { "status": if failed == 0 { "pass" } else { "fail" }, "passed": passed, "failed": failed },
        }));
    }
    if ui.is_json() {
        return exit;
    }
    context::print(ui, &text, exit)
}

fn drawn(problems: &Diagnostics, sources: &SourceMap, ui: &Ui) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let text = diag::text::render(problems, sources, ui.colors_results(), ui.width());
    format!("{}\n\n", text.trim_end())
}

fn word(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::Pass) => "pass",
        Some(Status::Fail) => "fail",
        Some(Status::Error) => "error",
        None => "skip",
    }
}

/// Returns a run as terraform's machine-readable output has it.
fn line(
    file: &TestFile,
    name: &str,
    status: Option<Status>,
    outcome: Option<&Outcome>,
    took: Duration,
) -> serde_json::Value {
    let problems = outcome.into_iter().flat_map(|outcome| {
        outcome.problems.sorted().into_iter().map(|item| diag::json::diagnostic(item, &outcome.sources))
    });
    json!({
        "@level": if status == Some(Status::Pass) { "info" } else { "error" },
        "@message": format!("{}: {name}: {}", file.path, word(status)),
        "@testfile": file.path,
        "@testrun": name,
        "type": "test_run",
        "test_run": {
            "path": file.path,
            "run": name,
            "status": word(status),
            "elapsed": took.as_millis(),
            "diagnostics": problems.collect::<Vec<_>>(),
        },
    })
}

/// Returns a file as JUnit has it.
fn suite(done: &Done) -> Suite {
    let plain = |problems: &Diagnostics, sources: &SourceMap| {
        let first = problems.sorted().first().map(|item| match item.detail.lines().next() {
            Some(detail) => format!("{}: {detail}", item.summary),
            None => item.summary.clone(),
        });
        (diag::text::render(problems, sources, false, 100), first.unwrap_or_default())
    };
    let mut cases: Vec<junit::Case> = Vec::new();
    if done.file.diags.has_errors() {
        let (text, message) = plain(&done.file.diags, &done.file.sources);
        let name = "(the file itself)".to_owned();
        cases.push(junit::Case { name, status: Some(Status::Error), text, message, took: Duration::ZERO });
    }
    for (name, outcome, took) in &done.runs {
        let told = outcome.as_ref().map(|outcome| plain(&outcome.problems, &outcome.sources));
        let (text, message) = told.unwrap_or_default();
        let status = outcome.as_ref().map(|outcome| outcome.status);
        cases.push(junit::Case { name: name.clone(), status, text, message, took: *took });
    }
    Suite { name: done.file.path.clone(), cases }
}
