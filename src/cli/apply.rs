//! `charter apply`: plans, asks, and executes exactly that.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::args::{Common, Format, Planning};
use super::context::{self, Context};
use super::identity;
use super::plan::{exit_code, render_plan};
use crate::apply::gate::{self, Approval};
use crate::apply::{self, Options, Report, Run, Stopper, stop};
use crate::config::load::environment;
use crate::model::Plan;
use crate::render;
use crate::ui::{Exit, Ui, progress};

/// Plans, asks, and executes exactly what was shown
///
/// Steps run in dependency order, independent ones at once. A step that fails stops what depends on
/// it and nothing else. Run it again after a failure: what is done stays done, and the rest is
/// completed. Ctrl-C finishes what runs, then stops and reports; twice stops at once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  charter apply\n  charter apply --auto-approve               # in CI\n  \
                        charter apply --target tenant.acme         # one tenant\n  \
                        charter apply --target tenant.acme.access  # its database, role, grants, user and secret"
)]
pub struct Args {
    #[command(flatten)]
    planning: Planning,
    /// Do not ask; needed where nobody can be asked, as in CI
    #[arg(long)]
    auto_approve: bool,
    /// How many steps may run at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = at_least_one)]
    parallelism: usize,
    /// Every statement and manifest in the plan that is shown
    #[arg(long)]
    sql: bool,
    /// Who applies, for the audit; else from the CI's variables or the operating system
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "a whole number above 0".into())
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let run = identity::run("apply", args.actor.as_deref(), &common.dir, &environment());
    let context = match Context::open(common, &run, ui).await {
        Ok(context) => context,
        Err(code) => return code,
    };
    let plan = match context.plan(&args.planning.targets, ui).await {
        Ok(plan) => plan,
        Err(code) => return code,
    };
    if ui.is_json() {
        render::lines::plan(&plan).iter().for_each(|line| ui.json_line(line));
    }
    if let Err(exit) = show(&render_plan(&plan, Format::Text, args.sql, ui), ui) {
        return exit;
    }
    if !plan.may_apply() || plan.steps.is_empty() {
        return exit_code(&plan, false);
    }
    let plan = match approved(&context, plan, args, ui).await {
        Ok(plan) => plan,
        Err(code) => return code,
    };
    let options = Options { parallelism: args.parallelism, ..Options::default() };
    let report = execute(&context, plan, &run, &options, ui).await;
    match show(&render::report::text(&report), ui) {
        Ok(()) => exit(&report),
        Err(exit) => exit,
    }
}

/// Shows a text to people; programs get events.
fn show(text: &str, ui: &Ui) -> Result<(), Exit> {
    match if ui.is_json() { Exit::Done } else { context::print(ui, text, Exit::Done) } {
        Exit::Done => Ok(()),
        exit => Err(exit),
    }
}

/// Asks where it must, and then looks again: what was approved must still be what there is to do.
async fn approved(context: &Context, plan: Plan, args: &Args, ui: &Ui) -> Result<Plan, Exit> {
    match gate::approve(&plan, args.auto_approve, ui.is_interactive()) {
        Approval::Go => return Ok(plan),
        Approval::Refuse(reason) => {
            ui.error(&reason);
            return Err(Exit::Declined);
        }
        Approval::Ask { prompt } => {
            if !ui.ask(&prompt).is_ok_and(|answer| gate::is_yes(&answer)) {
                ui.status("Nothing was changed.");
                return Err(Exit::Declined);
            }
        }
    }
    let again = context.plan(&args.planning.targets, ui).await?;
    match gate::still_fits(&plan, &again) {
        Ok(()) => Ok(plan),
        Err(moved) => {
            ui.error(&format!(
                "the servers changed while you decided; nothing was applied:\n  {}",
                moved.join("\n  ")
            ));
            Err(Exit::Stale)
        }
    }
}

/// Executes a plan, shows how it goes on and returns the report.
pub(super) async fn execute(context: &Context, plan: Plan, run: &Run, options: &Options, ui: &Ui) -> Report {
    let (events, received) = mpsc::unbounded_channel();
    let (stopper, stop) = stop::channel();
    let interrupts = tokio::spawn(on_interrupt(stopper));
    let applied = apply::apply(Arc::clone(&context.servers), Arc::new(plan), run, options, events, stop);
    let (report, ()) = tokio::join!(applied, progress::show(ui, received));
    interrupts.abort();
    report
}

/// Ctrl-C: finish what runs and stop; twice: stop at once.
async fn on_interrupt(stopper: Stopper) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stopper.finish();
    }
    if tokio::signal::ctrl_c().await.is_ok() {
        stopper.now();
    }
    std::future::pending::<()>().await;
}

fn exit(report: &Report) -> Exit {
    if report.stopped { Exit::Interrupted } else { report.outcome().into() }
}
