//! `charter apply`: plans, asks, and executes exactly that.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::args::{Common, Format, Planning};
use super::context::Context;
use super::identity;
use super::plan::{exit_code, render_plan};
use crate::apply::gate::{self, Approval};
use crate::apply::{self, Options, Outcome, Report, Run, Stopper, stop};
use crate::config::load::environment;
use crate::model::Plan;
use crate::render;
use crate::ui::Ui;
use crate::ui::exit::Code;
use crate::ui::progress::Progress;

/// Plans, shows the plan, asks for approval, and executes exactly what was shown, in dependency
/// order. Run it again after a failure: what is done stays done, and the rest is completed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  charter apply\n  charter apply --auto-approve               # in CI\n  \
                        charter apply --target tenant.acme         # one tenant\n  \
                        charter apply --target tenant.acme.access  # its database, role, grants, user and secret")]
pub struct Args {
    #[command(flatten)]
    planning: Planning,
    /// Do not ask
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
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Code {
    let run = identity::run("apply", args.actor.as_deref(), &common.dir, &environment());
    let context = match Context::open(common, &run, ui) {
        Ok(context) => context,
        Err(code) => return code,
    };
    let plan = match context.plan(&args.planning.targets, ui).await {
        Ok(plan) => plan,
        Err(code) => return code,
    };
    if !ui.is_json() {
        ui.result(&render_plan(&plan, Format::Text, args.sql, ui));
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
    if !ui.is_json() {
        ui.result(&render::report::text(&report));
    }
    code(&report)
}

/// Asks where it must, and then looks again: what was approved must still be what there is to do.
async fn approved(context: &Context, plan: Plan, args: &Args, ui: &Ui) -> Result<Plan, Code> {
    match gate::approve(&plan, args.auto_approve, ui.can_ask()) {
        Approval::Go => return Ok(plan),
        Approval::Refuse(reason) => {
            ui.error(&reason);
            return Err(Code::Declined);
        }
        Approval::Ask(prompt) => {
            if !gate::is_yes(&ui.ask(&prompt)) {
                ui.status("Nothing was changed.");
                return Err(Code::Declined);
            }
        }
    }
    let again = context.plan(&args.planning.targets, ui).await?;
    match gate::still_fits(&plan, &again) {
        Ok(()) => Ok(plan),
        Err(moved) => {
            ui.error(&format!("the servers changed while you decided; nothing was applied:\n  {}", moved.join("\n  ")));
            Err(Code::Stale)
        }
    }
}

async fn execute(context: &Context, plan: Plan, run: &Run, options: &Options, ui: &Ui) -> Report {
    let (events, mut received) = mpsc::unbounded_channel();
    let (stopper, stop) = stop::channel();
    let mut progress = Progress::new(ui);
    let shown = async {
        while let Some(event) = received.recv().await {
            progress.event(&event);
        }
        progress.finish();
    };
    let interrupts = tokio::spawn(on_interrupt(stopper));
    let applied = apply::apply(Arc::clone(&context.servers), Arc::new(plan), run, options, events, stop);
    let (report, ()) = tokio::join!(applied, shown);
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

fn code(report: &Report) -> Code {
    match report.outcome() {
        Outcome::Done => Code::Done,
        _ if report.stopped => Code::Interrupted,
        _ => Code::HalfWay,
    }
}
