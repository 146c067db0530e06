//! `charter apply`: plans, asks, and executes exactly that.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::allow::Allow;
use super::apply_saved::{self, Given};
use super::args::{Ask, Common, Format, Look, Planning};
use super::context::{self, Context};
use super::identity;
use super::lock::{self, Locking};
use super::plan::{exit_code, render_plan};
use super::signals::Signals;
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
/// completed. Ctrl-C and SIGTERM finish what runs, then stop and report (exit code 130); twice stops
/// at once.
///
/// With FILE, a plan that `charter plan -o FILE` saved is applied: without a question, once, and only where the
/// configuration, the servers and the sensitive values are what they were. Otherwise nothing is changed, and what
/// differs is told (exit code 4).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  charter apply\n  charter apply --auto-approve               # in CI\n  \
                        charter apply acme.plan                    # a plan that was saved with plan -o\n  \
                        charter apply --approve 3f2a9c01           # the plan with this digest, and no other\n  \
                        charter apply --target tenant.acme         # one tenant\n  \
                        charter apply --target tenant.acme.access  # its database, role, grants, user and secret\n  \
                        charter apply --allow-data-loss            # where `removed` blocks take databases"
)]
pub struct Args {
    /// A saved plan, instead of planning now
    #[arg(value_name = "FILE", conflicts_with_all = ["targets", "rotate", "probe"])]
    file: Option<PathBuf>,
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
    /// Do not ask, where the plan's digest begins with DIGEST (at least 8 digits, as the plan and its
    /// comment show it); refuse any other plan
    #[arg(long, value_name = "DIGEST", conflicts_with = "auto_approve")]
    approve: Option<String>,
    /// How many steps may run at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = at_least_one)]
    parallelism: usize,
    #[command(flatten)]
    pub look: Look,
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
    if let Some(file) = &args.file {
        return apply_saved::run(common, file, args.allow, &args.how, ui).await;
    }
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
    if ui.has_events() {
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
    let recheck = Recheck { ask, saved: None, always: asked };
    match locked(context, &plan, recheck, how, run, ui).await {
        Ok(lock) => finish(context, plan, how, run, lock, ui).await,
        Err(code) => code,
    }
}

/// Executes a plan under the lock, and reports.
pub async fn finish(context: &Context, plan: Plan, how: &How, run: &Run, lock: Lock<Live>, ui: &Ui) -> Exit {
    let options = Options {
        parallelism: how.parallelism,
        mutation_limit: context.settings.clickhouse.mutation_timeout,
        ..Options::default()
    };
    #[cfg(debug_assertions)]
    let options = Options { failpoints: failpoints(), ..options };
    let report = execute(context, plan, run, &options, lock, ui).await;
    ui.json_line(&render::lines::report(&report));
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
pub fn show(text: &str, ui: &Ui) -> Result<(), Exit> {
    match if ui.is_json() { Exit::Done } else { context::print(ui, text, Exit::Done) } {
        Exit::Done => Ok(()),
        exit => Err(exit),
    }
}

/// Asks where it must; returns whether a person was asked.
fn approved(plan: &Plan, how: &How, ui: &Ui) -> Result<bool, Exit> {
    how.is_approved(plan, ui)?;
    match gate::approve(plan, how.auto_approve || how.approve.is_some(), ui.is_interactive()) {
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

impl How {
    /// Makes sure that a plan is the one whose digest was approved, where one was; that it is not is told.
    pub fn is_approved(&self, plan: &Plan, ui: &Ui) -> Result<(), Exit> {
        let Some(digest) = &self.approve else { return Ok(()) };
        gate::is_approved(plan, digest).map_err(|reason| {
            ui.error(&format!("the plan is not the one that was approved, and nothing was changed: {reason}\n  look at it, and approve it anew"));
            Exit::Stale
        })
    }
}

/// How a plan is compared once more before it is executed.
pub struct Recheck<'a> {
    /// What was asked of it.
    pub ask: &'a Ask,
    /// The saved plan that it was made from.
    pub saved: Option<&'a Given>,
    /// Whether it is compared although no other run can have come between: a person took their time.
    pub always: bool,
}

/// Takes the lock, and makes sure that the plan is still what there is to do.
pub async fn locked(
    context: &Context,
    plan: &Plan,
    recheck: Recheck<'_>,
    how: &How,
    run: &Run,
    ui: &Ui,
) -> Result<Lock<Live>, Exit> {
    if context.seen().is_none() {
        // The lock makes database `ops`, which the plan still has to make: look before, and see
        // to it afterwards that no run of this scope came first. Other scopes make the same tables.
        if recheck.always {
            recheck.still_fits(context, plan, ui).await?;
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
    let moved = recheck.always || !lock::nobody_else_ran(context, &lock);
    if moved && let Err(code) = recheck.still_fits(context, plan, ui).await {
        lock::give_back(lock, ui).await;
        return Err(code);
    }
    Ok(lock)
}

impl Recheck<'_> {
    /// Looks again: what was approved must still be what there is to do.
    async fn still_fits(&self, context: &Context, plan: &Plan, ui: &Ui) -> Result<(), Exit> {
        if let Some(saved) = self.saved {
            return saved.plan_again(context, self.ask, ui).await.map(drop);
        }
        let again = context.plan(self.ask, ui).await?;
        gate::still_fits(plan, &again).map_err(|moved| {
            ui.error(&format!(
                "the servers changed since the plan was made; nothing was applied:\n  {}\n  \
                 plan again to see what there is to do now",
                moved.join("\n  ")
            ));
            Exit::Stale
        })
    }
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
    let signals = Signals::listen();
    ui.takes_interrupts();
    let interrupts = tokio::spawn(on_signal(signals, stopper));
    let applied = apply::apply(servers, Arc::new(plan), run, options, events, stop);
    let (mut report, ()) = tokio::join!(applied, progress::show(ui, received));
    interrupts.abort();
    if let Err(how) = keeper.end(!report.unknown.is_empty()).await {
        report.warnings.push(format!("the lock of scope {}: {how}", context.settings.scope));
    }
    report
}

/// Ctrl-C or SIGTERM: finish what runs and stop; twice: stop at once.
async fn on_signal(mut signals: Signals, stopper: Stopper) {
    signals.next().await;
    stopper.finish();
    signals.next().await;
    stopper.now();
}

fn exit(report: &Report) -> Exit {
    if report.stopped { Exit::Interrupted } else { report.outcome().into() }
}
