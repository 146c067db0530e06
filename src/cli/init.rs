//! `charter init`: a configuration to begin with, or the jobs of a CI. Never overwrites a file.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::args::Common;
use super::context;
use crate::diag::Diagnostic;
use crate::kinds::Kinds;
use crate::ui::{Exit, Ui};

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Template {
    /// A configuration with one tenant.
    #[value(name = "tenants")]
    Tenants,
    /// The jobs of docs/ci.md for GitHub Actions.
    #[value(name = "ci/github")]
    Github,
    /// The jobs of docs/ci.md for GitLab CI.
    #[value(name = "ci/gitlab")]
    Gitlab,
}

/// Writes a configuration to begin with; needs no server, and never overwrites a file
///
/// One tenant with a table, and the folders by convention. What is written validates as it is; open
/// it, put your names in, and plan. With --from, the jobs of a CI that plan each pull request, apply
/// what was merged, and tell about drift: docs/ci.md.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  charter init\n  charter init --from ci/github")]
pub struct Args {
    /// What is written
    #[arg(long, value_enum, value_name = "TEMPLATE", default_value = "tenants")]
    from: Template,
}

/// A file: its path below the folder, and its text.
type File = (&'static str, &'static str);

const TENANTS: &[File] = &[
    ("tenants.hcl", include_str!("init/tenants.hcl")),
    (
        "migrations/development/tenants/acme/schema/V1__create_events.sql",
        include_str!("init/V1__create_events.sql"),
    ),
];

const SCRIPTS: &[File] = &[
    ("ci/charter/README.md", include_str!("../../examples/ci/README.md")),
    ("ci/charter/apply.py", include_str!("../../examples/ci/scripts/apply.py")),
    ("ci/charter/ci.py", include_str!("../../examples/ci/scripts/ci.py")),
    ("ci/charter/drift.py", include_str!("../../examples/ci/scripts/drift.py")),
    ("ci/charter/forge.py", include_str!("../../examples/ci/scripts/forge.py")),
    ("ci/charter/github.py", include_str!("../../examples/ci/scripts/github.py")),
    ("ci/charter/gitlab.py", include_str!("../../examples/ci/scripts/gitlab.py")),
    ("ci/charter/install", include_str!("../../examples/ci/scripts/install")),
    ("ci/charter/plan.py", include_str!("../../examples/ci/scripts/plan.py")),
    ("ci/charter/rest.py", include_str!("../../examples/ci/scripts/rest.py")),
    ("ci/charter/sticky.py", include_str!("../../examples/ci/scripts/sticky.py")),
];

const GITHUB: &[File] = &[
    (".github/workflows/charter-plan.yml", include_str!("../../examples/ci/github/plan.yml")),
    (".github/workflows/charter-apply.yml", include_str!("../../examples/ci/github/apply.yml")),
    (".github/workflows/charter-drift.yml", include_str!("../../examples/ci/github/drift.yml")),
    (".github/actions/charter-plan/action.yml", include_str!("../../examples/ci/github/action/action.yml")),
];

const GITLAB: &[File] =
    &[("ci/charter/gitlab-ci.yml", include_str!("../../examples/ci/gitlab/.gitlab-ci.yml"))];

/// Runs the command.
pub fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let (files, next) = match args.from {
        Template::Tenants => (TENANTS.to_vec(), AFTER_TENANTS),
        Template::Github => ([GITHUB, SCRIPTS].concat(), AFTER_GITHUB),
        Template::Gitlab => ([GITLAB, SCRIPTS].concat(), AFTER_GITLAB),
    };
    let files = files.as_slice();
    let refused = match args.from {
        Template::Tenants => configured(&common.dir),
        Template::Github | Template::Gitlab => None,
    };
    if let Some(refused) = refused.or_else(|| taken(&common.dir, files)) {
        context::tell(ui, refused);
        return Exit::Error;
    }
    if let Err((path, error)) = write(&common.dir, files) {
        let summary = format!("{} cannot be written", path.display());
        context::tell(ui, Diagnostic::error(summary).detail(error.to_string()));
        return Exit::Error;
    }
    if args.from == Template::Tenants && context::load(common, &Kinds::all(), ui).is_none() {
        return Exit::Error;
    }
    let written: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    if !ui.is_json() {
        ui.status(next);
    }
    context::print(ui, &written.join("\n"), Exit::Done)
}

const AFTER_TENANTS: &str = "Next:
  1. tenants.hcl says what exists; rename the tenant acme, and set where ClickHouse is
  2. export CLICKHOUSE_URL=… CLICKHOUSE_PASSWORD=…
  3. keep out/ out of version control: manifests hold passwords
  4. charter plan    # changes nothing
  5. charter apply   # asks first
Jobs for your CI: charter init --from ci/github, or ci/gitlab.
";

const AFTER_GITHUB: &str = "Next: ci/charter/README.md says which secrets and variables the workflows need.
";

const AFTER_GITLAB: &str = "Next:
  1. in .gitlab-ci.yml, take the jobs in:  include: [{local: ci/charter/gitlab-ci.yml}]
  2. ci/charter/README.md says which variables they need
";

/// Refuses a folder that has a configuration: its blocks would be declared twice.
fn configured(dir: &Path) -> Option<Diagnostic> {
    let entries = fs::read_dir(dir).ok()?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let found: BTreeSet<String> = names.filter(|name| name.ends_with(".hcl")).collect();
    let first = found.first()?;
    Some(
        Diagnostic::error("this folder has a configuration already")
            .detail(format!("There is {first}; nothing was written."))
            .help("choose an empty folder: charter -C DIR init"),
    )
}

/// Refuses where a file is there already.
fn taken(dir: &Path, files: &[File]) -> Option<Diagnostic> {
    let taken: Vec<&str> = files
        .iter()
        .map(|(path, _)| *path)
        .filter(|path| dir.join(path).symlink_metadata().is_ok())
        .collect();
    let (first, others) = taken.split_first()?;
    let others = match others.len() {
        0 => String::new(),
        count => format!(" and {count} more of the files"),
    };
    Some(
        Diagnostic::error("nothing is overwritten")
            .detail(format!("There is {first}{others} already; nothing was written."))
            .help("move what is there away, or choose another folder: charter -C DIR init"),
    )
}

/// Writes the files. One that came to be meanwhile is left alone.
fn write(dir: &Path, files: &[File]) -> Result<(), (PathBuf, io::Error)> {
    for (path, text) in files {
        let path = dir.join(path);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
            OpenOptions::new().write(true).create_new(true).open(&path)?.write_all(text.as_bytes())
        });
        written.map_err(|error| (path, error))?;
    }
    Ok(())
}
