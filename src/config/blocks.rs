//! Evaluates locals and resource blocks in the order of their edges, and decodes them through
//! their kinds to what is desired.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{cycle_error, listed};
use super::decls::{Decls, META, Resource};
use super::decode::{self, Seal};
use super::eval::{Cx, Evaluator, Names, Scope};
use super::expand::{self, Instances, Meta};
use super::val::{BlockVal, Data, Marks, Origin, Val};
use crate::diag::{Diagnostic, Diagnostics, SourceMap, Span};
use crate::kinds::{DecodeCx, Instance, Kinds};
use crate::model::files::Files;
use crate::model::graph::Graph;
use crate::model::resource::{Declared, Desired};
use crate::model::schema::{Arity, BlockSchema};
use crate::model::{Addr, Body, Settings, Value};

/// What evaluation uses and makes.
pub struct Builder<'b, 'a> {
    /// What is declared.
    pub decls: &'b Decls<'a>,
    /// The folder of the configuration.
    pub files: &'b dyn Files,
    /// The environment.
    pub env: &'b BTreeMap<String, String>,
    /// What names mean so far.
    pub names: Names,
    /// What is desired so far.
    pub desired: Desired,
    /// Whether everything so far could be decoded.
    pub complete: bool,
}

impl Builder<'_, '_> {
    /// Evaluates locals.
    pub fn locals<'o>(&mut self, order: impl Iterator<Item = &'o Addr>, diags: &mut Diagnostics) {
        for addr in order {
            let segments = addr.segments();
            let Some(name) = segments.get(1).map(|segment| segment.word.as_str()) else {
                continue;
            };
            let Some(local) = self.decls.locals.get(name).filter(|_| segments[0].word == "local") else {
                continue;
            };
            let ev = Evaluator::new(&self.names, self.files, self.env);
            let cx = Cx { ev: &ev, at: local.at, scope: &Scope::Top };
            let mut value = cx.eval(local.expr);
            if !value.is_bounded() {
                value = ev.fail(
                    Diagnostic::error("local is too large")
                        .at(local.span, "its value has too many elements, or too many levels")
                        .help("read large data in the blocks that need it"),
                );
            }
            ev.take().into_iter().for_each(|item| diags.push(item));
            self.names.locals.insert(name.to_owned(), value);
        }
    }

    /// Checks, expands, evaluates and decodes a resource block.
    pub fn resource(
        &mut self,
        addr: &Addr,
        settings: &Settings,
        sources: &mut SourceMap,
        diags: &mut Diagnostics,
    ) {
        let Some(resource) = self.decls.resources.get(addr) else {
            return;
        };
        let mut dropped = Diagnostics::default();
        let meta = expand::meta(resource, &mut dropped);
        let found = self.expand(addr, resource, diags);
        let value = match found {
            Instances::One => {
                let made = self.instance(resource, addr.clone(), &Scope::Top, diags);
                self.declare(resource, addr.clone(), made, &meta, (settings, sources, diags))
            }
            Instances::Many(pairs) => {
                let mut instances = BTreeMap::new();
                let (mut evaluated, mut found) = Default::default();
                for (key, each) in pairs {
                    let addr = addr.clone().instance(&key);
                    let scope = Scope::Bind("each", each, &Scope::Top);
                    let made = self.instance(resource, addr.clone(), &scope, &mut evaluated);
                    let rest = (settings, &mut *sources, &mut found);
                    instances.insert(key, self.declare(resource, addr, made, &meta, rest));
                }
                first_of_each(&evaluated, diags);
                diags.extend(found);
                Val::new(Data::Map(instances.into()))
            }
            Instances::Unknown => {
                // The rest of the block may have problems of its own.
                let scope = Scope::Bind("each", Val::poison(), &Scope::Top);
                self.instance(resource, addr.clone(), &scope, diags);
                self.complete = false;
                Val::poison()
            }
        };
        let name = (resource.kind.name().to_owned(), resource.label.clone());
        self.names.blocks.insert(name, value);
    }

    pub(super) fn expand(&self, addr: &Addr, resource: &Resource<'_>, diags: &mut Diagnostics) -> Instances {
        let ev = Evaluator::new(&self.names, self.files, self.env);
        let cx = Cx { ev: &ev, at: resource.placed.at, scope: &Scope::Top };
        let found = expand::instances(&cx, resource);
        ev.take().into_iter().for_each(|item| diags.push(item));
        if let Instances::Many(pairs) = &found
            && let Some((key, _)) = pairs.iter().find(|(key, _)| bad_key(key))
        {
            let span = resource.placed.attr("for_each");
            let span = span.map_or(resource.placed.head(), |attr| cx.at.span(&attr.value));
            diags.push(
                Diagnostic::error("key of for_each cannot be part of an address")
                    .at(span, format!("{key:?} is a key of `{addr}`"))
                    .help("a key is a text of 1 to 200 characters without control characters"),
            );
            return Instances::Unknown;
        }
        found
    }

    /// Evaluates the body of an instance; none where a problem was reported.
    fn instance(
        &self,
        resource: &Resource<'_>,
        addr: Addr,
        scope: &Scope<'_>,
        diags: &mut Diagnostics,
    ) -> Option<Instance> {
        let ev = Evaluator::new(&self.names, self.files, self.env);
        let cx = Cx { ev: &ev, at: resource.placed.at, scope };
        let body = decode::body(&cx, &resource.placed, &resource.schema, Seal::Keep);
        let repeated = addr.segments().iter().any(|segment| segment.key.is_some());
        for mut item in ev.take() {
            if repeated {
                let space = if item.detail.is_empty() { "" } else { " " };
                item.detail += &format!("{space}Seen first in `{addr}`.");
            }
            diags.push(item);
        }
        let label = resource.label.clone();
        body.map(|body| Instance { addr, label, body })
    }

    /// Decodes an instance and returns what other blocks see of it.
    fn declare(
        &mut self,
        resource: &Resource<'_>,
        addr: Addr,
        made: Option<Instance>,
        meta: &Meta,
        (settings, sources, diags): (&Settings, &mut SourceMap, &mut Diagnostics),
    ) -> Val {
        let mut found = Diagnostics::default();
        let whole = made.as_ref().filter(|_| self.names.whole);
        let whole = whole.map(|made| declared_of(&made.body, &resource.schema)).unwrap_or_default();
        let declared = made.map(|mut instance| {
            let depends = ("depends_on".to_owned(), meta.depends_on.clone());
            instance.body.refs.extend([depends]);
            let mut cx = DecodeCx { settings, files: self.files, sources, diags: &mut found };
            let mut declared = resource.kind.decode(&instance, &mut cx);
            finish(&mut declared, &instance, meta);
            declared
        });
        let failed = declared.is_none() || found.has_errors();
        self.complete &= !failed;
        diags.extend(found);
        let exports = declared.as_ref().map(|declared| {
            let exports = declared.exports.iter();
            exports
                .map(|(name, value)| (name.clone(), self.export(resource, &addr, name, value, declared)))
                .collect::<BTreeMap<String, Val>>()
        });
        for resource in declared.into_iter().flat_map(|declared| declared.resources) {
            self.desired.resources.insert(resource.addr.clone(), resource);
        }
        let complete = |exports: &BTreeMap<String, Val>| {
            let mut names = resource.schema.exports.iter();
            !failed || names.all(|name| exports.contains_key(*name))
        };
        let block = BlockVal {
            addr: addr.clone(),
            kind: resource.kind.name(),
            exports: exports.filter(complete),
            names: resource.schema.exports.clone(),
            declared: whole,
        };
        Val::new(Data::Block(block.into())).marked(&Marks::of(addr))
    }

    /// Returns an exported value with what it refers to: the part of the block that it names, if
    /// there is such a resource, else the block.
    fn export(
        &self,
        resource: &Resource<'_>,
        addr: &Addr,
        name: &str,
        value: &Value,
        declared: &Declared,
    ) -> Val {
        let part = addr.part(name);
        let own = declared.resources.iter().find(|made| made.addr == part);
        let is_part = own.is_some() || {
            let mut made = declared.resources.iter();
            made.any(|made| made.addr.is_within(&part))
        };
        let origin = match (value, own) {
            (Value::Ref { addr, .. }, _) => {
                let known = self.desired.resources.get(addr);
                let made = declared.resources.iter().find(|made| made.addr == *addr);
                let kind = known.or(made).map(|resource| resource.kind);
                kind.map(|kind| (addr.clone(), kind))
            }
            (_, Some(own)) => Some((part.clone(), own.kind)),
            _ if name == "name" => Some((addr.clone(), resource.kind.name())),
            _ => None,
        };
        let target = match value {
            Value::Ref { addr, .. } => addr.clone(),
            _ if is_part => part,
            _ => addr.clone(),
        };
        let mut val = from_model(value).marked(&Marks::of(target));
        val.origin = origin.map(|(addr, kind)| Origin { addr, kind }.into());
        val
    }

    /// Lets the kinds link what was decoded, if all of it was, and reports what the whole shows.
    pub fn link(
        &mut self,
        kinds: &Kinds,
        settings: &Settings,
        sources: &mut SourceMap,
        diags: &mut Diagnostics,
    ) {
        duplicates(&self.desired, diags);
        if !self.complete {
            return;
        }
        for kind in kinds.iter() {
            let mut cx = DecodeCx { settings, files: self.files, sources, diags };
            kind.link(&mut self.desired, &mut cx);
        }
        for cycle in Graph::of(&self.desired).cycles() {
            let resources = &self.desired.resources;
            let span = |from: &Addr, _: &Addr| resources.get(from).map(|resource| resource.span);
            diags.push(cycle_error(&cycle, span));
        }
    }
}

