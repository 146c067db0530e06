//! How blocks declare settings: the map `settings` for plain values, `setting` blocks for bounds.

use std::collections::BTreeMap;

use super::canonical::as_number;
use super::{Element, SETTINGS, text};
use crate::diag::{Diagnostic, Span};
use crate::kinds::DecodeCx;
use crate::model::schema::{Arity, BlockSchema, Type};
use crate::model::{Body, Value};

/// The words for who may change a setting, as the language has them; ClickHouse has them in capitals.
const WRITABILITY: [&str; 3] = ["const", "writable", "changeable_in_readonly"];

/// Adds `settings` and `setting` to the schema of a block.
pub fn schema(schema: BlockSchema) -> BlockSchema {
    let setting = BlockSchema::default()
        .required("name", Type::String, "The setting's name.")
        .optional("value", Type::Any, "Its value.")
        .optional("min", Type::Any, "The smallest value that may be chosen instead.")
        .optional("max", Type::Any, "The greatest one.")
        .optional(
            "writability",
            Type::String,
            "Who may change it: `const` for nobody, `writable`, or `changeable_in_readonly`.",
        );
    schema
        .optional(SETTINGS, Type::Any.map(), "Settings by name: texts, numbers and truth values.")
        .block("setting", Arity::Many, setting)
        .ignorable(&[SETTINGS])
}

/// Decodes what a block sets; nothing where it sets nothing. Problems are reported.
pub fn decode(body: &Body, cx: &mut DecodeCx) -> Option<Value> {
    let mut declared: BTreeMap<String, (Element, Span)> = BTreeMap::new();
    if let Some(map) = body.get(SETTINGS) {
        for (name, value) in map.value.as_map().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            if check_name(name, map.span, cx) && check_scalar(name, value, map.span, cx) {
                let element = Element { value: Some(value.clone()), ..Element::default() };
                declared.insert(name.clone(), (element, map.span));
            }
        }
    }
    for block in body.blocks("setting") {
        let name = block.string("name").unwrap_or_default();
        let Some(element) = element(name, block, cx) else { continue };
        let span = block.span_of("name");
        if let Some((_, first)) = declared.insert(name.to_owned(), (element, span)) {
            cx.diags.push(
                Diagnostic::error("a setting is set twice")
                    .at(span, format!("{name}, again"))
                    .at(first, "the first time"),
            );
        }
    }
    let settings: BTreeMap<String, Value> =
        declared.into_iter().map(|(name, (element, _))| (name, element.into_value())).collect();
    (!settings.is_empty()).then_some(Value::Map(settings))
}

fn element(name: &str, block: &Body, cx: &mut DecodeCx) -> Option<Element> {
    let mut good = check_name(name, block.span_of("name"), cx);
    for part in ["value", "min", "max"] {
        good &= block.get(part).is_none_or(|value| check_scalar(name, &value.value, value.span, cx));
    }
    let part = |part: &str| block.get(part).map(|value| value.value.clone());
    let word = block.string("writability");
    let element = Element {
        value: part("value"),
        min: part("min"),
        max: part("max"),
        writability: word.map(str::to_ascii_uppercase),
    };
    if word.is_some_and(|word| !WRITABILITY.iter().any(|known| known.eq_ignore_ascii_case(word))) {
        cx.diags.push(
            Diagnostic::error("this says not who may change a setting")
                .at(block.span_of("writability"), "unknown")
                .help("write \"const\", \"writable\" or \"changeable_in_readonly\""),
        );
        good = false;
    }
    if element == Element::default() {
        cx.diags.push(
            Diagnostic::error("a setting without anything that is set")
                .at(block.span, "no value, no bounds, no writability")
                .help("add `value`, `min`, `max` or `writability`"),
        );
        good = false;
    }
    (good && check_bounds(&element, block, cx)).then_some(element)
}

/// Reports bounds that exclude each other, or the value itself.
fn check_bounds(element: &Element, block: &Body, cx: &mut DecodeCx) -> bool {
    let number = |value: &Option<Value>| value.as_ref().and_then(|value| as_number(&text(value)));
    let (value, min, max) = (number(&element.value), number(&element.min), number(&element.max));
    let above = |a: Option<f64>, b: Option<f64>| a.zip(b).is_some_and(|(a, b)| a > b);
    let problem = if above(min, max) {
        Some(("min", "is greater than `max`"))
    } else if above(min, value) {
        Some(("value", "is smaller than `min`"))
    } else if above(value, max) {
        Some(("value", "is greater than `max`"))
    } else {
        None
    };
    let Some((attr, label)) = problem else { return true };
    cx.diags.push(Diagnostic::error("a setting that breaks its own bounds").at(block.span_of(attr), label));
    false
}

/// Reports what cannot be the name of a setting.
fn check_name(name: &str, span: Span, cx: &mut DecodeCx) -> bool {
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !good {
        cx.diags.push(
            Diagnostic::error("this is not the name of a setting")
                .at(span, format!("{name:?} is not"))
                .help("names are letters, digits and `_`; `SELECT name FROM system.settings` lists them"),
        );
    }
    good
}

/// Reports a value that is no text, number or truth value.
fn check_scalar(name: &str, value: &Value, span: Span, cx: &mut DecodeCx) -> bool {
    let good = matches!(value, Value::Bool(_) | Value::Number(_) | Value::String(_));
    if !good {
        cx.diags.push(
            Diagnostic::error("a setting takes one value")
                .at(span, format!("{name} is given a list or a map"))
                .help("write a text as ClickHouse takes it, such as \"hash,grace_hash\"; bounds go into a `setting` block"),
        );
    }
    good
}
