//! Conditions on the whole of what is declared: `check` blocks, and the preconditions of resources.
//! They are evaluated last, with all that the blocks declare at hand. A check that fails is a finding
//! of plan and check, a precondition that is not met an error.

use std::collections::BTreeMap;

use super::blocks::Builder;
use super::condition::{self, Verdict};
use super::decls::{Decls, Placed, Resource};
use super::decode;
use super::eval::{Cx, Evaluator, Scope};
use super::expand::Instances;
use crate::diag::{Diagnostic, Diagnostics, SourceMap, Span};
use crate::model::Addr;
use crate::model::checks::{Check, Failure};
use crate::model::schema::{Arity, BlockSchema};

/// The summary of the error of a precondition.
pub const NOT_MET: &str = "precondition is not met";
/// How many instances an error names that do not meet one precondition.
const NAMED: usize = 5;

/// Returns whether the configuration sets conditions.
pub fn are_there(decls: &Decls<'_>) -> bool {
    !decls.checks.is_empty()
        || decls.resources.values().any(|resource| preconditions(resource).next().is_some())
}

/// Returns what a `check` block holds.
fn schema() -> BlockSchema {
    BlockSchema::default().block("assert", Arity::Many, condition::schema())
}

fn preconditions<'a>(resource: &Resource<'a>) -> impl Iterator<Item = Placed<'a>> {
    let lifecycle: Vec<Placed<'a>> = resource.placed.nested("lifecycle").collect();
    lifecycle.into_iter().flat_map(|lifecycle| lifecycle.nested("precondition").collect::<Vec<_>>())
}

/// Checks the bodies of `check` blocks.
pub fn check(decls: &Decls<'_>, diags: &mut Diagnostics) {
    for (name, placed) in &decls.checks {
        decode::check(placed, &schema(), (&[], &[]), diags);
        if placed.nested("assert").next().is_none() {
            diags.push(
                Diagnostic::error("check without an assert")
                    .at(placed.head(), format!("nothing is asserted by {name:?}"))
                    .help("add assert { condition = …  error_message = … }, a line each"),
            );
        }
    }
}

/// Evaluates all conditions. What cannot be evaluated, and what keeps a resource from being planned,
/// goes to `diags`.
pub fn evaluate(builder: &Builder<'_, '_>, sources: &SourceMap, diags: &mut Diagnostics) -> Vec<Check> {
    let mut made = Vec::new();
    for (name, placed) in &builder.decls.checks {
        let ev = Evaluator::new(&builder.names, builder.files, builder.env);
        let cx = Cx { ev: &ev, at: placed.at, scope: &Scope::Top };
        let failures = placed.nested("assert").filter_map(|assert| failure(&cx, &assert, sources));
        let addr = Addr::new("check", name);
        made.push(Check { addr, is_precondition: false, failures: failures.collect() });
        ev.take().into_iter().for_each(|item| diags.push(item));
    }
    for (addr, resource) in &builder.decls.resources {
        if preconditions(resource).next().is_some() {
            made.extend(of_resource(builder, addr, resource, sources, diags));
        }
    }
    made
}

fn failure(cx: &Cx<'_>, placed: &Placed<'_>, sources: &SourceMap) -> Option<Failure> {
    match condition::evaluate(cx, placed, "the condition is false", sources) {
        Verdict::Fails(failure) => Some(failure),
        Verdict::Holds | Verdict::Unknown => None,
    }
}

/// Evaluates the preconditions of a block, for each of its instances.
fn of_resource(
    builder: &Builder<'_, '_>,
    addr: &Addr,
    resource: &Resource<'_>,
    sources: &SourceMap,
    diags: &mut Diagnostics,
) -> Vec<Check> {
    // What is wrong with the keys was told when the instances were made.
    let instances = match builder.expand(addr, resource, &mut Diagnostics::default()) {
        Instances::One => vec![(addr.clone(), Scope::Top)],
        Instances::Many(pairs) => pairs
            .into_iter()
            .map(|(key, each)| (addr.clone().instance(&key), Scope::Bind("each", each, &Scope::Top)))
            .collect(),
        Instances::Unknown => Vec::new(),
    };
    let mut unmet: BTreeMap<Span, Vec<(&Addr, Failure)>> = BTreeMap::new();
    let mut problems = Diagnostics::default();
    for (addr, scope) in &instances {
        let ev = Evaluator::new(&builder.names, builder.files, builder.env);
        let cx = Cx { ev: &ev, at: resource.placed.at, scope };
        for precondition in preconditions(resource) {
            if let Some(failure) = failure(&cx, &precondition, sources) {
                unmet.entry(failure.span).or_default().push((addr, failure));
            }
        }
        ev.take().into_iter().for_each(|item| problems.push(item));
    }
    super::blocks::first_of_each(&problems, diags);
    for failures in unmet.values() {
        diags.push(not_met(failures, resource));
    }
    let check = |(addr, _): (Addr, _)| Check { addr, is_precondition: true, failures: Vec::new() };
    instances.into_iter().map(check).collect()
}

/// Returns the error of a precondition that instances of a block do not meet.
fn not_met(failures: &[(&Addr, Failure)], resource: &Resource<'_>) -> Diagnostic {
    let item = Diagnostic::error(NOT_MET);
    let Some((first, failure)) = failures.first() else { return item };
    let values = failure.values.join(", ");
    let label =
        if values.is_empty() { "this is false".to_owned() } else { format!("this is false: {values}") };
    let item = item
        .at(failure.span, label)
        .at(resource.placed.head(), format!("`{first}` needs it"))
        .detail(failure.message.clone());
    let more: Vec<String> = failures[1..].iter().take(NAMED).map(|(addr, _)| format!("`{addr}`")).collect();
    let beyond = failures.len().saturating_sub(1 + NAMED);
    match (more.is_empty(), beyond) {
        (true, _) => item,
        (false, 0) => item.help(format!("the same holds for {}", super::check::listed(more))),
        (false, beyond) => item.help(format!("the same holds for {} and {beyond} more", more.join(", "))),
    }
}
