//! `charter completion`: scripts for shells.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::ui::Ui;
use crate::ui::exit::Code;

/// Prints a completion script, to be put where the shell looks for such.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  charter completion bash > /etc/bash_completion.d/charter")]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Runs the command.
pub fn run<C: CommandFactory>(args: &Args, ui: &Ui) -> Code {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut C::command(), "charter", &mut script);
    ui.result(&String::from_utf8_lossy(&script));
    Code::Done
}
