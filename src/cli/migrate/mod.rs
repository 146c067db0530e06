//! `charter migrate`: the ledger of migrations, seen and mended by a person. Running migrations is
//! what `charter apply` does.

mod new;
mod status;

use clap::Subcommand;

use super::args::Common;
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
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    match &args.command {
        Command::Status(args) => status::run(common, args, ui).await,
        Command::New(args) => new::run(common, args, ui),
    }
}
