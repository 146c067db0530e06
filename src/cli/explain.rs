//! `charter explain`: what a finding's code means, from the pages of `docs/codes/`.

use super::context;
use crate::diag::Diagnostic;
use crate::lint::registry::{self, Code};
use crate::render;
use crate::ui::{Exit, Ui};

/// Tells what a finding's code means, why it matters and what to do
///
/// Prints the page of the code, which is built into charter; without a code, the list of all of them.
/// Also whether `lint { deny allow }` and `charter:allow` comments can do something about it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  charter explain CH412\n  charter explain | grep CH1")]
pub struct Args {
    /// The code, such as CH412; all of them where it is absent
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

/// Runs the command.
pub fn run(args: &Args, ui: &Ui) -> Exit {
    let Some(name) = &args.code else {
        return context::print(ui, &render::codes::list(registry::all()), Exit::Done);
    };
    match registry::find(name.trim()) {
        Some(code) => context::print(ui, &page(code), Exit::Done),
        None => {
            let diagnostic = Diagnostic::error(format!("there is no code {name:?}"));
            context::tell(
                ui,
                match registry::suggest(name) {
                    Some(near) => diagnostic.help(format!("did you mean {near}? charter explain {near}")),
                    None => diagnostic.help("`charter explain` lists all codes"),
                },
            );
            Exit::Usage
        }
    }
}

fn page(code: &Code) -> String {
    format!("{}\n\n{}", code.text(), render::codes::facts(code))
}