/// Checks the bodies and meta-arguments of all resource blocks, each once for all its instances.
pub fn check(decls: &Decls<'_>, diags: &mut Diagnostics) {
    for resource in decls.resources.values() {
        let meta = (&META[..], &["lifecycle"][..]);
        decode::check(&resource.placed, &resource.schema, meta, diags);
        expand::meta(resource, diags);
    }
}

fn bad_key(key: &str) -> bool {
    key.is_empty() || key.chars().count() > 200 || key.contains(char::is_control)
}

/// Adds to each resource what its block refers to and ignores.
fn finish(declared: &mut Declared, instance: &Instance, meta: &Meta) {
    let refs = instance.body.all_refs();
    let own = instance.addr.block();
    let others: BTreeSet<&Addr> = refs.iter().filter(|addr| addr.block() != own).collect();
    for resource in &mut declared.resources {
        resource.after.extend(others.iter().copied().cloned());
        resource.after.remove(&resource.addr);
        resource.ignore_changes.extend(meta.ignore_changes.iter().cloned());
        resource.protected = meta.prevent_destroy;
    }
}

/// Passes problems of instances on, those of the same place and summary once.
pub(super) fn first_of_each(found: &Diagnostics, diags: &mut Diagnostics) {
    let mut seen: BTreeSet<(&str, Option<Span>)> = BTreeSet::new();
    for item in found.iter() {
        let span = item.labels.first().map(|label| label.span);
        if seen.insert((&item.summary, span)) {
            diags.push(item.clone());
        }
    }
}

