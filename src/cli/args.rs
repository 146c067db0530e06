//! Arguments that all commands share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::allow::Allow;
use super::migrate::Work;
use crate::model::{Addr, Rotation};
use crate::ui::{Color, Options, Ui};

/// Arguments that all commands share.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// The folder of the configuration: its *.hcl files, and below it migrations/
    #[arg(short = 'C', long = "chdir", value_name = "DIR", default_value = ".", global = true)]
    pub dir: PathBuf,
    /// The value of a variable; wins over --var-file, which wins over CHARTER_VAR_<name>
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = name_value, global = true)]
    pub vars: Vec<(String, String)>,
    /// A file of variables (*.vars.hcl): name = value, a line each
    #[arg(long = "var-file", value_name = "FILE", global = true)]
    pub var_files: Vec<String>,
    /// No colours; also NO_COLOR in the environment
    #[arg(long, global = true)]
    no_color: bool,
    /// Events and diagnostics as JSON, one object a line
    #[arg(long, global = true)]
    json: bool,
    /// The same events into this file, while the terminal has what people read; see docs/events.md
    #[arg(long, value_name = "FILE", global = true)]
    pub json_into: Option<PathBuf>,
    /// Results, warnings and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// More of what happens: -v, -vv, -vvv; never a password
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    verbose: u8,
}

impl Common {
    /// Returns the streams as these arguments want them.
    pub fn ui(&self, env: &BTreeMap<String, String>) -> Ui {
        Ui::new(Options {
            color: if self.no_color { Color::Never } else { Color::Auto },
            columns: env.get("COLUMNS").and_then(|columns| columns.parse().ok()),
            quiet: self.quiet,
            verbosity: self.verbose,
            json: self.json,
            clock: jiff::Timestamp::now,
        })
    }

    /// Returns how much is logged, from 0 to 3.
    pub fn verbosity(&self) -> u8 {
        self.verbose
    }
}

/// How a document is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For a comment on a pull request.
    Markdown,
    /// For programs.
    Json,
}

/// How a plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    Text,
    /// For a comment on a pull request.
    Markdown,
    /// For programs.
    Json,
    /// Its findings as SARIF 2.1.0, for code scanning.
    Sarif,
}

/// How much of a plan is printed.
#[derive(Clone, Copy, Debug, Args)]
pub struct Look {
    /// Every statement and manifest, exactly as it would be sent; Markdown and JSON always have them
    #[arg(long)]
    pub sql: bool,
    /// Each tenant by itself, also where the same happens to many; JSON always has each
    #[arg(long)]
    pub expand: bool,
}

/// Arguments of everything that plans.
#[derive(Debug, Args)]
pub struct Planning {
    /// Only this, and what it depends on: an address or a group, such as tenant.acme or
    /// tenant.acme.access
    #[arg(long = "target", value_name = "ADDRESS", value_parser = addr)]
    pub targets: Vec<Addr>,
    /// A new password for this user, or for those of a tenant or a group; the old one works until
    /// the grace of its `credentials` block ends
    #[arg(long = "rotate", value_name = "ADDRESS", value_parser = addr)]
    pub rotate: Vec<Addr>,
    /// Log in with what each Secret holds; where ClickHouse refuses it, the plan makes it accept it
    #[arg(long)]
    pub probe: bool,
}

/// What is asked of a plan.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// What to confine it to; everything where empty.
    pub targets: Vec<Addr>,
    /// Which passwords are to be rotated.
    pub rotation: Rotation,
    /// Whether logins are tried.
    pub probe: bool,
    /// What is recorded in the ledger of migrations, and nothing else.
    pub ledger: Option<Work>,
    /// What may be removed.
    pub allow: Allow,
}

/// Parses an address of the command line.
///
/// # Errors
/// What is no address.
pub fn addr(text: &str) -> Result<Addr, String> {
    Addr::parse(text).map_err(|error| error.to_string())
}

fn name_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".into()),
    }
}
