//! `charter lint`: what can be told of migrations by reading them, without servers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use super::args::Common;
use super::context;
use crate::config::Compiled;
use crate::diag::{Diagnostic, Diagnostics};
use crate::kinds::Kinds;
use crate::lint::judge::judge;
use crate::lint::statement;
use crate::model::lint::{Allowed, Inline};
use crate::model::{Finding, Settings};
use crate::render;
use crate::ui::{Exit, Ui};

/// Tells what is a mistake in migrations though a server would take it; needs no server
///
/// Reads the configuration and every migration that it declares, applied or not, and tells what the
/// rules CH101 to CH149 find, each at its line. `lint { deny allow }` and `charter:allow` comments
/// apply; what only servers know is told by `charter plan`. Exits with 7 where something is denied, and
/// with 1 where a FILE is no migration; warnings do not fail it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  charter lint\n  charter lint --format sarif > charter.sarif   # for code scanning\n  \
                        git diff --name-only --diff-filter=d origin/main -- '*.sql' | xargs -r charter lint\n  charter explain CH104"
)]
pub struct Args {
    /// Only these files of migrations, relative to the working directory or the folder of the configuration
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How the findings are printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// Runs the command.
pub fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let kinds = Kinds::all();
    let Some((compiled, settings)) = context::load(common, &kinds, ui) else { return Exit::Error };
    let paths = paths(&compiled);
    let (chosen, wrong) = choose(&args.files, &common.dir, &paths);
    let all_known = wrong.is_empty();
    wrong.into_iter().for_each(|problem| context::tell(ui, problem));
    if chosen.is_empty() && !all_known {
        return Exit::Error;
    }
    let (findings, allowed) = find(&compiled, &settings, &kinds, &chosen, ui);
    let files = if chosen.is_empty() { paths.len() } else { chosen.len() };
    let exit = match findings.iter().any(Finding::refuses) {
        _ if !all_known => Exit::Error,
        true => Exit::Denied,
        false => Exit::Done,
    };
    let version = env!("CARGO_PKG_VERSION");
    if ui.is_json() && args.format == Format::Text {
        render::lines::check(&findings).iter().for_each(|line| ui.json_line(line));
        return exit;
    }
    let text = match args.format {
        Format::Text => {
            let options =
                render::text::Options { color: ui.colors_results(), width: ui.width(), ..Default::default() };
            render::lint::text(&findings, &allowed, files, &options)
        }
        Format::Json => {
            format!(
                "{:#}\n",
                json!({"charter_version": version, "files": files, "findings": findings, "allowed": allowed})
            )
        }
        Format::Sarif => {
            format!("{:#}\n", render::sarif::log(&findings, &allowed, &folder(&common.dir), version))
        }
    };
    context::print(ui, &text, exit)
}

/// Returns the files that the configuration's migrations are in.
fn paths(compiled: &Compiled) -> BTreeSet<String> {
    let resources = compiled.desired.resources.values();
    resources.map(|resource| plain(resource.text("path"))).filter(|path| !path.is_empty()).collect()
}

/// Returns which migrations are named, relative to the working directory or else to the folder of the
/// configuration; and what is wrong with names that name none.
fn choose(files: &[PathBuf], folder: &Path, paths: &BTreeSet<String>) -> (BTreeSet<String>, Vec<Diagnostic>) {
    let (mut chosen, mut wrong) = (BTreeSet::new(), Vec::new());
    if files.is_empty() {
        return (chosen, wrong);
    }
    // A file may be declared under several names, by links.
    let mut known: BTreeMap<PathBuf, Vec<&String>> = BTreeMap::new();
    for path in paths {
        if let Ok(real) = folder.join(path).canonicalize() {
            known.entry(real).or_default().push(path);
        }
    }
    for file in files {
        // An absolute path stays what it is when it is joined.
        let there = [file.clone(), folder.join(file)].into_iter().filter_map(|path| path.canonicalize().ok());
        let there: Vec<PathBuf> = there.collect();
        match there.iter().find_map(|path| known.get(path)) {
            Some(names) => chosen.extend(names.iter().map(|name| (*name).clone())),
            None => wrong.push(strange(file, !there.is_empty())),
        }
    }
    (chosen, wrong)
}

