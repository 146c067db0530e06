//! `charter completion`: scripts for shells.

use clap::CommandFactory;
use clap_complete::Shell;

use super::context;
use crate::ui::{Exit, Ui};

/// Writes a completion script for a shell to standard output
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  charter completion bash > /etc/bash_completion.d/charter")]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Runs the command.
pub fn run<C: CommandFactory>(args: &Args, ui: &Ui) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut C::command(), "charter", &mut script);
    context::print(ui, &String::from_utf8_lossy(&script), Exit::Done)
}
