//! Checks names before anything is evaluated: every reference and function call, at its exact
//! place, with the nearest name. What is left are the edges between blocks and locals.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};

use super::decls::{Decls, Placed, Resource};
use super::funcs;
use super::parse::At;
use super::refs::{self, Reference, Step};
use crate::diag::{Diagnostic, Diagnostics, Span, nearest};
use crate::model::Addr;
use crate::model::graph::Graph;

/// Where an expression stands, which decides what it may use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Context<'a> {
    /// The default of a variable: functions only.
    Default,
    /// The validation of this variable.
    Validation(&'a str),
    /// The `charter` block.
    Charter,
    /// How to reach a server: the environment may be used.
    Server,
    /// A local value.
    Local,
    /// A resource block, with `for_each` or without.
    Resource {
        /// Whether `each` means something.
        each: bool,
    },
    /// A condition on what is declared: all of it may be referred to.
    Condition {
        /// Whether `each` means something.
        each: bool,
    },
    /// An assert of a test: a condition that knows the plan besides.
    Test,
}

/// The edges between blocks and locals, by address (`local.x` for a local).
#[derive(Default)]
pub struct Edges {
    before: BTreeMap<Addr, BTreeSet<Addr>>,
    spans: BTreeMap<(Addr, Addr), Span>,
    /// The names that were reported: first words of references, and functions.
    pub reported: BTreeSet<Span>,
}

impl Edges {
    fn add(&mut self, from: &Addr, to: Addr, span: Span) {
        let edge = (from.clone(), to.clone());
        self.spans.entry(edge).or_insert(span);
        self.before.entry(from.clone()).or_default().insert(to);
    }

    /// Returns the graph of the edges.
    pub fn graph(&self) -> Graph {
        Graph::from_edges(self.before.clone())
    }

    /// Returns all addresses in an order in which each comes after what it refers to. Cycles are
    /// reported, and opened, so that the rest of their members is still looked at.
    pub fn order(mut self, diags: &mut Diagnostics) -> Vec<Addr> {
        loop {
            let graph = self.graph();
            let cycles = graph.cycles();
            if cycles.is_empty() {
                return graph.order();
            }
            for cycle in cycles {
                diags.push(cycle_error(&cycle, |from, to| {
                    self.spans.get(&(from.clone(), to.clone())).copied()
                }));
                let next = cycle.iter().cycle().skip(1);
                for (from, to) in cycle.iter().zip(next) {
                    if let Some(before) = self.before.get_mut(from) {
                        before.remove(to);
                    }
                }
            }
        }
    }
}

/// Returns the error of a cycle; `span` says where one address refers to another.
pub fn cycle_error(cycle: &[Addr], span: impl Fn(&Addr, &Addr) -> Option<Span>) -> Diagnostic {
    let next = cycle.iter().cycle().skip(1);
    let mut item = Diagnostic::error("dependency cycle");
    for (from, to) in cycle.iter().zip(next) {
        if let Some(span) = span(from, to) {
            let label =
                if from == to { format!("`{from}` needs itself") } else { format!("`{from}` needs `{to}`") };
            item = item.at(span, label);
        }
    }
    let path = cycle.iter().chain(cycle.first());
    let path: Vec<String> = path.map(ToString::to_string).collect();
    item.detail(format!("None of these can come first: {}.", path.join(" → ")))
        .help("remove one of these references")
}

/// Checks every expression of the configuration and returns the edges.
pub fn check(decls: &Decls<'_>, diags: &mut Diagnostics) -> Edges {
    let mut checker = Checker { decls, diags, edges: Edges::default() };
    for (name, placed) in &decls.variables {
        checker.variable(name, placed);
    }
    for (name, local) in &decls.locals {
        let from = Addr::new("local", name);
        checker.edges.before.entry(from.clone()).or_default();
        checker.expr(local.expr, local.at, Context::Local, Some(&from));
    }
    for (name, placed) in &decls.settings {
        let context = if *name == "charter" { Context::Charter } else { Context::Server };
        checker.body(&placed.block.body, placed.at, context, None);
    }
    for (addr, resource) in &decls.resources {
        checker.resource(addr, resource);
    }
    for placed in decls.checks.values() {
        checker.body(&placed.block.body, placed.at, Context::Condition { each: false }, None);
    }
    let edges = checker.edges;
    settings_edges(decls, &edges, diags);
    edges
}