fn strange(file: &Path, exists: bool) -> Diagnostic {
    let (what, help) = match exists {
        true => (
            "a file is no migration of this configuration",
            "name files of the folders that `migrations` and `tenant` blocks declare; `charter lint` without files takes them all",
        ),
        false => (
            "a file does not exist",
            "paths are relative to the working directory, or to the folder of the configuration (-C); leave out what was deleted: git diff --diff-filter=d",
        ),
    };
    Diagnostic::error(what)
        .detail(format!("{:?}: it is not looked at.", file.display().to_string()))
        .help(help)
}

/// Returns what is found in the chosen files, all where none are, and what of it is allowed. A file that
/// many tenants run is told once.
fn find(
    compiled: &Compiled,
    settings: &Settings,
    kinds: &Kinds,
    chosen: &BTreeSet<String>,
    ui: &Ui,
) -> (Vec<Finding>, Vec<Allowed>) {
    let mut findings = Vec::new();
    for resource in compiled.desired.resources.values() {
        let path = plain(resource.text("path"));
        if chosen.is_empty() || chosen.contains(&path) {
            findings.extend(kinds.get(resource.kind).map(|kind| kind.lint(resource)).unwrap_or_default());
        }
    }
    let mut allowed = judge(&mut findings, &settings.lint, &compiled.desired);
    if chosen.is_empty() {
        idle(compiled, &allowed, ui);
    }
    let key = |finding: &Finding| {
        let at = finding.places.first().and_then(|place| place.excerpt.as_ref());
        let at = at.map(|at| (at.file.clone(), at.line, at.column));
        (at, finding.code.to_string())
    };
    let mut seen = BTreeSet::new();
    findings.retain(|finding| seen.insert(key(finding)));
    allowed.retain(|one| seen.insert(key(&one.finding)));
    findings.iter_mut().for_each(|finding| finding.locate(&compiled.sources));
    allowed.iter_mut().for_each(|one| one.locate(&compiled.sources));
    findings.sort_by_cached_key(|finding| (key(finding), finding.severity));
    (findings, allowed)
}

/// Tells the comments of the configuration that allow what reading decides, and which is nowhere.
fn idle(compiled: &Compiled, allowed: &[Allowed], ui: &Ui) {
    let used = |inline: &Inline, code: &str| {
        allowed.iter().any(|one| {
            let finding = &one.finding;
            let named = *finding.code == *code || finding.also.contains(&code);
            named && one.place.as_ref() == Some(&inline.place)
        })
    };
    let mut idle = Diagnostics::default();
    for inline in &compiled.desired.allows {
        for code in inline.codes.iter().filter(|code| statement::decides(code) && !used(inline, code)) {
            idle.push(
                Diagnostic::warning("an allow comment allows nothing")
                    .at(inline.place.span, format!("nothing here breaks {code}"))
                    .help("remove it (CH148)"),
            );
        }
    }
    context::tell_all(ui, &idle, &compiled.sources);
}

/// Returns a path without `.` in it.
fn plain(path: &str) -> String {
    let parts = Path::new(path).components().filter(|part| !matches!(part, Component::CurDir));
    parts.collect::<PathBuf>().to_string_lossy().replace('\\', "/")
}

/// Returns where a folder is in its repository: relative to the nearest folder above it that has a
/// `.git`; empty where there is none.
pub fn folder(dir: &Path) -> String {
    let Ok(dir) = dir.canonicalize() else { return String::new() };
    let root = dir.ancestors().find(|folder| folder.join(".git").exists());
    let below = root.and_then(|root| dir.strip_prefix(root).ok());
    below.map(|below| below.to_string_lossy().replace('\\', "/")).unwrap_or_default()
}
