//! `charter show`: a saved plan, in any format.

use std::path::PathBuf;

use super::args::{Format, Look};
use super::{context, plan, saved};
use crate::render;
use crate::ui::{Exit, Ui};

/// Shows a saved plan; needs neither a server nor the configuration
///
/// The file is one that `charter plan -o FILE` wrote. Its digest is checked first; with CHARTER_PLAN_KEY set, also that
/// it was written by whoever has that key.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  charter plan -o acme.plan && charter show acme.plan\n  charter show acme.plan --sql\n  \
                        charter show acme.plan --format markdown > comment.md\n  charter show acme.plan --format json | jq .summary"
)]
pub struct Args {
    /// The saved plan
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How the plan is printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    look: Look,
}

/// Runs the command.
pub fn run(args: &Args, ui: &Ui) -> Exit {
    let opened = context::one_of_both(ui, args.format != Format::Text)
        .and_then(|()| saved::key(ui))
        .and_then(|key| saved::read(&args.file, key.as_ref(), ui));
    let opened = match opened {
        Ok(opened) => opened,
        Err(code) => return code,
    };
    if context::tell_events(ui, || render::lines::plan(&opened.saved.plan)) {
        return Exit::Done;
    }
    let shown = match args.format {
        Format::Json => format!("{:#}\n", render::json::plan(&opened.saved.plan, &opened.charter)),
        format => plan::render_plan(&opened.saved.plan, format, args.look, ui),
    };
    if args.format != Format::Text {
        return context::print(ui, &shown, Exit::Done);
    }
    let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
    let head = render::saved::head(&opened, env!("CARGO_PKG_VERSION"), now);
    context::print(ui, &format!("{head}\n\n{shown}"), Exit::Done)
}
