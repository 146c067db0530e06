//! `charter unlock`: takes the lock of a scope away from whoever holds it.

use std::sync::Arc;

use super::args::Common;
use super::context::{self, Context};
use super::identity;
use crate::apply::gate;
use crate::apply::lock;
use crate::config::load::environment;
use crate::ui::{Exit, Ui};

/// Takes the lock of the scope away from the run that holds it
///
/// A lock lapses by itself half a minute after the run that held it died, so this is hardly ever
/// needed. A run that is alive notices within ten seconds that its lock is gone, finishes what it is
/// doing, and stops.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  charter unlock")]
pub struct Args {
    /// Do not ask
    #[arg(long)]
    force: bool,
    /// Who unlocks, for the lock's record; else from the CI's variables or the operating system
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
}

/// Runs the command.
pub async fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let run = identity::run("unlock", args.actor.as_deref(), &common.dir, &environment());
    let context = match Context::open(common, &run, ui).await {
        Ok(context) => context,
        Err(exit) => return exit,
    };
    let scope = &context.settings.scope;
    let holder = match lock::holder(&*context.servers, scope).await {
        Ok(holder) => holder,
        Err(error) => return failed(&error, ui),
    };
    let Some(holder) = holder else {
        return context::print(ui, &format!("The lock of scope {scope} is free."), Exit::Done);
    };
    ui.status(&format!("Scope {scope}: {holder}."));
    if !args.force && !confirmed(ui) {
        ui.status("The lock was left alone.");
        return Exit::Declined;
    }
    match lock::force(Arc::clone(&context.servers), scope, &run).await {
        Ok(Some(holder)) => {
            let text = format!("The lock of scope {scope} was taken from run {} and is free.", holder.run);
            context::print(ui, &text, Exit::Done)
        }
        Ok(None) => context::print(ui, &format!("The lock of scope {scope} is free."), Exit::Done),
        Err(error) => failed(&error, ui),
    }
}

fn confirmed(ui: &Ui) -> bool {
    if !ui.is_interactive() {
        ui.error("standard input is no terminal: pass --force where you are sure that the run is dead");
        return false;
    }
    let prompt = "Do you want to take the lock away? If that run is alive, it stops half-way.\n  Only 'yes' will be accepted.\n\n  Enter a value: ";
    ui.ask(prompt).is_ok_and(|answer| gate::is_yes(&answer))
}

fn failed(error: &lock::LockError, ui: &Ui) -> Exit {
    ui.error(&error.to_string());
    Exit::Error
}
