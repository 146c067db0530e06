//! `charter fmt`: the canonical format of configurations.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::Common;
use super::{context, files};
use crate::config;
use crate::diag::{Diagnostic, SourceMap};
use crate::format;
use crate::render::unified::unified;
use crate::ui::{Exit, Ui};

/// Rewrites configurations in the canonical format; needs no server
///
/// The format is terraform's: two spaces a level, the `=` of consecutive lines aligned, at most one blank
/// line. Only white space changes; comments, texts and heredocs stay as they are. The names of the files
/// that changed are printed. A file that does not parse is told and left alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  charter fmt                # the *.hcl files of the folder\n  \
                        charter fmt -r             # and of all folders below\n  \
                        charter fmt --check --diff # for CI: 2 where a file is not formatted\n  \
                        charter fmt - < main.hcl   # for editors: from standard input to standard output")]
pub struct Args {
    /// Files, or folders of which the *.hcl files are meant; - for standard input
    #[arg(value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// Write nothing; exit with 2 where a file is not formatted
    #[arg(long)]
    check: bool,
    /// Show what changes
    #[arg(long)]
    diff: bool,
    /// The folders below, too
    #[arg(short, long)]
    recursive: bool,
}

/// What became of a file.
enum Fate {
    Formatted,
    Changes(String),
}

/// Runs the command.
pub fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    if args.paths.iter().any(|path| path.as_os_str() == "-") {
        return stream(args, ui);
    }
    let paths = match chosen(&common.dir, args) {
        Ok(paths) => paths,
        Err(problem) => {
            context::tell(ui, *problem);
            return Exit::Error;
        }
    };
    let mut exit = Exit::Done;
    for path in paths {
        match file(&path, args, common, ui) {
            Ok(false) => {}
            Ok(true) if args.check => exit = if exit == Exit::Error { exit } else { Exit::Changes },
            Ok(true) => {}
            Err(()) => exit = Exit::Error,
        }
    }
    exit
}

/// Returns the files that are meant, in order.
fn chosen(folder: &Path, args: &Args) -> Result<Vec<PathBuf>, Box<Diagnostic>> {
    let named: Vec<PathBuf> = match args.paths.is_empty() {
        true => vec![folder.to_owned()],
        false => args.paths.iter().map(|path| folder.join(path)).collect(),
    };
    let mut found = Vec::new();
    for path in named {
        let listed = if path.is_dir() { below(&path, args.recursive, &mut found) } else { Ok(()) };
        listed.map_err(|error| unreadable(&path, &error))?;
        if !path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn below(folder: &Path, recursive: bool, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        // Links are not followed: they may lead out of the folder, or in a circle.
        if entry.file_type()?.is_dir() {
            if recursive {
                below(&path, recursive, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "hcl") {
            found.push(path);
        }
    }
    Ok(())
}

/// Formats a file and returns whether it changes; what is wrong is told.
fn file(path: &Path, args: &Args, common: &Common, ui: &Ui) -> Result<bool, ()> {
    let shown = path.strip_prefix(&common.dir).unwrap_or(path).display().to_string();
    let told = |problem: Box<Diagnostic>| context::tell(ui, *problem);
    let bytes = std::fs::read(path).map_err(|error| told(unreadable(path, &error)))?;
    let text = String::from_utf8(bytes).map_err(|_| told(not_text(&shown)))?;
    match formatted(&shown, &text, ui)? {
        Fate::Formatted => Ok(false),
        Fate::Changes(result) => {
            if !args.check {
                files::replace(path, result.as_bytes(), 0o644).map_err(|error| {
                    told(
                        Diagnostic::error("a file cannot be written")
                            .detail(format!("{shown}: {error}. It is as it was."))
                            .into(),
                    );
                })?;
            }
            tell(&shown, &text, &result, args, ui)
        }
    }
}

/// Prints what changed.
fn tell(shown: &str, before: &str, after: &str, args: &Args, ui: &Ui) -> Result<bool, ()> {
    ui.json_line(&json!({"@level": "info", "@message": shown, "type": "format", "file": shown, "written": !args.check}));
    if ui.is_json() {
        return Ok(true);
    }
    let mut text = format!("{}\n", crate::render::escape::line(shown));
    if args.diff {
        text += &unified(shown, before, after, ui.colors_results());
    }
    match context::print(ui, &text, Exit::Done) {
        Exit::Done => Ok(true),
        _ => Err(()),
    }
}

/// Returns a text's canonical form; what is wrong with it is told.
fn formatted(name: &str, text: &str, ui: &Ui) -> Result<Fate, ()> {
    let mut sources = SourceMap::default();
    let file = sources.add(name, text);
    let problems = config::syntax(file, &sources);
    if problems.has_errors() {
        context::tell_all(ui, &problems, &sources);
        return Err(());
    }
    match format::format(text) {
        Ok(result) if result == text => Ok(Fate::Formatted),
        Ok(result) => Ok(Fate::Changes(result)),
        Err(error) => {
            context::tell(
                ui,
                Diagnostic::error("a file cannot be formatted")
                    .detail(format!("{name}: {error}. It is left alone.")),
            );
            Err(())
        }
    }
}

/// Formats standard input.
fn stream(args: &Args, ui: &Ui) -> Exit {
    if args.paths.len() > 1 || args.recursive {
        ui.error("- stands alone: there is one standard input");
        return Exit::Usage;
    }
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        ui.error(&format!("standard input cannot be read: {error}"));
        return Exit::Error;
    }
    match formatted("<stdin>", &text, ui) {
        Err(()) => Exit::Error,
        Ok(Fate::Formatted) if args.check || args.diff => Exit::Done,
        Ok(Fate::Changes(result)) if args.check || args.diff => {
            let exit = if args.check { Exit::Changes } else { Exit::Done };
            let told = args.diff.then(|| unified("<stdin>", &text, &result, ui.colors_results()));
            told.map_or(exit, |told| context::print(ui, &told, exit))
        }
        Ok(Fate::Formatted) => context::print(ui, &text, Exit::Done),
        Ok(Fate::Changes(result)) => context::print(ui, &result, Exit::Done),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    Diagnostic::error("cannot read a file").detail(format!("{}: {error}", path.display())).into()
}

fn not_text(name: &str) -> Box<Diagnostic> {
    Diagnostic::error("file is not UTF-8")
        .detail(format!("{name} is left alone."))
        .help("save it as UTF-8")
        .into()
}
