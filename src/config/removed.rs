//! `removed` blocks: what was declared at an address goes away. They hold an address and words, and
//! nothing that is evaluated. Whether anything is recorded at the address only the servers know.

use std::collections::BTreeMap;

use hcl_edit::expr::Expression;
use hcl_edit::structure::Attribute;

use super::decls::{Decls, Placed, no_labels};
use super::refs::{self, Step};
use crate::diag::{Diagnostic, Diagnostics, Span, nearest};
use crate::model::Addr;
use crate::model::resource::{self, Desired, Fate, Removal};

/// The attributes.
const ATTRS: [&str; 3] = ["from", "data_loss", "protected"];

/// Reads the blocks and checks them against what is declared; problems go to `diags`. `complete`
/// says whether all that is declared is known.
pub fn read(decls: &Decls<'_>, desired: &Desired, complete: bool, diags: &mut Diagnostics) -> Vec<Removal> {
    let removals: Vec<Removal> = decls.removed.iter().filter_map(|block| one(block, decls, diags)).collect();
    repeated(&removals, diags);
    removals.iter().for_each(|removal| of_moved(removal, desired, diags));
    if complete {
        removals.iter().for_each(|removal| still_declared(removal, desired, diags));
    }
    removals
}

fn one(placed: &Placed<'_>, decls: &Decls<'_>, diags: &mut Diagnostics) -> Option<Removal> {
    no_labels(placed, diags);
    for attr in placed.block.body.attributes() {
        unknown_attribute(attr, &ATTRS, "removed", placed, diags);
    }
    let forgotten = forgets(placed, diags);
    let loses = word(placed, "data_loss", ["allow", "refuse"], diags) == Some("allow");
    let overrides = word(placed, "protected", ["override", "refuse"], diags) == Some("override");
    if let Some(attr) = placed.attr("data_loss").filter(|_| forgotten && loses) {
        diags.push(
            Diagnostic::error("nothing is destroyed here")
                .at(placed.at.span(&attr.key), "there is no data to lose")
                .detail("With `destroy = false` the object stays as it is, and only its record goes.")
                .help("remove `data_loss`, or the `lifecycle` block"),
        );
    }
    let Some(attr) = placed.attr("from") else {
        diags.push(
            Diagnostic::error("missing attribute `from`")
                .at(placed.head(), "an address is missing")
                .help("write removed { from = tenant.old }"),
        );
        return None;
    };
    let from = address(attr, placed, decls, diags)?;
    let fate = match (forgotten, loses) {
        (true, _) => Fate::Forgotten,
        (false, true) => Fate::Whole,
        (false, false) => Fate::Access,
    };
    Some(Removal { from, fate, overrides, span: placed.at.span(&attr.value) })
}

