//! `charter validate`: the configuration alone, offline.

use super::args::Common;
use super::context;
use crate::config::Compiled;
use crate::diag::{Diagnostic, Diagnostics};
use crate::kinds::Kinds;
use crate::ui::{Exit, Ui};

/// Parses, resolves and type-checks the configuration; needs no server
///
/// Reads every *.hcl file of the folder (but *.vars.hcl and *.test.hcl), resolves references,
/// evaluates expressions, checks types and names, and cuts the migrations into statements:
/// everything that can be told without a server, and evaluates `check` blocks and preconditions. As many
/// problems as one run can find are told, each with its place and what to do. Warnings, and checks that
/// fail, do not fail it.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(common: &Common, _: &Args, ui: &Ui) -> Exit {
    let kinds = Kinds::all();
    match context::load(common, &kinds, ui) {
        Some((compiled, _)) => {
            tell_failures(&compiled, ui);
            // Charter's own tables are nothing that anybody wrote.
            let has_block = |kind: &str| kinds.get(kind).is_some_and(|kind| kind.schema().is_some());
            let count =
                compiled.desired.resources.values().filter(|resource| has_block(resource.kind)).count();
            let noun = if count == 1 { "resource" } else { "resources" };
            let text = format!("The configuration is valid: {count} {noun}.");
            if ui.is_json() {
                ui.status(&text);
                return Exit::Done;
            }
            context::print(ui, &text, Exit::Done)
        }
        None => Exit::Error,
    }
}

/// Tells the checks that fail: a plan has them among its findings.
fn tell_failures(compiled: &Compiled, ui: &Ui) {
    let failed = compiled.desired.checks.iter().flat_map(|check| {
        check.failures.iter().map(move |failure| {
            let values = failure.values.join(", ");
            let space = if values.is_empty() { "" } else { ": " };
            Diagnostic::warning(format!("{} fails", check.addr))
                .at(failure.span, format!("this is false{space}{values}"))
                .detail(failure.message.clone())
        })
    });
    let failed: Diagnostics = failed.collect();
    context::tell_all(ui, &failed, &compiled.sources);
}
