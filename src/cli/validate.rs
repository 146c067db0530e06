//! `charter validate`: the configuration alone, offline.

use super::args::Common;
use super::context;
use crate::kinds::Kinds;
use crate::ui::{Exit, Ui};

/// Parses every *.hcl file of the folder, resolves references, evaluates expressions, checks types
/// and names, and reads the migrations: everything that can be told without a server.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(common: &Common, _: &Args, ui: &Ui) -> Exit {
    match context::load(common, &Kinds::all(), ui) {
        Some((compiled, _)) => {
            let count =
                compiled.desired.resources.values().filter(|resource| resource.kind != "ledger").count();
            let noun = if count == 1 { "resource" } else { "resources" };
            context::print(ui, &format!("The configuration is valid: {count} {noun}."), Exit::Done)
        }
        None => Exit::Error,
    }
}