/// Checks the expressions of a test's asserts, and returns the names that were reported.
pub fn asserts(decls: &Decls<'_>, asserts: &[Placed<'_>], diags: &mut Diagnostics) -> BTreeSet<Span> {
    let mut checker = Checker { decls, diags, edges: Edges::default() };
    for assert in asserts {
        checker.body(&assert.block.body, assert.at, Context::Test, None);
    }
    checker.edges.reported
}

/// Settings are needed to decode resources, so they cannot depend on any, be it through locals.
fn settings_edges(decls: &Decls<'_>, edges: &Edges, diags: &mut Diagnostics) {
    let graph = edges.graph();
    for placed in decls.settings.values() {
        for (expr, at) in expressions(&placed.block.body, placed.at) {
            for reference in refs::collect(expr, at).refs {
                let Some(name) = reference.attr(0).filter(|_| reference.root == "local") else {
                    continue;
                };
                let below = graph.closure([Addr::new("local", name)]);
                if let Some(addr) = below.iter().find(|addr| decls.resources.contains_key(addr)) {
                    diags.push(settings_need(reference.span(), &format!("comes from `{addr}`")));
                }
            }
        }
    }
}

fn settings_need(span: Span, label: &str) -> Diagnostic {
    Diagnostic::error("settings cannot depend on a resource")
        .at(span, label)
        .detail("Resources are read with these settings.")
        .help("use variables and locals here")
}

/// Returns all expressions of a body and its nested blocks.
fn expressions(body: &Body, at: At) -> Vec<(&Expression, At)> {
    let own = body.attributes().map(|attr| (&attr.value, at));
    let nested = body.blocks().flat_map(|block| expressions(&block.body, at));
    own.chain(nested).collect()
}

struct Checker<'c, 'a> {
    decls: &'c Decls<'a>,
    diags: &'c mut Diagnostics,
    edges: Edges,
}

impl Checker<'_, '_> {
    fn variable(&mut self, name: &str, placed: &Placed<'_>) {
        if let Some(default) = placed.attr("default") {
            self.expr(&default.value, placed.at, Context::Default, None);
        }
        for validation in placed.nested("validation") {
            let context = Context::Validation(name);
            self.body(&validation.block.body, placed.at, context, None);
        }
    }

    fn resource(&mut self, addr: &Addr, resource: &Resource<'_>) {
        self.edges.before.entry(addr.clone()).or_default();
        let (placed, each) = (resource.placed, resource.is_repeated());
        for attr in placed.block.body.attributes() {
            // The keys are not there yet while they are made.
            let each = each && !attr.has_key("for_each");
            let context = Context::Resource { each };
            self.expr(&attr.value, placed.at, context, Some(addr));
        }
        // What `lifecycle` names are attributes of the block itself.
        let is_lifecycle = |block: &&Block| block.ident.value().as_str() == "lifecycle";
        for block in placed.block.body.blocks().filter(|b| !is_lifecycle(b)) {
            let context = Context::Resource { each };
            self.body(&block.body, placed.at, context, Some(addr));
        }
        // Conditions are looked at last: they hold nothing up, and may name their own block.
        for lifecycle in placed.nested("lifecycle") {
            for precondition in lifecycle.nested("precondition") {
                let context = Context::Condition { each: resource.is_repeated() };
                self.body(&precondition.block.body, placed.at, context, None);
            }
        }
    }

    fn body(&mut self, body: &Body, at: At, context: Context<'_>, from: Option<&Addr>) {
        for (expr, at) in expressions(body, at) {
            self.expr(expr, at, context, from);
        }
    }

    fn expr(&mut self, expr: &Expression, at: At, context: Context<'_>, from: Option<&Addr>) {
        let found = refs::collect(expr, at);
        for (name, span) in &found.calls {
            if let Some(problem) = call(name, *span, context) {
                self.diags.push(problem);
                self.edges.reported.insert(*span);
            }
        }
        for reference in &found.refs {
            match self.reference(reference, context) {
                Ok(Some(to)) => {
                    if let Some(from) = from {
                        self.edges.add(from, to, reference.span());
                    }
                }
                Ok(None) => {}
                Err(problem) => {
                    self.diags.push(*problem);
                    self.edges.reported.insert(reference.root_span);
                }
            }
        }
    }

