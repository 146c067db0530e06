//! `charter credentials`: access for an hour. Issue it, list it, end it.

mod issue;
mod manage;

use std::sync::Arc;

use clap::Subcommand;
use tokio::sync::mpsc;

use super::args::Common;
use super::context::{self, Context};
use crate::apply::{self, Options, Report, Run, stop};
use crate::diag::Diagnostic;
use crate::model::Plan;
use crate::ui::{Exit, Ui};

/// Issues, lists and revokes short-lived users
///
/// A short-lived user holds one declared role until an end that ClickHouse itself enforces (VALID UNTIL). Its name
/// says who asked for it and why; who issued what is in the audit (ops.charter_runs, ops.charter_steps). The next apply
/// after its end removes it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Issue(issue::Args),
    List(manage::ListArgs),
    Revoke(manage::RevokeArgs),
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    match &args.command {
        Command::Issue(args) => issue::run(common, args, ui).await,
        Command::List(args) => manage::list(common, args, ui).await,
        Command::Revoke(args) => manage::revoke(common, args, ui).await,
    }
}

/// Executes a plan without a word about how it goes on: the command's result says how it ended.
async fn execute(context: &Context, plan: Plan, run: &Run) -> Report {
    let (events, mut received) = mpsc::unbounded_channel();
    let (_stopper, stop) = stop::channel();
    let (servers, options) = (Arc::clone(&context.servers), Options::default());
    let applied = apply::apply(servers, Arc::new(plan), run, &options, events, stop);
    let drain = async { while received.recv().await.is_some() {} };
    let (report, ()) = tokio::join!(applied, drain);
    report
}

/// Tells why a plan cannot be executed; true where it can.
fn may_apply(plan: &Plan, ui: &Ui) -> bool {
    for finding in plan.findings.iter().filter(|_| !plan.may_apply()) {
        let start = Diagnostic::error(format!("{} {}", finding.code, finding.summary));
        let all = finding.help.iter().fold(start, |diagnostic, help| diagnostic.help(help));
        context::tell(ui, all);
    }
    plan.may_apply()
}

/// Tells what went wrong with a run, under one summary.
fn tell_problems(summary: &str, report: &Report, ui: &Ui) {
    for problem in report.failed.iter().chain(&report.unknown) {
        let start = Diagnostic::error(summary).detail(format!("{}.", problem.error.trim_end_matches('.')));
        let helped = problem.help.iter().fold(start, |diagnostic, help| diagnostic.help(help));
        context::tell(
            ui,
            match &problem.query_id {
                Some(id) => helped.help(format!("the server's logs have it as query {id}")),
                None => helped,
            },
        );
    }
    for warning in &report.warnings {
        ui.warn(warning);
    }
}
