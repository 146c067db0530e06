//! `charter migrate`: the ledger of migrations, seen and mended by a person. Running migrations is
//! what `charter apply` does.

mod baseline;
mod new;
mod repair;
mod status;

use clap::Subcommand;

use super::args::Common;
use super::context::{self, Context};
use crate::diag::Diagnostic;
use crate::kinds::ledger;
use crate::kinds::migrations::{baseline::Baseline, repair::Repair};
use crate::model::resource::Desired;
use crate::model::snapshot::{Caps, Read};
use crate::model::{Plan, Rotation, Step};
use crate::plan;
use crate::ui::{Exit, Ui};

/// Shows and mends the ledger of migrations, and begins new files
///
/// Migrations are run by `charter apply`, with everything else that is declared. What is here is
/// beside it: how files stand by tenant, the next file of a folder, and what a person decides where
/// no program may: a statement whose end nobody knows, and a database that was there before.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Status(status::Args),
    New(new::Args),
    Repair(repair::Args),
    Baseline(baseline::Args),
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    match &args.command {
        Command::Status(args) => status::run(common, args, ui).await,
        Command::New(args) => new::run(common, args, ui),
        Command::Repair(args) => repair::run(common, args, ui).await,
        Command::Baseline(args) => baseline::run(common, args, ui).await,
    }
}

/// What is recorded in the ledger at a person's word.
#[derive(Clone, Debug)]
pub enum Work {
    /// A decision about one file.
    Repair(Repair),
    /// Files of a database that was there before.
    Baseline(Baseline),
}

impl Work {
    fn reads(&self, desired: &Desired) -> Vec<Read> {
        match self {
            Self::Repair(repair) => repair.reads(desired),
            Self::Baseline(baseline) => baseline.reads(desired),
        }
    }

    fn steps(&self, world: &crate::kinds::World) -> Result<Vec<Step>, Box<Diagnostic>> {
        match self {
            Self::Repair(repair) => Ok(vec![repair.step(world)?]),
            Self::Baseline(baseline) => baseline.steps(world),
        }
    }
}

/// Plans what is recorded: charter's own tables where they are not up to date, and then the rows.
pub async fn plan(context: &Context, work: &Work, ui: &Ui) -> Result<Plan, Exit> {
    let desired = &context.compiled.desired;
    let more = |_: &Caps| work.reads(desired);
    let observation = context.observe_kind(crate::kinds::common::migration::KIND, &more, ui).await?;
    let rotation = Rotation::default();
    let request = context.request(&observation, &[], &rotation);
    let steps = work.steps(&request.world()).map_err(|refused| {
        context::tell(ui, *refused);
        Exit::Error
    })?;
    let mut plan = plan::one(&request, &ledger::addr());
    let before: Vec<usize> = plan.steps.iter().map(|step| step.id).collect();
    for step in steps {
        plan.steps.push(Step { id: plan.steps.len(), after: before.clone(), ..step });
    }
    plan.locate(&context.compiled.sources);
    Ok(plan)
}
