//! `charter plan`: the changeset.

use std::path::{Path, PathBuf};

use super::args::{Common, Format, Look, PlanFormat, Planning};
use super::context::{self, Context, Observation};
use super::saved::{self, Out};
use super::{files, identity, lint};
use crate::case;
use crate::config::load::environment;
use crate::diag::Diagnostic;
use crate::model::{Plan, Severity};
use crate::render;
use crate::ui::{Exit, Ui};

/// Shows what an apply would change; changes nothing
///
/// Reads ClickHouse and Kubernetes, compares them with the configuration, and prints each step that
/// an apply would take. Nothing is changed: plan again whenever you like. With -o FILE the plan is kept for
/// `charter show` and `charter apply`, which refuses it where the servers have moved.
///
/// Below a change of grants stands what it comes to: what each role and user gains and loses in
/// effect; where that widens, it is told at the end.
///
/// Tenants to which the same happens are shown once; --expand shows each. What is destroyed is always
/// named.
///
/// What was changed on the servers since the last apply is told apart from what is newly declared, with
/// when and by whom where the servers keep that (docs/drift.md).
///
/// --record writes what was read, with placeholders for what Secrets hold, so that `charter test` plans
/// from it without servers.
///
/// The symbols are terraform's: + create, ~ change, - destroy. Findings come after the steps, each
/// with a code and with what to do; one that is an error keeps the plan from being applied.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  charter plan\n  charter plan --target tenant.acme --sql\n  \
                        charter plan --detailed-exitcode    # 2 where there are changes\n  \
                        charter plan --rotate tenant.acme --sql   # how its password would be rotated\n  \
                        charter plan --format markdown > comment.md   # for a pull request, at most 60,000 bytes\n  \
                        charter plan -o acme.plan && charter apply acme.plan   # later: this and nothing else, once\n  \
                        charter plan --format json | jq .summary")]
pub struct Args {
    #[command(flatten)]
    planning: Planning,
    /// How the plan is printed
    #[arg(long, value_enum, default_value = "text")]
    format: PlanFormat,
    #[command(flatten)]
    look: Look,
    /// Exit with 2 where there are changes or findings
    #[arg(long)]
    detailed_exitcode: bool,
    /// Write what was read of the servers, without any secret, for `charter test`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Do not list Secrets: what was applied to them is taken as still there (for pull-request jobs);
    /// an apply of the saved plan does read them, and refuses where that makes it another plan
    #[arg(long, conflicts_with = "probe")]
    no_secrets: bool,
    #[command(flatten)]
    out: Out,
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let run = identity::run("plan", None, &common.dir, &environment());
    let planned = async {
        context::one_of_both(ui, args.format != PlanFormat::Text)?;
        let mut context = Context::open(common, &run, ui).await?;
        if args.no_secrets {
            context.without_secrets();
        }
        let ask = context.ask(&args.planning, ui)?;
        let (mut plan, observation) = context.planned(&ask, ui).await?;
        if let (Some(path), Some(observation)) = (&args.record, &observation) {
            record(&context, observation, path, ui)?;
        }
        plan.findings.iter_mut().for_each(crate::kinds::ledger::for_a_plan);
        plan.findings.sort_by(|a, b| (a.severity, &a.addr, a.code).cmp(&(b.severity, &b.addr, b.code)));
        tracing::info!(queries = context.servers.queries(), "planned");
        Ok::<_, Exit>((context, plan))
    };
    match planned.await {
        Ok((context, plan)) => {
            let exit = print(&plan, common, args, ui);
            match saved::save(&context, &args.planning, &plan, &run, &args.out, ui) {
                Ok(()) => exit,
                Err(code) => code,
            }
        }
        Err(code) => code,
    }
}

/// Writes what was read of the servers.
fn record(context: &Context, observation: &Observation, path: &Path, ui: &Ui) -> Result<(), Exit> {
    let Observation { snapshot, registry } = observation;
    let document = case::record::record(snapshot, registry, &context.compiled.desired, &context.settings);
    files::replace(path, case::record::written(&document).as_bytes(), 0o600).map_err(|error| {
        let detail = format!("{}: {error}", path.display());
        context::tell(ui, Diagnostic::error("the recording cannot be written").detail(detail));
        Exit::Error
    })
}

fn print(plan: &Plan, common: &Common, args: &Args, ui: &Ui) -> Exit {
    let exit = exit_code(plan, args.detailed_exitcode);
    if context::tell_events(ui, || render::lines::plan(plan)) {
        return exit;
    }
    let text = match args.format {
        PlanFormat::Text => render_plan(plan, Format::Text, args.look, ui),
        PlanFormat::Markdown => render_plan(plan, Format::Markdown, args.look, ui),
        PlanFormat::Json => render_plan(plan, Format::Json, args.look, ui),
        PlanFormat::Sarif => {
            let (folder, version) = (lint::folder(&common.dir), env!("CARGO_PKG_VERSION"));
            format!("{:#}\n", render::sarif::log(&plan.findings, &plan.allowed, &folder, version))
        }
    };
    let printed = context::print(ui, &text, exit);
    if args.format == PlanFormat::Text && !args.out.is_asked() && plan.may_apply() && !plan.steps.is_empty() {
        ui.status(&render::saved::how_to_approve(&plan.digest()));
    }
    printed
}

/// Returns the plan as it is printed.
pub fn render_plan(plan: &Plan, format: Format, look: Look, ui: &Ui) -> String {
    match format {
        Format::Text => {
            let Look { sql, expand } = look;
            let (color, width) = (ui.colors_results(), ui.width());
            render::text::plan(plan, &render::text::Options { color, width, sql, expand })
        }
        Format::Markdown => render::markdown::plan(plan, look.expand),
        Format::Json => format!("{:#}\n", render::json::plan(plan, env!("CARGO_PKG_VERSION"))),
    }
}

/// Returns what a plan says to scripts: refusals first.
pub fn exit_code(plan: &Plan, detailed: bool) -> Exit {
    match plan.worst() {
        Some(Severity::Error) => Exit::Error,
        Some(Severity::Decision) => Exit::Undecided,
        _ if plan.denied().next().is_some() => Exit::Denied,
        Some(Severity::Drift) if detailed => Exit::Changes,
        _ if detailed && !plan.steps.is_empty() => Exit::Changes,
        _ => Exit::Done,
    }
}
