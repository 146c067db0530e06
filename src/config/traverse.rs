//! Traversals: `a.b`, `a["b"]`, `a[0]`, `a[*].b`, and what their first words mean.

use hcl_edit::Decorated;
use hcl_edit::expr::{Expression, Traversal, TraversalOperator};

use super::eval::Cx;
use super::val::{Data, Val};
use crate::diag::{Diagnostic, Span, nearest};

/// Returns the value of a traversal.
pub fn eval(cx: &Cx<'_>, traversal: &Traversal) -> Val {
    let operators = traversal.operators.as_slice();
    match &traversal.expr {
        Expression::Variable(name) => match cx.bound(name.value()) {
            Some(value) => steps(cx, value.clone(), operators),
            None if cx.ev.names.reported.contains(&cx.at.span(name)) => Val::poison(),
            None => named(cx, name.value(), operators),
        },
        expr => steps(cx, cx.eval(expr), operators),
    }
}

/// Looks the first two words up. What is not there was reported when names were checked.
fn named(cx: &Cx<'_>, root: &str, operators: &[Decorated<TraversalOperator>]) -> Val {
    let Some((first, rest)) = operators.split_first() else {
        return Val::poison();
    };
    let TraversalOperator::GetAttr(name) = first.value() else {
        return Val::poison();
    };
    let names = cx.ev.names;
    let name = name.value().as_str();
    let value = match root {
        "var" => names.vars.get(name),
        "local" => names.locals.get(name),
        "charter" => names.presets.as_ref(),
        kind => names.blocks.get(&(kind.to_owned(), name.to_owned())),
    };
    steps(cx, value.cloned().unwrap_or_else(Val::poison), rest)
}

fn steps(cx: &Cx<'_>, mut value: Val, operators: &[Decorated<TraversalOperator>]) -> Val {
    for (index, operator) in operators.iter().enumerate() {
        if value.is_poison() {
            return value;
        }
        let rest = &operators[index + 1..];
        value = match operator.value() {
            TraversalOperator::GetAttr(name) => attr(cx, value, name.value(), cx.at.span(name)),
            TraversalOperator::Index(expr) => {
                let key = cx.eval(expr);
                element(cx, value, &key, cx.at.span(expr))
            }
            TraversalOperator::LegacyIndex(number) => {
                let key = number.value().to_string();
                element(cx, value, &Val::from(key), cx.at.span(number))
            }
            TraversalOperator::FullSplat(_) => return splat(cx, &value, rest, &[]),
            TraversalOperator::AttrSplat(_) => {
                let is_attr = |operator: &Decorated<TraversalOperator>| {
                    matches!(operator.value(), TraversalOperator::GetAttr(_))
                };
                let attrs = rest.iter().take_while(|operator| is_attr(operator)).count();
                let (inside, after) = rest.split_at(attrs);
                return splat(cx, &value, inside, after);
            }
        };
    }
    value
}

/// Takes the steps `inside` for each element, and those `after` on the list of results. A single
/// value is a list of one, null an empty list.
fn splat(
    cx: &Cx<'_>,
    value: &Val,
    inside: &[Decorated<TraversalOperator>],
    after: &[Decorated<TraversalOperator>],
) -> Val {
    let items: Vec<Val> = match value.items() {
        Some(items) => items.to_vec(),
        None if value.is_null() => Vec::new(),
        None => vec![value.clone()],
    };
    let results = items.into_iter().map(|item| steps(cx, item, inside));
    let list = Val::list(results.collect()).marked(&value.marks);
    steps(cx, list, after)
}

fn attr(cx: &Cx<'_>, value: Val, name: &str, span: Span) -> Val {
    let found = match &value.data {
        Data::Map(entries) => entries.get(name).cloned(),
        Data::Block(block) => {
            let Some(exports) = &block.exports else {
                return Val::poison();
            };
            let declared = || block.declared.get(name).filter(|_| cx.ev.names.whole);
            let Some(found) = exports.get(name).or_else(declared) else {
                return no_export(cx, name, block, span);
            };
            let mut found = found.clone();
            found.marks.sensitive |= value.marks.sensitive;
            return found;
        }
        _ => {
            let label = format!("{} has no attributes", value.describe());
            return cx.fail_at("value has no attributes", span, label);
        }
    };
    match found {
        Some(found) => found.marked(&value.marks),
        None => no_key(cx, &value, name, span),
    }
}

fn no_export(cx: &Cx<'_>, name: &str, block: &super::val::BlockVal, span: Span) -> Val {
    if block.names.contains(&name) {
        let label = format!("`{}` has no {name}", block.addr);
        return cx.fail_at("attribute has no value", span, label);
    }
    cx.ev.fail(super::check::unknown_export(block.kind, name, &block.names, span))
}

fn no_key(cx: &Cx<'_>, value: &Val, key: &str, span: Span) -> Val {
    let mut values = value.entries().into_iter().flat_map(|entries| entries.values());
    let item = match values.next().map(|first| &first.data) {
        Some(Data::Block(block)) => Diagnostic::error("no such instance")
            .at(span, format!("for_each of this {} has no such key", block.kind)),
        _ => Diagnostic::error("no such key").at(span, "the map does not have this key"),
    };
    let keys = value.entries().into_iter().flat_map(|entries| entries.keys());
    let near = nearest(key, keys.map(String::as_str)).filter(|_| !value.marks.sensitive);
    cx.ev.fail(match near {
        Some(near) => item.help(format!("did you mean `{near}`?")),
        None => item,
    })
}

fn element(cx: &Cx<'_>, value: Val, key: &Val, span: Span) -> Val {
    if key.is_poison() {
        return Val::poison();
    }
    match &value.data {
        Data::List(items) => {
            let position = key.to_number().and_then(|number| index(number, items.len()));
            match position.and_then(|position| items.get(position)) {
                Some(item) => item.clone().marked(&value.marks).marked(&key.marks),
                None => {
                    let label = match items.len() {
                        0 => "the list is empty".to_owned(),
                        1 => "the list has one element, number 0".to_owned(),
                        count => format!("the list has elements 0 to {}", count - 1),
                    };
                    cx.fail_at("no such element", span, label)
                }
            }
        }
        Data::Map(entries) => match key.to_text() {
            Some(text) => match entries.get(&text) {
                Some(item) => item.clone().marked(&value.marks).marked(&key.marks),
                None if key.marks.sensitive => {
                    cx.fail_at("no such key", span, "the map does not have this key")
                }
                None => no_key(cx, &value, &text, span),
            },
            None => {
                let label = format!("{} cannot be a key", key.describe());
                cx.fail_at("key is not a string", span, label)
            }
        },
        Data::Block(block) => match key.to_text() {
            Some(name) => attr(cx, value.clone(), &name, span),
            None => {
                let label = format!("a {} has attributes only", block.kind);
                cx.fail_at("value has no elements", span, label)
            }
        },
        Data::Set(_) => cx.ev.fail(
            Diagnostic::error("value has no elements")
                .at(span, "a set has no order, so it has no element of this number")
                .help("`tolist(…)` makes a list of it"),
        ),
        _ => {
            let label = format!("{} has no elements", value.describe());
            cx.fail_at("value has no elements", span, label)
        }
    }
}

/// Returns the position that a number is, if there are so many.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the number is whole and within the length"
)]
fn index(number: f64, length: usize) -> Option<usize> {
    let whole = number.fract() == 0.0 && number >= 0.0 && number < length as f64;
    whole.then_some(number as usize)
}
