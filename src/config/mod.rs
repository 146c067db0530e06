//! From files to what is desired: parse · names · variables · evaluate · expand · decode.
//!
//! [`compile`] is pure: it reads through [`Files`] and is given the environment; only [`load`]
//! touches the disk. Every step reports as many problems as it can, at their exact places, and
//! what a problem made unknown is silent from then on.

mod blocks;
mod check;
mod checks;
mod condition;
mod decls;
mod decode;
mod eval;
mod expand;
mod funcs;
mod import;
mod inputs;
mod lint;
pub mod load;
mod mismatch;
mod moved;
mod ops;
mod parse;
mod refs;
mod removed;
mod rollout;
mod settings;
mod template;
pub mod testing;
mod traverse;
mod types;
mod val;
mod varfiles;
mod vars;
mod version;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use self::funcs::names as function_names;

use self::blocks::Builder;
use self::decls::{Decls, UNREAD};
use self::eval::{Evaluator, Names};
use self::inputs::Remembering;
use self::parse::Parsed;
use self::val::Val;
use crate::diag::{Diagnostic, Diagnostics, FileId, SourceMap};
use crate::kinds::Kinds;
use crate::model::files::Files;
use crate::model::graph::Graph;
use crate::model::inputs::Inputs;
use crate::model::resource::Desired;
use crate::model::{Addr, Settings};

/// What is given besides the files of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The variables of `--var`, in order.
    pub vars: Vec<(String, String)>,
    /// The files of `--var-file`, in order.
    pub var_files: Vec<String>,
    /// The environment, for `CHARTER_VAR_<name>` and `env()`.
    pub env: BTreeMap<String, String>,
    /// Files of variables that win over all others: those of a test.
    pub overrides: Vec<String>,
    /// Whether conditions come that are no part of the configuration: those of a test.
    pub is_test: bool,
}

/// A compiled configuration. With errors it is as complete as it can be; callers refuse it then.
#[derive(Debug)]
pub struct Compiled {
    /// The files that were read.
    pub sources: SourceMap,
    /// The problems.
    pub diags: Diagnostics,
    /// The settings; none where they have problems.
    pub settings: Option<Settings>,
    /// What is declared.
    pub desired: Desired,
    /// What it was made of.
    pub inputs: Inputs,
}

/// Compiles the configuration in a folder.
pub fn compile(files: &dyn Files, input: &Input, kinds: &Kinds) -> Compiled {
    let remembering = Remembering::new(files);
    let mut compiled = compile_then(&remembering, input, kinds, |compiled, _| compiled);
    compiled.inputs.files = remembering.into_read();
    // Their values count, and those are known by name.
    compiled.inputs.files.retain(|path| !input.var_files.contains(path));
    compiled
}

