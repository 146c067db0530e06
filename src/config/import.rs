//! `import` blocks: what exists, is nobody's and differs from its declaration is taken over and made
//! as declared. They hold one address and nothing that is evaluated: which object it is, its
//! declaration says (`name`, `slug`).

use std::collections::BTreeSet;

use hcl_edit::structure::Attribute;

use super::decls::{Placed, no_labels};
use super::refs::{self, Step};
use crate::diag::{Diagnostic, Diagnostics, nearest};
use crate::model::Addr;
use crate::model::resource::{Desired, Import};

/// Reads the blocks and checks them against what is declared; problems go to `diags`. `complete`
/// says whether all that is declared is known.
pub fn read(
    blocks: &[Placed<'_>],
    desired: &Desired,
    complete: bool,
    diags: &mut Diagnostics,
) -> Vec<Import> {
    let imports: Vec<Import> = blocks.iter().filter_map(|block| one(block, diags)).collect();
    repeated(&imports, diags);
    if complete {
        imports.iter().filter_map(|import| undeclared(import, desired)).for_each(|item| diags.push(item));
    }
    imports
}

fn one(placed: &Placed<'_>, diags: &mut Diagnostics) -> Option<Import> {
    no_labels(placed, diags);
    for attr in placed.block.body.attributes() {
        let name = attr.key.value().as_str();
        let item = Diagnostic::error("unknown attribute")
            .at(placed.at.span(&attr.key), "`import` has no such attribute");
        match name {
            "to" => {}
            "id" => diags.push(
                Diagnostic::error("an import has no id")
                    .at(placed.at.span(&attr.key), "the declaration says which object it is")
                    .help("give the declared resource its name on the server: name = \"…\" (slug = \"…\" for a tenant)"),
            ),
            "for_each" => diags.push(item.help(
                "`to` takes all instances where it has no key: to = tenant.listed",
            )),
            _ => diags.push(match nearest(name, ["to"]) {
                Some(_) => item.help("did you mean `to`?"),
                None => item.help("it has `to`"),
            }),
        }
    }
    for block in placed.block.body.blocks() {
        let span = placed.at.span(&block.ident);
        diags.push(Diagnostic::error("unknown nested block").at(span, "`import` has no blocks"));
    }
    let Some(attr) = placed.attr("to") else {
        diags.push(
            Diagnostic::error("missing attribute `to`")
                .at(placed.head(), "an address is missing")
                .help("write import { to = role.analyst }"),
        );
        return None;
    };
    Some(Import { to: address(attr, placed, diags)?, span: placed.at.span(&attr.value) })
}

/// Returns the address that an attribute names: a block, an instance of it, or a part of it.
fn address(attr: &Attribute, placed: &Placed<'_>, diags: &mut Diagnostics) -> Option<Addr> {
    let addr = refs::bare(&attr.value, placed.at).and_then(|reference| {
        let mut addr = Addr::new(&reference.root, reference.attr(0)?);
        for (step, _) in reference.steps.get(1..)? {
            addr = match step {
                Step::Attr(part) => addr.part(part),
                Step::Key(key) => addr.instance(key),
                Step::Other => return None,
            };
        }
        Some(addr)
    });
    if addr.is_none() {
        diags.push(
            Diagnostic::error("this is not the address of a resource")
                .at(placed.at.span(&attr.value), "not an address")
                .help("write it without quotes: role.analyst, tenant.listed[\"acme\"], tenant.acme.user"),
        );
    }
    addr
}

/// Reports addresses that several blocks take.
fn repeated(imports: &[Import], diags: &mut Diagnostics) {
    for (index, import) in imports.iter().enumerate() {
        let overlaps = |other: &&Import| import.to.is_within(&other.to) || other.to.is_within(&import.to);
        if let Some(first) = imports[..index].iter().find(overlaps) {
            diags.push(
                Diagnostic::error("imported twice")
                    .at(import.span, format!("{} is taken over here", import.to))
                    .at(first.span, format!("and by {}", first.to))
                    .help("keep one of the blocks"),
            );
        }
    }
}

fn undeclared(import: &Import, desired: &Desired) -> Option<Diagnostic> {
    if !desired.matching(&import.to).is_empty() {
        return None;
    }
    let declared = desired.resources.keys().flat_map(|addr| [addr.clone(), addr.block()]);
    let known: BTreeSet<String> = declared.map(|addr| addr.to_string()).collect();
    let item = Diagnostic::error("an import of what is not declared")
        .at(import.span, format!("{} is not declared", import.to));
    Some(match nearest(&import.to.to_string(), known.iter().map(String::as_str)) {
        Some(near) => item.help(format!("did you mean {near}?")),
        None => item.help("declare it as it is to be; `charter import` writes it as it is on the servers"),
    })
}
