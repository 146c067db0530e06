//! `charter graph`: what depends on what, offline.

use std::collections::BTreeSet;

use super::args::{Common, addr};
use super::context;
use crate::diag::{Diagnostic, nearest};
use crate::kinds::Kinds;
use crate::model::Addr;
use crate::model::resource::Desired;
use crate::plan;
use crate::render::graph::Drawing;
use crate::ui::{Exit, Ui};

/// How the graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For Graphviz.
    Dot,
    /// For Markdown on GitHub and GitLab.
    Mermaid,
}

/// Draws what depends on what in the configuration; needs no server
///
/// An arrow leads from what is there first to what is made after it; arrows that follow from others
/// are left out. Charter's own tables, which everything needs, are not drawn.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  charter graph | dot -Tsvg > graph.svg\n  \
                        charter graph --format mermaid --target tenant.acme")]
pub struct Args {
    /// How the graph is written
    #[arg(long, value_enum, default_value = "dot")]
    format: Format,
    /// Only this, and what it depends on: an address or a group, such as tenant.acme
    #[arg(long = "target", value_name = "ADDRESS", value_parser = addr)]
    targets: Vec<Addr>,
}

/// Runs the command.
pub fn run(common: &Common, args: &Args, ui: &Ui) -> Exit {
    let kinds = Kinds::all();
    let Some((compiled, _)) = context::load(common, &kinds, ui) else { return Exit::Error };
    let desired = &compiled.desired;
    if let Some(wrong) = args.targets.iter().find(|target| desired.matching(target).is_empty()) {
        context::tell(ui, unknown(wrong, desired));
        return Exit::Error;
    }
    let mut wanted = plan::selected(desired, &args.targets);
    wanted.retain(|addr| {
        let kind = desired.resources.get(addr).and_then(|resource| kinds.get(resource.kind));
        kind.is_some_and(|kind| kind.schema().is_some())
    });
    let drawing = Drawing::of(desired, &wanted);
    let text = match args.format {
        Format::Dot => drawing.dot(),
        Format::Mermaid => drawing.mermaid(),
    };
    context::print(ui, &text, Exit::Done)
}

fn unknown(target: &Addr, desired: &Desired) -> Diagnostic {
    let blocks: BTreeSet<String> = desired.resources.keys().map(|addr| addr.block().to_string()).collect();
    let text = target.to_string();
    let start = Diagnostic::error(format!("nothing is declared at {text}"));
    match nearest(&text, blocks.iter().map(String::as_str)) {
        Some(near) => start.help(format!("did you mean {near}?")),
        None => start.help("without --target, everything is drawn"),
    }
}