/// Reports resources that are declared twice under different addresses.
fn duplicates(desired: &Desired, diags: &mut Diagnostics) {
    let mut first: BTreeMap<(&str, &str), Vec<(&Addr, Span)>> = BTreeMap::new();
    for resource in desired.resources.values() {
        let same = first.entry((resource.kind, &resource.identity)).or_default();
        same.push((&resource.addr, resource.span));
    }
    for ((kind, identity), places) in first.into_iter().filter(|(_, places)| places.len() > 1) {
        let mut item = Diagnostic::error("one object is declared twice");
        let mut spans: Vec<Span> = places.iter().map(|(_, span)| *span).collect();
        spans.dedup();
        for span in spans {
            let here = places.iter().filter(|(_, other)| *other == span);
            let addrs = listed(here.map(|(addr, _)| format!("`{addr}`")));
            item = item.at(span, format!("declared by {addrs}"));
        }
        diags.push(
            item.detail(format!("Both are the {kind} {identity}: each apply would undo the other one's."))
                .help("remove one of them, or give it another name"),
        );
    }
}

/// Returns everything that a block declares, null where it leaves something out: attributes, and
/// nested blocks as maps, lists of them where there may be several.
fn declared_of(body: &Body, schema: &BlockSchema) -> BTreeMap<String, Val> {
    let attrs = schema.attrs.iter().map(|attr| {
        let value = body.get(attr.name).map_or_else(Val::null, |attr| from_model(&attr.value));
        (attr.name.to_owned(), value)
    });
    let blocks = schema.blocks.iter().map(|(name, arity, inner)| {
        let nested = body.blocks.get(*name).map_or(&[][..], Vec::as_slice);
        let mut values = nested.iter().map(|body| Val::map(declared_of(body, inner)));
        let value = match arity {
            Arity::Optional => values.next().unwrap_or_else(Val::null),
            Arity::Many => Val::list(values.collect()),
        };
        ((*name).to_owned(), value)
    });
    attrs.chain(blocks).collect()
}

/// Returns the value that a kind exports.
pub(super) fn from_model(value: &Value) -> Val {
    match value {
        Value::Null => Val::null(),
        Value::Bool(value) => Val::from(*value),
        Value::Number(number) => Val::from(*number),
        Value::String(text) => Val::from(text.as_str()),
        Value::Secret(secret) => Val::from(secret.expose()).sensitive(),
        Value::Ref { name, .. } => Val::from(name.as_str()),
        Value::List(items) => Val::list(items.iter().map(from_model).collect()),
        Value::Map(entries) => {
            let entries = entries.iter();
            Val::map(entries.map(|(key, item)| (key.clone(), from_model(item))).collect())
        }
    }
}