    /// Returns the block or local that a reference needs.
    fn reference(
        &self,
        reference: &Reference,
        context: Context<'_>,
    ) -> Result<Option<Addr>, Box<Diagnostic>> {
        let root = reference.root.as_str();
        let name = reference.attr(0);
        let known = matches!(root, "var" | "local" | "each" | "charter")
            || (root == "plan" && context == Context::Test)
            || self.decls.schemas.contains_key(root);
        if !known {
            return Err(Box::new(self.unknown_root(reference)));
        }
        if let Some(problem) = forbidden(reference, context) {
            return Err(Box::new(problem));
        }
        let Some(name) = name else {
            return Err(Box::new(unfinished(reference)));
        };
        match root {
            "var" => {
                let names = self.decls.variables.keys().map(String::as_str);
                let there = self.decls.variables.contains_key(name);
                let broken = self.decls.is_broken("variable", name);
                known_name(reference, there || broken, "variable", names)?;
                Ok(None)
            }
            "local" => {
                let names = self.decls.locals.keys().map(String::as_str);
                let there = self.decls.locals.contains_key(name);
                let broken = self.decls.is_broken("locals", "");
                known_name(reference, there || broken, "local", names)?;
                Ok(there.then(|| Addr::new("local", name)))
            }
            "each" => {
                let good = matches!(name, "key" | "value");
                known_name(reference, good, "attribute of each", ["key", "value"].into_iter())?;
                Ok(None)
            }
            "charter" => self.preset(reference, name).map(|()| None),
            "plan" => Ok(None),
            kind => self.resource_reference(reference, kind, name, context),
        }
    }

    /// Checks a reference to `charter.presets.<name>`.
    fn preset(&self, reference: &Reference, name: &str) -> Result<(), Box<Diagnostic>> {
        let good = name == "presets";
        known_name(reference, good, "attribute of charter", ["presets"].into_iter())?;
        let presets = || self.decls.presets.keys().copied();
        match reference.steps.get(1) {
            Some((Step::Attr(preset), span)) if !presets().any(|known| known == preset) => {
                let item = Diagnostic::error("unknown preset").at(*span, "no preset has this name");
                Err(Box::new(match nearest(preset, presets()) {
                    Some(near) => item.help(format!("did you mean `charter.presets.{near}`?")),
                    None => item
                        .help(format!("presets are {}", listed(presets().map(|name| format!("`{name}`"))))),
                }))
            }
            _ => Ok(()),
        }
    }

    fn resource_reference(
        &self,
        reference: &Reference,
        kind: &str,
        name: &str,
        context: Context<'_>,
    ) -> Result<Option<Addr>, Box<Diagnostic>> {
        let addr = Addr::new(kind, name);
        let Some(resource) = self.decls.resources.get(&addr) else {
            let broken = self.decls.is_broken(kind, name);
            known_name(reference, broken, "resource", self.decls.labels(kind))?;
            return Ok(None);
        };
        let step = reference.steps.get(1);
        let attr = match (step, resource.is_repeated()) {
            (Some((Step::Attr(_), span)), true) => {
                return Err(Box::new(
                    Diagnostic::error("reference to a block with for_each")
                        .at(*span, "an instance has to be chosen first")
                        .help(format!("write `{kind}.{name}[\"key\"]`")),
                ));
            }
            (Some((Step::Key(_), span)), false) => {
                return Err(Box::new(
                    Diagnostic::error("reference to an instance")
                        .at(*span, "the block has no for_each, so it has no instances")
                        .help(format!("write `{kind}.{name}`")),
                ));
            }
            (_, true) => reference.steps.get(2).filter(|_| matches!(step, Some((Step::Key(_), _)))),
            (_, false) => step,
        };
        let mut known = resource.schema.exports.clone();
        if matches!(context, Context::Condition { .. } | Context::Test) {
            known.extend(resource.schema.attrs.iter().map(|attr| attr.name));
            known.extend(resource.schema.blocks.iter().map(|(name, ..)| *name));
        }
        match attr {
            Some((Step::Attr(attr), span)) if !known.contains(&attr.as_str()) => {
                Err(Box::new(unknown_export(resource.kind.name(), attr, &known, *span)))
            }
            _ => Ok(Some(addr)),
        }
    }

    fn unknown_root(&self, reference: &Reference) -> Diagnostic {
        let root = reference.root.as_str();
        let item = Diagnostic::error("unknown name").at(reference.root_span, "nothing has this name");
        let kinds = self.decls.schemas.keys().copied();
        if root == "self" {
            return item.help("write out which block is meant: role.analyst.name");
        }
        let near = nearest(root, ["var", "local", "each"].into_iter().chain(kinds));
        if let Some(near) = near {
            return item.help(format!("did you mean `{near}`?"));
        }
        if !reference.steps.is_empty() {
            return item.help("references begin with `var`, `local`, `each` or a kind of resource");
        }
        if self.decls.variables.contains_key(root) {
            return item.help(format!("the variable is `var.{root}`"));
        }
        if self.decls.locals.contains_key(root) {
            return item.help(format!("the local is `local.{root}`"));
        }
        item.help(format!("a text stands in double quotes: \"{root}\""))
    }
}

