//! The meta-arguments of resource blocks: `for_each`, `depends_on` and `lifecycle`.

use std::collections::BTreeSet;

use hcl_edit::expr::Expression;

use super::condition;
use super::decls::{Placed, Resource};
use super::eval::{Cx, each_value};
use super::refs::{self, Step};
use super::val::{Data, Val};
use crate::diag::{Diagnostic, Diagnostics, Span, nearest};
use crate::model::Addr;
use crate::model::schema::BlockSchema;

/// The instances of a block.
pub enum Instances {
    /// The block itself.
    One,
    /// One for each key, with what it sees as `each`.
    Many(Vec<(String, Val)>),
    /// Unknown, because of a problem that was reported.
    Unknown,
}

/// Returns the instances of a block.
pub fn instances(cx: &Cx<'_>, resource: &Resource<'_>) -> Instances {
    let Some(attr) = resource.placed.attr("for_each") else {
        return Instances::One;
    };
    let value = cx.eval(&attr.value);
    let span = cx.at.span(&attr.value);
    let pairs = match &value.data {
        _ if value.marks.sensitive => Err(sensitive(span)),
        Data::Map(entries) => Ok(entries
            .iter()
            .map(|(key, item)| {
                let shown = Val::from(key.as_str()).marked(&value.marks);
                (key.clone(), each_value(shown, item.clone()))
            })
            .collect()),
        Data::Set(items) => keys_of_set(items, span),
        Data::Poison => return Instances::Unknown,
        Data::List(_) => Err(Diagnostic::error("for_each is not a map or set")
            .at(span, "this is a list")
            .detail("Instances are known by their keys, and a list has none.")
            .help("toset(…) makes a set of strings of it")),
        _ => Err(Diagnostic::error("for_each is not a map or set")
            .at(span, format!("this is {}", value.describe()))
            .help("give it a map, or a set of strings")),
    };
    match pairs {
        Ok(pairs) => Instances::Many(pairs),
        Err(problem) => {
            cx.ev.fail(problem);
            Instances::Unknown
        }
    }
}

fn keys_of_set(items: &[Val], span: Span) -> Result<Vec<(String, Val)>, Diagnostic> {
    let key = |item: &Val| match &item.data {
        _ if item.marks.sensitive => Err(sensitive(span)),
        Data::Text(text) => Ok((text.clone(), each_value(item.clone(), item.clone()))),
        _ => Err(Diagnostic::error("for_each is not a set of strings")
            .at(span, format!("an element is {}", item.describe()))
            .help("other values go into a map, under a key each")),
    };
    items.iter().map(key).collect()
}

fn sensitive(span: Span) -> Diagnostic {
    Diagnostic::error("sensitive value in for_each")
        .at(span, "this is sensitive")
        .detail("Keys are parts of addresses, which are shown everywhere.")
        .help("use keys that are not sensitive")
}

/// What the other meta-arguments of a block say.
#[derive(Default)]
pub struct Meta {
    /// What `depends_on` names.
    pub depends_on: BTreeSet<Addr>,
    /// What `ignore_changes` names.
    pub ignore_changes: BTreeSet<String>,
    /// What `prevent_destroy` says.
    pub prevent_destroy: bool,
}

/// The arguments of `lifecycle`.
const LIFECYCLE: [&str; 2] = ["ignore_changes", "prevent_destroy"];

