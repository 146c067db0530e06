//! `moved` blocks: which address a resource had before. They hold two addresses and nothing that is
//! evaluated.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::structure::Attribute;

use super::decls::Placed;
use super::refs::{self, Step};
use crate::diag::{Diagnostic, Diagnostics, Span, nearest};
use crate::model::Addr;
use crate::model::resource::{Desired, Move};

/// Reads the blocks and checks them against what is declared; problems go to `diags`. `complete`
/// says whether all that is declared is known.
pub fn read(blocks: &[Placed<'_>], desired: &Desired, complete: bool, diags: &mut Diagnostics) -> Vec<Move> {
    let moves: Vec<Move> = blocks.iter().filter_map(|block| one(block, diags)).collect();
    repeated(&moves, diags);
    if complete {
        moves.iter().for_each(|moved| against(moved, &moves, desired, diags));
    }
    moves
}

fn one(placed: &Placed<'_>, diags: &mut Diagnostics) -> Option<Move> {
    super::decls::no_labels(placed, diags);
    for attr in placed.block.body.attributes() {
        let name = attr.key.value().as_str();
        if !["from", "to"].contains(&name) {
            let item = Diagnostic::error("unknown attribute")
                .at(placed.at.span(&attr.key), "`moved` has no such attribute");
            diags.push(match nearest(name, ["from", "to"]) {
                Some(near) => item.help(format!("did you mean `{near}`?")),
                None => item.help("it has `from` and `to`"),
            });
        }
    }
    for block in placed.block.body.blocks() {
        let span = placed.at.span(&block.ident);
        diags.push(Diagnostic::error("unknown nested block").at(span, "`moved` has no blocks"));
    }
    let mut side = |name: &str| match placed.attr(name) {
        Some(attr) => address(attr, placed, diags),
        None => {
            diags.push(
                Diagnostic::error(format!("missing attribute `{name}`"))
                    .at(placed.head(), "an address is missing")
                    .help("write moved { from = role.old … to = role.new }, a line each"),
            );
            None
        }
    };
    let (from, to) = (side("from"), side("to"));
    let (from, to) = (from?, to?);
    let span = placed.at.span(&placed.block.ident);
    if from.segments()[0].word != to.segments()[0].word {
        diags.push(
            Diagnostic::error("a resource cannot become one of another kind")
                .at(span, format!("from {from} to {to}"))
                .help("a move goes from one address to another of the same block type"),
        );
        return None;
    }
    Some(Move { from, to, span })
}

/// Returns the address that an attribute names: a block or one instance of it.
fn address(attr: &Attribute, placed: &Placed<'_>, diags: &mut Diagnostics) -> Option<Addr> {
    let span = placed.at.span(&attr.value);
    let addr = refs::bare(&attr.value, placed.at).and_then(|reference| {
        let addr = Addr::new(&reference.root, reference.attr(0)?);
        match reference.steps.get(1..)? {
            [] => Some(addr),
            [(Step::Key(key), _)] => Some(addr.instance(key)),
            _ => None,
        }
    });
    if addr.is_none() {
        diags.push(
            Diagnostic::error("this is not the address of a block")
                .at(span, "not an address")
                .help("write it without quotes and attributes: role.analyst, tenant.listed[\"acme\"]"),
        );
    }
    addr
}

/// Reports addresses that several moves begin or end at.
fn repeated(moves: &[Move], diags: &mut Diagnostics) {
    for (word, pick) in [("from", (|m| &m.from) as fn(&Move) -> &Addr), ("to", |m| &m.to)] {
        let mut first: BTreeMap<&Addr, Span> = BTreeMap::new();
        for moved in moves {
            if let Some(before) = first.insert(pick(moved), moved.span) {
                diags.push(
                    Diagnostic::error(format!("two moves go {word} one address"))
                        .at(moved.span, format!("{word} {}", pick(moved)))
                        .at(before, "and this one")
                        .help("remove one of them"),
                );
            }
        }
    }
}

/// Returns whether following the moves leads back to where one begins.
fn is_circular(moved: &Move, all: &[Move]) -> bool {
    let mut at = &moved.to;
    for _ in all {
        if *at == moved.from {
            return true;
        }
        match all.iter().find(|other| other.from == *at) {
            Some(next) => at = &next.to,
            None => return false,
        }
    }
    false
}

/// Reports a move that starts at what is still declared, or ends at nothing.
fn against(moved: &Move, all: &[Move], desired: &Desired, diags: &mut Diagnostics) {
    if !desired.matching(&moved.from).is_empty() {
        diags.push(
            Diagnostic::error("what moved is still declared at its old address")
                .at(moved.span, format!("{} is declared", moved.from))
                .help("remove the old block, or the `moved` block"),
        );
    }
    let goes_on = all.iter().any(|other| other.from == moved.to);
    if is_circular(moved, all) {
        let item =
            Diagnostic::error("moves go in a circle").at(moved.span, format!("back to {}", moved.from));
        return diags.push(item.help("remove the ones that are not needed any more"));
    }
    if goes_on || !desired.matching(&moved.to).is_empty() {
        return;
    }
    let known: BTreeSet<String> = desired.resources.keys().map(|addr| addr.block().to_string()).collect();
    let item =
        Diagnostic::error("a move ends at nothing").at(moved.span, format!("{} is not declared", moved.to));
    diags.push(match nearest(&moved.to.to_string(), known.iter().map(String::as_str)) {
        Some(near) => item.help(format!("did you mean {near}?")),
        None => item.help("declare it, or remove the `moved` block once every environment was applied"),
    });
}