/// Returns why a reference may not stand in a context.
fn forbidden(reference: &Reference, context: Context<'_>) -> Option<Diagnostic> {
    let root = reference.root.as_str();
    let span = reference.span_to(1);
    match (context, root) {
        (Context::Resource { each: true } | Context::Condition { each: true }, "each") => None,
        (_, "each") => Some(
            Diagnostic::error("each outside of a block with for_each")
                .at(span, "nothing is repeated here")
                .help("`each` is known in blocks that have a `for_each` argument"),
        ),
        (Context::Default, _) => Some(
            Diagnostic::error("reference in the default of a variable")
                .at(span, "defaults can call functions only")
                .help("make it a local: locals can refer to variables"),
        ),
        (Context::Validation(name), "var") if reference.attr(0) == Some(name) => None,
        (Context::Validation(name), _) => Some(
            Diagnostic::error("reference to something else in a validation")
                .at(span, "a validation knows its own variable only")
                .help(format!("the value to check is `var.{name}`")),
        ),
        (Context::Charter | Context::Server, "var" | "local" | "charter") => None,
        (Context::Charter | Context::Server, _) => Some(settings_need(span, "a resource")),
        (Context::Local | Context::Resource { .. } | Context::Condition { .. } | Context::Test, _) => None,
    }
}

fn unfinished(reference: &Reference) -> Diagnostic {
    let root = &reference.root;
    Diagnostic::error("reference is incomplete")
        .at(reference.span(), "a name is missing")
        .help(format!("write `{root}.name`"))
}

fn known_name<'n>(
    reference: &Reference,
    known: bool,
    what: &str,
    names: impl Iterator<Item = &'n str>,
) -> Result<(), Box<Diagnostic>> {
    if known {
        return Ok(());
    }
    let (root, name) = (&reference.root, reference.attr(0).unwrap_or_default());
    let span = reference.steps.first().map_or(reference.root_span, |s| s.1);
    let label = match what {
        "attribute of each" => "it has `key` and `value`".to_owned(),
        "attribute of charter" => "it has `presets`".to_owned(),
        "resource" => format!("no `{root}` block has this label"),
        _ => format!("no {what} has this name"),
    };
    let item = Diagnostic::error(format!("unknown {what}")).at(span, label);
    Err(Box::new(match (nearest(name, names), what) {
        (Some(near), _) => item.help(format!("did you mean `{root}.{near}`?")),
        (None, "variable") => item.help(format!("declare it: variable \"{name}\" {{}}")),
        (None, "resource") => item.help(format!("declare it: {root} \"{name}\" {{}}")),
        _ => item,
    }))
}

/// Returns the error for an attribute that a kind does not export.
pub fn unknown_export(kind: &str, name: &str, exports: &[&'static str], span: Span) -> Diagnostic {
    let item = Diagnostic::error("unknown attribute of a resource")
        .at(span, format!("a {kind} has no such attribute to refer to"));
    match nearest(name, exports.iter().copied()) {
        Some(near) => item.help(format!("did you mean `{near}`?")),
        None if exports.is_empty() => item.help("it can be referred to as a whole only"),
        None => item.help(format!("it has {}", listed(exports.iter().map(|name| format!("`{name}`"))))),
    }
}

/// Returns what is wrong with a function's name, or with its place.
fn call(name: &str, span: Span, context: Context<'_>) -> Option<Diagnostic> {
    if name == "env" && !matches!(context, Context::Default | Context::Server) {
        return Some(
            Diagnostic::error("env() cannot be used here")
                .at(span, "reads the environment of whoever runs charter")
                .detail(
                    "A change that anyone proposes could print a credential of the machine that \
                     plans it.",
                )
                .help(
                    "use it in the `clickhouse` and `kubernetes` blocks, or set a variable by \
                     CHARTER_VAR_<name>",
                ),
        );
    }
    if funcs::names().any(|known| known == name) {
        return None;
    }
    let item = Diagnostic::error("unknown function").at(span, "no function has this name");
    Some(match nearest(name, funcs::names()) {
        Some(near) => item.help(format!("did you mean `{near}`?")),
        None => item,
    })
}

/// Returns names as a sentence lists them: `a, b and c`.
pub fn listed(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    match items.as_slice() {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [firsts @ .., last] => format!("{} and {last}", firsts.join(", ")),
    }
}