/// Reads `depends_on` and `lifecycle`. Unknown names in `depends_on` are reported with the other
/// references.
pub fn meta(resource: &Resource<'_>, diags: &mut Diagnostics) -> Meta {
    let mut meta = Meta::default();
    let (placed, at) = (resource.placed, resource.placed.at);
    if let Some(attr) = placed.attr("depends_on") {
        for expr in elements(&attr.value, at.span(&attr.value), "depends_on", diags) {
            match target(expr, resource) {
                Some(addr) => _ = meta.depends_on.insert(addr),
                None => diags.push(
                    Diagnostic::error("depends_on takes references to resources")
                        .at(at.span(expr), "not a resource")
                        .help("write it without an attribute: depends_on = [role.analyst]"),
                ),
            }
        }
    }
    let mut seen = None;
    for lifecycle in placed.nested("lifecycle") {
        if let Some(first) = seen.replace(lifecycle.head()) {
            diags.push(
                Diagnostic::error("nested block is repeated")
                    .at(lifecycle.head(), "a second one")
                    .at(first, "the first one")
                    .help("`lifecycle` stands here once at most"),
            );
        }
        for block in lifecycle.block.body.blocks() {
            condition::precondition(&Placed { block, at }, diags);
        }
        for attr in lifecycle.block.body.attributes() {
            let name = attr.key.value().as_str();
            match (name, &attr.value) {
                ("ignore_changes", _) => {}
                ("prevent_destroy", Expression::Bool(value)) => {
                    meta.prevent_destroy = *value.value();
                    continue;
                }
                ("prevent_destroy", _) => {
                    diags.push(
                        Diagnostic::error("wrong value")
                            .at(at.span(&attr.value), "true or false stands here")
                            .help("it is not computed, so that whoever reads the block knows"),
                    );
                    continue;
                }
                _ => {
                    diags.push(unknown_argument(name, at.span(&attr.key)));
                    continue;
                }
            }
            for expr in elements(&attr.value, at.span(&attr.value), name, diags) {
                let name = attr_name(expr).filter(|name| is_ignorable(&resource.schema, name));
                match name {
                    Some(name) => _ = meta.ignore_changes.insert(name),
                    None => diags.push(not_ignorable(expr, at.span(expr), resource)),
                }
            }
        }
    }
    meta
}

fn elements<'e>(
    expr: &'e Expression,
    span: Span,
    name: &str,
    diags: &mut Diagnostics,
) -> Vec<&'e Expression> {
    match expr {
        Expression::Array(array) => array.iter().collect(),
        _ => {
            diags.push(
                Diagnostic::error("argument is not a list")
                    .at(span, "a list in brackets is needed")
                    .help(format!("write {name} = [ … ]")),
            );
            Vec::new()
        }
    }
}

/// Returns the resource or instance that an expression refers to as a whole.
fn target(expr: &Expression, resource: &Resource<'_>) -> Option<Addr> {
    let reference = refs::bare(expr, resource.placed.at)?;
    if matches!(reference.root.as_str(), "var" | "local" | "each") {
        return None;
    }
    let addr = Addr::new(&reference.root, reference.attr(0)?);
    match reference.steps.get(1..)? {
        [] => Some(addr),
        [(Step::Key(key), _)] => Some(addr.instance(key)),
        _ => None,
    }
}

fn attr_name(expr: &Expression) -> Option<String> {
    match expr {
        Expression::String(text) => Some(text.value().clone()),
        Expression::Variable(name) => Some(name.value().to_string()),
        _ => None,
    }
}

fn is_ignorable(schema: &BlockSchema, name: &str) -> bool {
    schema.attr(name).is_some_and(|attr| attr.ignorable)
}

fn not_ignorable(expr: &Expression, span: Span, resource: &Resource<'_>) -> Diagnostic {
    let kind = resource.kind.name();
    let names: Vec<&str> =
        resource.schema.attrs.iter().filter(|attr| attr.ignorable).map(|attr| attr.name).collect();
    let name = attr_name(expr);
    let known = name.as_deref().is_some_and(|name| {
        resource.schema.attr(name).is_some()
            || resource.schema.blocks.iter().any(|(block, ..)| *block == name)
    });
    if known {
        let item = Diagnostic::error("differences of this attribute cannot be ignored")
            .at(span, "it decides more than a value that can be left alone");
        return match names[..] {
            [] => item.help(format!("nothing of a `{kind}` can be ignored; leave `ignore_changes` out")),
            _ => item.help(format!("of a `{kind}` these can be: {}", names.join(", "))),
        };
    }
    let item = Diagnostic::error("unknown attribute in ignore_changes")
        .at(span, format!("`{kind}` has no such attribute"));
    match name.and_then(|name| nearest(&name, names)) {
        Some(near) => item.help(format!("did you mean `{near}`?")),
        None => item,
    }
}

fn unknown_argument(name: &str, span: Span) -> Diagnostic {
    let item = Diagnostic::error("unknown lifecycle argument").at(span, "lifecycle has no such argument");
    match nearest(name, LIFECYCLE) {
        Some(near) => item.help(format!("did you mean `{near}`?")),
        None => item.help("it has `ignore_changes` and `prevent_destroy`, and `precondition` blocks"),
    }
}
