//! `charter apply`: plans, asks, and executes exactly that.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::allow::Allow;
use super::args::{Ask, Common, Format, Look, Planning};
use super::context::{self, Context};
use super::identity;
use super::lock::{self, Locking};
use super::plan::{exit_code, render_plan};
use crate::apply::gate::{self, Approval};
use crate::apply::lock::{Keeper, Lock};
use crate::apply::{self, Options, Report, Run, Stopper, stop};
use crate::backend::live::Live;
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
                        charter apply --target tenant.acme.access  # its database, role, grants, user and secret\n  \
                        charter apply --allow-data-loss            # where `removed` blocks take databases"
)]
pub struct Args {
    #[command(flatten)]
    planning: Planning,
    #[command(flatten)]
    allow: Allow,
    #[command(flatten)]
    how: How,
}

/// How a plan is carried out.
#[derive(Debug, clap::Args)]
pub struct How {
    /// Do not ask; needed where nobody can be asked, as in CI
    #[arg(long)]
    auto_approve: bool,
    /// How many steps may run at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = at_least_one)]
    parallelism: usize,
    #[command(flatten)]
    look: Look,
    #[command(flatten)]
    locking: Locking,
    /// Who applies, for the audit; else from the CI's variables or the operating system
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "a whole number above 0".into())
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let run = identity::run("apply", args.how.actor.as_deref(), &common.dir, &environment());
    let context = match Context::open(common, &run, ui).await {
        Ok(context) => context,
        Err(code) => return code,
    };
    let ask = match context.ask(&args.planning, ui) {
        Ok(ask) => Ask { allow: args.allow, ..ask },
        Err(code) => return code,
    };
    carry_out(&context, &ask, &args.how, &run, ui).await
}

/// Plans what is asked, shows it, asks for approval where it must, and executes it.
pub async fn carry_out(context: &Context, ask: &Ask, how: &How, run: &Run, ui: &Ui) -> Exit {
    let plan = match context.plan(ask, ui).await {
        Ok(plan) => plan,
        Err(code) => return code,
    };
    if ui.is_json() {
        render::lines::plan(&plan).iter().for_each(|line| ui.json_line(line));
    }
    if let Err(exit) = show(&render_plan(&plan, Format::Text, how.look, ui), ui) {
        return exit;
    }
    if !plan.may_apply() || plan.steps.is_empty() {
        return exit_code(&plan, false);
    }
    if let Err(exit) = ask.allow.check(&plan, ui) {
        return exit;
    }
    let asked = match approved(&plan, how, ui) {
        Ok(asked) => asked,
        Err(code) => return code,
    };
    let lock = match locked(context, &plan, asked, (ask, how), run, ui).await {
        Ok(lock) => lock,
        Err(code) => return code,
    };
    let options = Options {
        parallelism: how.parallelism,
        mutation_limit: context.settings.clickhouse.mutation_timeout,
        ..Options::default()
    };
    #[cfg(debug_assertions)]
    let options = Options { failpoints: failpoints(), ..options };
    let report = execute(context, plan, run, &options, lock, ui).await;
    match show(&render::report::text(&report), ui) {
        Ok(()) => exit(&report),
        Err(exit) => exit,
    }
}

/// Returns where tests want the run to end.
#[cfg(debug_assertions)]
fn failpoints() -> Option<&'static apply::failpoint::Failpoints> {
    let points = apply::failpoint::Failpoints::parse(environment().get("CHARTER_FAILPOINTS")?)?;
    // It lives as long as the process, which it ends.
    Some(Box::leak(Box::new(points)))
}

/// Shows a text to people; programs get events.
fn show(text: &str, ui: &Ui) -> Result<(), Exit> {
    match if ui.is_json() { Exit::Done } else { context::print(ui, text, Exit::Done) } {
        Exit::Done => Ok(()),
        exit => Err(exit),
    }
}

/// Asks where it must; returns whether a person was asked.
fn approved(plan: &Plan, how: &How, ui: &Ui) -> Result<bool, Exit> {
    match gate::approve(plan, how.auto_approve, ui.is_interactive()) {
        Approval::Go => Ok(false),
        Approval::Refuse(reason) => {
            ui.error(&reason);
            Err(Exit::Declined)
        }
        Approval::Ask { prompt } => {
            if ui.ask(&prompt).is_ok_and(|answer| gate::is_yes(&answer)) {
                return Ok(true);
            }
            ui.status("Nothing was changed.");
            Err(Exit::Declined)
        }
    }
}

/// Takes the lock, and makes sure that the plan is still what there is to do.
async fn locked(
    context: &Context,
    plan: &Plan,
    asked: bool,
    (ask, how): (&Ask, &How),
    run: &Run,
    ui: &Ui,
) -> Result<Lock<Live>, Exit> {
    if context.seen().is_none() {
        // The lock makes database `ops`, which the plan still has to make: look before, and see
        // to it afterwards that no run of this scope came first. Other scopes make the same tables.
        if asked {
            still_fits(context, plan, ask, ui).await?;
        }
        let lock = lock::take(context, run, &how.locking, ui).await?;
        if lock.generation() == 1 {
            return Ok(lock);
        }
        lock::give_back(lock, ui).await;
        ui.error("another run of this scope came first; nothing was applied: plan again");
        return Err(Exit::Stale);
    }
    let lock = lock::take(context, run, &how.locking, ui).await?;
    let moved = asked || !lock::nobody_else_ran(context, &lock);
    if moved && let Err(code) = still_fits(context, plan, ask, ui).await {
        lock::give_back(lock, ui).await;
        return Err(code);
    }
    Ok(lock)
}

/// Looks again: what was approved must still be what there is to do.
async fn still_fits(context: &Context, plan: &Plan, ask: &Ask, ui: &Ui) -> Result<(), Exit> {
    let again = context.plan(ask, ui).await?;
    gate::still_fits(plan, &again).map_err(|moved| {
        ui.error(&format!(
            "the servers changed since the plan was made; nothing was applied:\n  {}\n  \
             plan again to see what there is to do now",
            moved.join("\n  ")
        ));
        Exit::Stale
    })
}

/// Executes a plan under the lock, and gives the lock back.
async fn execute(
    context: &Context,
    plan: Plan,
    run: &Run,
    options: &Options,
    lock: Lock<Live>,
    ui: &Ui,
) -> Report {
    let (events, received) = mpsc::unbounded_channel();
    let (stopper, stop) = stop::channel();
    let servers = Arc::new(lock.fenced());
    let keeper = Keeper::start(lock, &context.settings.scope, stopper.clone());
    let interrupts = tokio::spawn(on_interrupt(stopper));
    let applied = apply::apply(servers, Arc::new(plan), run, options, events, stop);
    let (mut report, ()) = tokio::join!(applied, progress::show(ui, received));
    interrupts.abort();
    if let Err(how) = keeper.end(!report.unknown.is_empty()).await {
        report.warnings.push(format!("the lock of scope {}: {how}", context.settings.scope));
    }
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
