//! `charter migrate status`: how the files of each tenant stand. Changes nothing.

use std::collections::BTreeSet;

use super::super::args::{Common, addr};
use super::super::context::{self, Context, Observation};
use super::super::identity;
use crate::apply::lock;
use crate::config::load::environment;
use crate::diag::{Diagnostic, nearest};
use crate::kinds::common::migration::KIND;
use crate::kinds::migrations;
use crate::model::migration::{FileState, FileStatus};
use crate::model::{Addr, Rotation};
use crate::plan;
use crate::render::{self, status::Status};
use crate::ui::{Exit, Ui};

/// How the status is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Shows how the migrations of each tenant stand; changes nothing
///
/// For each file: applied, baselined (recorded and not run), pending, partial (some of its statements
/// are applied), failed, unknown (nobody knows whether a statement was run), edited after it was
/// applied, missing file, out of order, blocked (by something else that a plan finds), undeclared
/// (recorded for a folder that its tenant no longer declares); with when, by whom, and how long its
/// statements took. It says what a plan would say.
///
/// Tenants that stand alike are one line; --expand, or an address, shows each file.
#[derive(Debug, clap::Args)]
#[command(after_help = "With --detailed-exitcode, the first of these that is so:
  1  a file was edited, is missing, out of order or blocked: a person must mend it
  5  another run holds the lock: what is seen is on its way
  6  nobody knows whether a statement was run: `charter plan` has the evidence, `charter migrate repair` records
  2  files are pending, partial or failed: `charter apply` goes on with them
  0  everything is applied

Examples:
  charter migrate status
  charter migrate status tenant.acme
  charter migrate status --detailed-exitcode   # in CI
  charter migrate status --format json | jq '.tenants[] | select(.up_to_date | not) | .tenant'")]
pub struct Args {
    /// Only these: a tenant, a block or a file, such as tenant.acme or migrations.global
    #[arg(value_name = "ADDRESS", value_parser = addr)]
    targets: Vec<Addr>,
    /// How it is printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Every file of every tenant
    #[arg(long)]
    expand: bool,
    /// Exit with another code than 0 where something is not applied; see below
    #[arg(long, visible_alias = "strict")]
    detailed_exitcode: bool,
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    if let Err(exit) = context::one_of_both(ui, args.format != Format::Text) {
        return exit;
    }
    let run = identity::run("migrate status", None, &common.dir, &environment());
    let context = match Context::open(common, &run, ui).await {
        Ok(context) => context,
        Err(exit) => return exit,
    };
    let (observation, files, holder) = match read(&context, &args.targets, ui).await {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    tracing::info!(queries = context.servers.queries(), "read");
    let servers = plan::servers(&context.settings, &observation.snapshot);
    let status = Status {
        scope: &context.settings.scope,
        environment: &context.settings.environment,
        servers: &servers,
        holder: holder.as_deref(),
        files: &files,
    };
    let exit = if args.detailed_exitcode { exit(&files, holder.is_some()) } else { Exit::Done };
    if context::tell_events(ui, || render::status::lines(&status)) {
        return exit;
    }
    let text = match args.format {
        Format::Text => {
            let options = render::text::Options {
                color: ui.colors_results(),
                width: ui.width(),
                sql: false,
                expand: false,
            };
            render::status::text(&status, args.expand || !args.targets.is_empty(), &options)
        }
        Format::Json => format!("{:#}\n", render::status::json(&status, env!("CARGO_PKG_VERSION"))),
    };
    context::print(ui, &text, exit)
}

type Read = (Observation, Vec<FileStatus>, Option<String>);

/// Reads the ledger and the lock, and nothing else.
async fn read(context: &Context, targets: &[Addr], ui: &Ui) -> Result<Read, Exit> {
    let selected = selected(context, targets, ui)?;
    let settings = &context.settings;
    let more = |caps: &_| migrations::status::reads(settings, caps);
    let observation = context.observe_kind(KIND, &more, ui).await?;
    let rotation = Rotation::default();
    let files = migrations::status::of(&selected, &context.request(&observation, &[], &rotation).world());
    let holder = match context.seen().filter(|seen| seen.lock > 0) {
        None => None,
        Some(_) => lock::holder(&*context.servers, &settings.scope).await.map_err(|error| {
            ui.error(&error.to_string());
            Exit::Error
        })?,
    };
    Ok((observation, files, holder.map(|holder| holder.to_string())))
}

/// Returns the files that are asked for; an address that names none is told.
fn selected(context: &Context, targets: &[Addr], ui: &Ui) -> Result<BTreeSet<Addr>, Exit> {
    let desired = &context.compiled.desired;
    let files = desired.resources.values().filter(|resource| resource.kind == KIND);
    let all: BTreeSet<Addr> = files.map(|file| file.addr.clone()).collect();
    let mut selected = BTreeSet::new();
    for target in targets {
        let found: BTreeSet<Addr> = desired.matching(target).intersection(&all).cloned().collect();
        if found.is_empty() {
            context::tell(ui, no_files(target, &all));
            return Err(Exit::Error);
        }
        selected.extend(found);
    }
    Ok(if targets.is_empty() { all } else { selected })
}

fn no_files(target: &Addr, all: &BTreeSet<Addr>) -> Diagnostic {
    let blocks: BTreeSet<String> = all.iter().map(|addr| addr.block().to_string()).collect();
    let text = target.to_string();
    let start = Diagnostic::error(format!("{text} has no migrations"));
    match nearest(&text, blocks.iter().map(String::as_str)) {
        Some(near) if *near != text => start.help(format!("did you mean {near}?")),
        _ => start.help("without an address, all tenants and blocks are shown"),
    }
}

/// Returns what files say to scripts: what an apply would not mend first.
fn exit(files: &[FileStatus], held: bool) -> Exit {
    let worst = files.iter().map(|file| file.state).min();
    match worst {
        Some(FileState::Edited | FileState::MissingFile | FileState::OutOfOrder | FileState::Blocked) => {
            Exit::Error
        }
        _ if held => Exit::Locked,
        Some(FileState::Unknown) => Exit::Undecided,
        Some(FileState::Failed | FileState::Partial | FileState::Pending) => Exit::Changes,
        Some(FileState::Applied | FileState::Baselined | FileState::Imported | FileState::Undeclared)
        | None => Exit::Done,
    }
}