fn unknown_attribute(
    attr: &Attribute,
    known: &[&'static str],
    block: &str,
    placed: &Placed<'_>,
    diags: &mut Diagnostics,
) {
    let name = attr.key.value().as_str();
    if known.contains(&name) {
        return;
    }
    let item = Diagnostic::error("unknown attribute")
        .at(placed.at.span(&attr.key), format!("`{block}` has no such attribute"));
    diags.push(match nearest(name, known.iter().copied()) {
        Some(near) => item.help(format!("did you mean `{near}`?")),
        None => item
            .help(format!("it has {}", super::check::listed(known.iter().map(|name| format!("`{name}`"))))),
    });
}

/// Returns whether `lifecycle { destroy = false }` stands there, as terraform writes it.
fn forgets(placed: &Placed<'_>, diags: &mut Diagnostics) -> bool {
    for block in placed.block.body.blocks().filter(|block| block.ident.value().as_str() != "lifecycle") {
        diags.push(
            Diagnostic::error("unknown nested block")
                .at(placed.at.span(&block.ident), "`removed` has no such block")
                .help("it has `lifecycle`"),
        );
    }
    let mut forgets = false;
    for lifecycle in placed.nested("lifecycle") {
        for block in lifecycle.block.body.blocks() {
            diags.push(
                Diagnostic::error("unknown nested block")
                    .at(placed.at.span(&block.ident), "lifecycle has no blocks"),
            );
        }
        for attr in lifecycle.block.body.attributes() {
            unknown_attribute(attr, &["destroy"], "lifecycle", placed, diags);
            match &attr.value {
                _ if attr.key.value().as_str() != "destroy" => {}
                Expression::Bool(value) => forgets |= !*value.value(),
                _ => diags.push(
                    Diagnostic::error("wrong value")
                        .at(placed.at.span(&attr.value), "true or false stands here")
                        .help("destroy = false drops charter's record and leaves the object alone"),
                ),
            }
        }
    }
    forgets
}

/// Returns the word of an attribute; the second one is the same as nothing.
fn word(
    placed: &Placed<'_>,
    name: &str,
    words: [&'static str; 2],
    diags: &mut Diagnostics,
) -> Option<&'static str> {
    let attr = placed.attr(name)?;
    let found = match &attr.value {
        Expression::String(text) => words.into_iter().find(|word| word == text.value()),
        _ => None,
    };
    if found.is_none() {
        diags.push(
            Diagnostic::error("wrong value")
                .at(placed.at.span(&attr.value), format!("`{name}` is one of two words"))
                .help(format!("write {name} = {:?}, or leave it out, which is {:?}", words[0], words[1])),
        );
    }
    found
}

/// Returns the address that an attribute names: a block, one instance of it, or a part of either.
fn address(
    attr: &Attribute,
    placed: &Placed<'_>,
    decls: &Decls<'_>,
    diags: &mut Diagnostics,
) -> Option<Addr> {
    let span = placed.at.span(&attr.value);
    let addr = refs::bare(&attr.value, placed.at).and_then(|reference| {
        let mut addr = Addr::new(&reference.root, reference.attr(0)?);
        for (step, _) in reference.steps.get(1..)? {
            let keyed = addr.segments().last().is_some_and(|last| last.key.is_some());
            addr = match step {
                Step::Attr(name) => addr.part(name),
                Step::Key(key) if !keyed => addr.instance(key),
                Step::Key(_) | Step::Other => return None,
            };
        }
        Some(addr)
    });
    let Some(addr) = addr else {
        diags.push(
            Diagnostic::error("this is not the address of a block")
                .at(span, "not an address")
                .help("write it without quotes: tenant.acme, tenant.listed[\"acme\"], role.analyst"),
        );
        return None;
    };
    let word = addr.segments()[0].word.as_str();
    if !decls.schemas.contains_key(word) {
        let known: Vec<&str> = decls.schemas.keys().copied().collect();
        let item = Diagnostic::error("no block of this type makes resources")
            .at(span, format!("`{word}` is no kind of resource"));
        diags.push(match nearest(word, known.iter().copied()) {
            Some(near) => item.help(format!("did you mean `{near}`?")),
            None => item.help(format!(
                "kinds are {}",
                super::check::listed(known.iter().map(|name| format!("`{name}`")))
            )),
        });
        return None;
    }
    Some(addr)
}

/// Reports addresses that several blocks name.
fn repeated(removals: &[Removal], diags: &mut Diagnostics) {
    let mut first: BTreeMap<&Addr, Span> = BTreeMap::new();
    for removal in removals {
        if let Some(before) = first.insert(&removal.from, removal.span) {
            diags.push(
                Diagnostic::error("removed twice")
                    .at(removal.span, format!("{} is removed here", removal.from))
                    .at(before, "and here")
                    .help("keep one of the two blocks"),
            );
        }
    }
}

/// Reports what a `moved` block takes elsewhere: it cannot be removed where it was.
fn of_moved(removal: &Removal, desired: &Desired, diags: &mut Diagnostics) {
    let Some(to) = resource::destination(&removal.from, &desired.moves) else { return };
    let taken = desired.moves.iter().find(|moved| moved.takes(&removal.from).is_some());
    let mut item = Diagnostic::error("what is removed was moved")
        .at(removal.span, format!("{} is {to} now", removal.from));
    if let Some(taken) = taken {
        item = item.at(taken.span, "moved here");
    }
    diags.push(
        item.help(format!("to remove it, write from = {to} and delete that block; else delete this one")),
    );
}

/// Reports what a block still declares.
fn still_declared(removal: &Removal, desired: &Desired, diags: &mut Diagnostics) {
    let declared = desired.matching(&removal.from);
    let Some(resource) = declared.first().and_then(|addr| desired.resources.get(addr)) else { return };
    diags.push(
        Diagnostic::error("what is removed is still declared")
            .at(removal.span, format!("{} is declared", removal.from))
            .at(resource.span, "here")
            .help("delete the declaration to remove it, or this block to keep it"),
    );
}
