//! `charter history`: who applied what, when, and what became of it. Changes nothing.

use super::args::Common;
use super::context::{self, Context};
use super::identity;
use crate::backend::{Error, ErrorKind, Query, Servers as _};
use crate::config::load::environment;
use crate::diag::Diagnostic;
use crate::model::Secret;
use crate::model::ledger::{DATABASE, RUNS, STEPS};
use crate::model::snapshot::{Row, text};
use crate::render;
use crate::render::history::History;
use crate::ui::{Exit, Ui};

/// How the history is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Tells who applied what, when, for how long, and with which queries; changes nothing
///
/// Reads the records of the scope: `ops.charter_runs`, and with --run its steps of
/// `ops.charter_steps`. A run that neither finished nor failed is under way, or died.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  charter history\n  charter history --run 20261120T093000Z-3f9a1c2b4d\n  \
                        charter history --format json | jq -r '.runs[] | select(.outcome != \"done\") | .run'"
)]
pub struct Args {
    /// The steps of this run, with their queries; the beginning of its id is enough
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// How many runs, the newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// How it is printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let run = identity::run("history", None, &common.dir, &environment());
    let context = match Context::open(common, &run, ui).await {
        Ok(context) => context,
        Err(exit) => return exit,
    };
    let scope = &context.settings.scope;
    let read = async {
        let runs = runs(&context, args, ui).await?;
        let steps = match &args.run {
            Some(wanted) => Some(steps(&context, one(&runs, wanted, scope, ui)?, ui).await?),
            None => None,
        };
        Ok::<_, Exit>((runs, steps))
    };
    let (runs, steps) = match read.await {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    let history = History { scope, runs: &runs, steps: steps.as_deref() };
    if ui.is_json() || args.format == Format::Json {
        let json = render::history::json(&history, env!("CARGO_PKG_VERSION"));
        let text = if ui.is_json() { format!("{json}\n") } else { format!("{json:#}\n") };
        return context::print(ui, &text, Exit::Done);
    }
    if runs.is_empty() {
        ui.status(&format!("Nothing was applied yet in scope {scope}."));
        return Exit::Done;
    }
    let options =
        render::text::Options { color: ui.colors_results(), width: ui.width(), ..Default::default() };
    context::print(ui, &render::history::text(&history, &options), Exit::Done)
}

/// Reads the runs of the scope, the newest first.
async fn runs(context: &Context, args: &Args, ui: &Ui) -> Result<Vec<Row>, Exit> {
    let of = |column: &str| format!("any(r.{column}) AS {column}");
    let ended = |column: &str| format!("anyIf(r.{column}, r.event = 'finished') AS {column}");
    let known: Vec<String> =
        ["environment", "actor", "host", "purpose", "git_revision", "plan_digest", "charter_version"]
            .map(of)
            .into();
    let result: Vec<String> =
        ["outcome", "done", "failed", "unknown", "not_started", "duration_ms"].map(ended).into();
    let mut query = Query::new(format!(
        "SELECT r.run_id AS run, formatDateTime(min(r.at), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS began, \
         countIf(r.event = 'finished') > 0 AS finished, {}, {} FROM {DATABASE}.{RUNS} AS r \
         WHERE r.scope = {{scope:String}} AND startsWith(r.run_id, {{run:String}}) \
         GROUP BY r.run_id ORDER BY min(r.at) DESC, r.run_id DESC LIMIT {{limit:UInt32}}",
        known.join(", "),
        result.join(", ")
    ));
    let prefix = args.run.as_deref().unwrap_or_default();
    query.params = vec![
        ("scope".to_owned(), Secret::new(context.settings.scope.as_str())),
        ("run".to_owned(), Secret::new(prefix)),
        ("limit".to_owned(), Secret::new(args.limit.to_string())),
    ];
    rows(context, query, ui).await
}

/// Returns the one run that is meant.
fn one<'a>(runs: &'a [Row], wanted: &str, scope: &str, ui: &Ui) -> Result<&'a str, Exit> {
    let ids: Vec<&str> = runs.iter().map(|run| text(run, "run")).collect();
    let wrong = match ids.as_slice() {
        [one] => return Ok(one),
        [] => Diagnostic::error(format!("scope {scope} has no run {wanted:?}"))
            .help("`charter history` lists the runs; --limit N as many as you like"),
        several => Diagnostic::error(format!("several runs begin with {wanted:?}"))
            .detail(several.join(", "))
            .help("write more of the id"),
    };
    context::tell(ui, wrong);
    Err(Exit::Error)
}

/// Reads the steps of a run.
async fn steps(context: &Context, run: &str, ui: &Ui) -> Result<Vec<Row>, Exit> {
    let mut query = Query::new(format!(
        "SELECT step, address, kind, action, outcome, query_ids, written_rows, duration_ms, error \
         FROM {DATABASE}.{STEPS} WHERE scope = {{scope:String}} AND run_id = {{run:String}} ORDER BY at, step"
    ));
    query.params = vec![
        ("scope".to_owned(), Secret::new(context.settings.scope.as_str())),
        ("run".to_owned(), Secret::new(run)),
    ];
    rows(context, query, ui).await
}

/// Runs a query; where the tables are not there yet, there are no rows.
async fn rows(context: &Context, query: Query, ui: &Ui) -> Result<Vec<Row>, Exit> {
    match context.servers.rows(query).await {
        Ok(rows) => Ok(rows),
        Err(error) if is_not_there(&error) => Ok(Vec::new()),
        Err(error) => {
            ui.error(&format!("the records cannot be read: {error}"));
            Err(Exit::Error)
        }
    }
}

/// Returns whether there is no such table or database (ClickHouse's codes 60 and 81).
fn is_not_there(error: &Error) -> bool {
    error.kind == ErrorKind::Missing || matches!(error.code, Some(60 | 81))
}