/// Compiles the configuration in a folder, and goes on with what its names mean.
pub fn compile_then<T>(
    files: &dyn Files,
    input: &Input,
    kinds: &Kinds,
    then: impl FnOnce(Compiled, testing::Known<'_>) -> T,
) -> T {
    let mut sources = SourceMap::default();
    let mut diags = Diagnostics::default();
    let parsed = read(files, &mut sources, &mut diags);
    let allows = lint::comments(&parsed, &sources, &mut diags);
    let decls = Decls::collect(&parsed, kinds, &mut diags);
    let mut edges = check::check(&decls, &mut diags);
    blocks::check(&decls, &mut diags);
    checks::check(&decls, &mut diags);
    let (vars, secret_files) = vars::evaluate(&decls, input, files, &mut sources, &mut diags);
    let inputs = inputs::variables(&vars, secret_files);
    let reported = std::mem::take(&mut edges.reported);
    let graph = edges.graph();
    let acyclic = graph.cycles().is_empty();
    let order = edges.order(&mut diags);
    let mut builder = Builder {
        decls: &decls,
        files,
        env: &input.env,
        names: Names {
            vars,
            presets: Some(presets(&decls)),
            reported,
            whole: input.is_test || checks::are_there(&decls),
            ..Names::default()
        },
        desired: Desired::default(),
        complete: parsed.broken.is_empty() && acyclic,
    };
    // Settings come before all resources, and the locals that settings may use before them.
    let (early, late) = split(&decls, &graph, order);
    builder.locals(early.iter(), &mut diags);
    let ev = Evaluator::new(&builder.names, files, &input.env);
    let (settings, good) = settings::evaluate(&decls, &ev, &sources, &mut diags);
    for addr in &late {
        builder.locals([addr].into_iter(), &mut diags);
        builder.resource(addr, &settings, &mut sources, &mut diags);
    }
    builder.link(kinds, &settings, &mut sources, &mut diags);
    if let Some(policy) = settings.rollout.as_ref().filter(|_| builder.complete) {
        rollout::check(policy, &builder.desired, &mut diags);
    }
    builder.desired.allows = allows;
    builder.desired.moves = moved::read(&decls.moved, &builder.desired, builder.complete, &mut diags);
    builder.desired.imports = import::read(&decls.imports, &builder.desired, builder.complete, &mut diags);
    builder.desired.checks = checks::evaluate(&builder, &sources, &mut diags);
    builder.desired.removals = removed::read(&decls, &builder.desired, builder.complete, &mut diags);
    let Builder { names, desired, .. } = builder;
    let known = testing::Known { decls: &decls, names, files, env: &input.env };
    then(Compiled { desired, settings: good.then_some(settings), sources, diags, inputs }, known)
}

/// Parses a file of the map and returns what is wrong with its syntax.
pub fn syntax(file: FileId, sources: &SourceMap) -> Diagnostics {
    let mut diags = Diagnostics::default();
    Parsed::default().add(file, sources, &mut diags);
    diags
}

/// Returns what `charter.presets` holds.
fn presets(decls: &Decls<'_>) -> Val {
    let presets = decls.presets.iter().map(|(name, items)| {
        let items = items.iter().map(|item| Val::from(*item));
        ((*name).to_owned(), Val::list(items.collect()))
    });
    Val::map(presets.collect())
}

/// Splits an order into the locals that need no resource, and the rest.
fn split(decls: &Decls<'_>, graph: &Graph, order: Vec<Addr>) -> (Vec<Addr>, Vec<Addr>) {
    let mut late = std::collections::BTreeSet::new();
    for addr in &order {
        // What an address needs comes before it in the order.
        if decls.resources.contains_key(addr) || graph.before(addr).any(|a| late.contains(a)) {
            late.insert(addr.clone());
        }
    }
    order.into_iter().partition(|addr| !late.contains(addr))
}

/// Reads and parses the files of the configuration's folder.
fn read(files: &dyn Files, sources: &mut SourceMap, diags: &mut Diagnostics) -> Parsed {
    let mut parsed = Parsed::default();
    let names = match files.list("") {
        Ok(Some(names)) => names,
        Ok(None) => {
            diags.push(
                Diagnostic::error("no configuration")
                    .detail("There is no such folder.")
                    .help("`-C DIR` chooses a folder"),
            );
            return parsed;
        }
        Err(reason) => {
            diags.push(Diagnostic::error("cannot read the configuration").detail(reason));
            return parsed;
        }
    };
    let paths: Vec<&String> = names.iter().filter(|name| is_configuration(name)).collect();
    if paths.is_empty() {
        diags.push(
            Diagnostic::error("no configuration")
                .detail("There is no .hcl file in the folder.")
                .help("write one: `charter --help` shows the smallest configuration")
                .help("`-C DIR` chooses another folder"),
        );
    }
    for path in paths {
        match files.read(path).map(String::from_utf8) {
            Ok(Ok(text)) => {
                let file = sources.add(path.as_str(), text);
                parsed.add(file, sources, diags);
            }
            Ok(Err(error)) => {
                let at = error.utf8_error().valid_up_to();
                let before = error.as_bytes().get(..at).unwrap_or_default();
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                diags.push(
                    Diagnostic::error("file is not UTF-8")
                        .detail(format!("{path}, line {line}, byte {at} of the file."))
                        .help("save it as UTF-8"),
                );
                // What it declares is unknown.
                parsed.broken.insert((UNREAD.to_owned(), path.clone()));
            }
            Err(reason) => {
                diags.push(Diagnostic::error("cannot read a file").detail(format!("{path}: {reason}")));
                parsed.broken.insert((UNREAD.to_owned(), path.clone()));
            }
        }
    }
    parsed
}

/// Returns whether a file belongs to the configuration.
fn is_configuration(name: &str) -> bool {
    name.ends_with(".hcl")
        && !name.starts_with('.')
        && !name.ends_with(".vars.hcl")
        && !name.ends_with(".test.hcl")
}
