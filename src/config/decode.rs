//! Checks a block against its schema, and turns its evaluated attributes into a [`Body`].

use std::collections::BTreeMap;

use hcl_edit::structure::Attribute;

use super::check::listed;
use super::decls::Placed;
use super::eval::Cx;
use super::mismatch::{Mismatch, Step};
use super::val::{BlockVal, Data, Val};
use crate::diag::{Diagnostic, Diagnostics, nearest};
use crate::model::schema::{Arity, AttrSchema, BlockSchema, Type};
use crate::model::{Body, Spanned, Value};

/// What becomes of sensitive values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// They are secrets where the schema accepts them, else an error.
    Keep,
    /// They are plain: the block is shown nowhere.
    Open,
}

/// Checks the names in a block, and whether what is required is there. `meta` are the names of
/// attributes and blocks that the language itself knows.
pub fn check(placed: &Placed<'_>, schema: &BlockSchema, meta: (&[&str], &[&str]), diags: &mut Diagnostics) {
    let body = &placed.block.body;
    let at = placed.at;
    for attr in body.attributes() {
        let name = attr.key.value().as_str();
        if schema.attr(name).is_none() && !meta.0.contains(&name) {
            diags.push(unknown_attr(attr, placed, schema, meta.0));
        }
    }
    for required in schema.attrs.iter().filter(|attr| attr.required) {
        if !body.has_attribute(required.name) {
            diags.push(
                Diagnostic::error("missing attribute")
                    .at(placed.head(), format!("`{}` is required", required.name))
                    .detail(required.doc)
                    .help(format!("add `{} = …`", required.name)),
            );
        }
    }
    let mut first: BTreeMap<&str, Placed<'_>> = BTreeMap::new();
    for block in body.blocks() {
        let name = block.ident.value().as_str();
        let nested = Placed { block, at };
        if meta.1.contains(&name) {
            continue;
        }
        let Some((_, arity, inner)) = schema.blocks.iter().find(|(known, ..)| *known == name) else {
            diags.push(unknown_block(&nested, schema, meta.1));
            continue;
        };
        if let Some(label) = block.labels.first() {
            diags.push(
                Diagnostic::error("block has too many labels").at(at.span(label), "this block has no label"),
            );
        }
        if let Some(before) = first.get(name).filter(|_| *arity == Arity::Optional) {
            diags.push(
                Diagnostic::error("nested block is repeated")
                    .at(nested.head(), "a second one")
                    .at(before.head(), "the first one")
                    .help(format!("`{name}` stands here once at most")),
            );
        }
        first.entry(name).or_insert(nested);
        check(&nested, inner, (&[], &[]), diags);
    }
}

fn unknown_attr(attr: &Attribute, placed: &Placed<'_>, schema: &BlockSchema, meta: &[&str]) -> Diagnostic {
    let name = attr.key.value().as_str();
    let kind = placed.block.ident.value();
    let item = Diagnostic::error("unknown attribute")
        .at(placed.at.span(&attr.key), format!("`{kind}` has no such attribute"));
    if schema.blocks.iter().any(|(block, ..)| *block == name) {
        return item.help(format!("it is a block: write `{name} {{ … }}`, without `=`"));
    }
    let known = schema.attrs.iter().map(|attr| attr.name);
    let known: Vec<&str> = known.chain(meta.iter().copied()).collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => item.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => item.help("it has no attributes"),
        None => item.help(format!("it has {}", listed(known.iter().map(|name| format!("`{name}`"))))),
    }
}

fn unknown_block(nested: &Placed<'_>, schema: &BlockSchema, meta: &[&str]) -> Diagnostic {
    let name = nested.block.ident.value().as_str();
    let item = Diagnostic::error("unknown nested block")
        .at(nested.at.span(&nested.block.ident), "no block of this type stands here");
    if schema.attr(name).is_some() {
        return item.help(format!("it is an attribute: write `{name} = …`"));
    }
    let known = schema.blocks.iter().map(|(name, ..)| *name);
    match nearest(name, known.chain(meta.iter().copied())) {
        Some(near) => item.help(format!("did you mean `{near}`?")),
        None => item,
    }
}

/// Evaluates a block that was checked; none where a problem was reported.
pub fn body(cx: &Cx<'_>, placed: &Placed<'_>, schema: &BlockSchema, seal: Seal) -> Option<Body> {
    let mut body =
        Body { span: placed.head(), attrs: BTreeMap::new(), blocks: BTreeMap::new(), refs: BTreeMap::new() };
    let mut failed = false;
    for attr in placed.block.body.attributes() {
        let Some(known) = schema.attr(attr.key.value()) else {
            continue;
        };
        let evaluated = cx.eval(&attr.value);
        let refs = evaluated.deep_marks().refs().cloned().collect();
        body.refs.insert(known.name.to_owned(), refs);
        match attribute(cx, attr, known, &evaluated, seal) {
            Some(Value::Null) if known.required => {
                failed = true;
                cx.ev.fail(
                    Diagnostic::error("missing attribute")
                        .at(cx.at.span(&attr.value), "this is null")
                        .detail(format!("`{}` is required. {}", known.name, known.doc)),
                );
            }
            Some(Value::Null) => {}
            Some(value) => {
                let span = cx.at.span(&attr.value);
                body.attrs.insert(known.name.to_owned(), Spanned { value, span });
            }
            None => failed = true,
        }
    }
    for required in schema.attrs.iter().filter(|attr| attr.required) {
        failed |= !placed.block.body.has_attribute(required.name);
    }
    for (name, _, inner) in &schema.blocks {
        for nested in placed.nested(name) {
            match self::body(cx, &nested, inner, seal) {
                Some(nested) => body.blocks.entry((*name).to_owned()).or_default().push(nested),
                None => failed = true,
            }
        }
    }
    (!failed).then_some(body)
}

/// Converts an evaluated attribute to its type; none where a problem was reported.
fn attribute(
    cx: &Cx<'_>,
    attr: &Attribute,
    known: &AttrSchema,
    evaluated: &Val,
    seal: Seal,
) -> Option<Value> {
    let seal = match (seal, known.sensitive) {
        (Seal::Open, _) => Leaf::Plain,
        (Seal::Keep, true) => Leaf::Secret,
        (Seal::Keep, false) => Leaf::Refused,
    };
    match convert(evaluated, &known.ty, seal, false) {
        Ok(value) => Some(value),
        Err(Wrong::Reported) => None,
        Err(Wrong::Types(mismatches)) => {
            for mismatch in mismatches {
                let item = mismatch.diagnostic("value has the wrong type", &attr.value, cx.at);
                cx.ev.fail(item);
            }
            None
        }
        Err(Wrong::Sensitive) => {
            cx.ev.fail(
                Diagnostic::error("sensitive value in a place that shows it")
                    .at(cx.at.span(&attr.value), "this is sensitive")
                    .detail(format!(
                        "`{}` is part of plans and of what runs on the servers, in clear.",
                        known.name
                    ))
                    .help("use a value that is not marked sensitive"),
            );
            None
        }
    }
}

/// What becomes of a sensitive leaf.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaf {
    Plain,
    Secret,
    Refused,
}

/// Why a value does not become an attribute.
#[derive(Debug)]
enum Wrong {
    /// A problem was reported already.
    Reported,
    /// It, or several things in it, have the wrong type.
    Types(Vec<Mismatch>),
    /// It is sensitive where that cannot be.
    Sensitive,
}

impl Wrong {
    fn inside(self, step: Step) -> Self {
        match self {
            Self::Types(all) => {
                let inside = |mismatch: Mismatch| mismatch.inside(step.clone());
                Self::Types(all.into_iter().map(inside).collect())
            }
            other => other,
        }
    }

    /// Puts the problems of elements together; what was reported counts least.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Types(mut all), Self::Types(more)) => {
                all.extend(more);
                Self::Types(all)
            }
            (Self::Reported, other) | (other, Self::Reported) => other,
            (Self::Sensitive, _) | (_, Self::Sensitive) => Self::Sensitive,
        }
    }
}

fn convert(value: &Val, ty: &Type, leaf: Leaf, outer: bool) -> Result<Value, Wrong> {
    let hidden = outer || value.marks.sensitive;
    if value.is_poison() {
        return Err(Wrong::Reported);
    }
    if value.is_null() {
        return Ok(Value::Null);
    }
    let wanted = format!("a {}", ty.describe());
    let wrong = || Wrong::from(Mismatch::new(value, &wanted));
    let plain = match (ty, &value.data) {
        (Type::Ref(kinds), _) => reference(value, kinds).map_err(Wrong::from)?,
        (Type::Refs { words, .. }, Data::Text(text)) if value.origin.is_none() => {
            match nearest_word(text, words) {
                Ok(word) => Value::String(word),
                Err(help) => return Err(Mismatch::new(value, &wanted).help(help).into()),
            }
        }
        (Type::Refs { kinds, .. }, _) => return convert(value, &Type::Ref(kinds).list(), leaf, outer),
        (Type::Any, Data::Block(block)) => named(block)?,
        (Type::Any, Data::List(items) | Data::Set(items)) => {
            return list(items, ty, leaf, hidden);
        }
        (Type::Any, Data::Map(entries)) => return map(entries, ty, leaf, hidden),
        (Type::Any, Data::Bool(value)) => Value::Bool(*value),
        (Type::Any, Data::Number(number)) => Value::Number(*number),
        (Type::Any, _) => Value::String(value.to_text().ok_or_else(wrong)?),
        (Type::String, Data::Block(block)) => {
            let name = match block.names.contains(&"name") {
                true => format!("its name is `{}.name`", block.addr),
                false => format!("it has {}", listed(block.names.iter().map(|name| format!("`.{name}`")))),
            };
            return Err(Mismatch::new(value, "a string").help(name).into());
        }
        (Type::String, _) => Value::String(value.to_text().ok_or_else(wrong)?),
        (Type::Number, _) => Value::Number(value.to_number().ok_or_else(wrong)?),
        (Type::Bool, _) => Value::Bool(value.to_bool().ok_or_else(wrong)?),
        (Type::List(of), Data::List(items) | Data::Set(items)) => {
            return list(items, of, leaf, hidden);
        }
        (Type::List(_), Data::Text(_) | Data::Block(_)) => {
            let help = "a list of one is written in brackets: [ … ]";
            return Err(Mismatch::new(value, &wanted).help(help).into());
        }
        (Type::Map(of), Data::Map(entries)) => return map(entries, of, leaf, hidden),
        (Type::List(_) | Type::Map(_), _) => return Err(wrong()),
    };
    match (hidden, leaf) {
        (false, _) | (true, Leaf::Plain) => Ok(plain),
        (true, Leaf::Secret) => Ok(plain.into_sensitive()),
        (true, Leaf::Refused) => Err(Wrong::Sensitive),
    }
}

/// Returns the word that stands in the place of a list; else what to write.
fn nearest_word(text: &str, words: &[&str]) -> Result<String, String> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(match nearest(text, words.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "a list of one is written in brackets: [ … ]".to_owned(),
    })
}

fn list(items: &[Val], of: &Type, leaf: Leaf, hidden: bool) -> Result<Value, Wrong> {
    let element = |(index, item): (usize, &Val)| {
        let inside = |wrong: Wrong| wrong.inside(Step::Index(index));
        match convert(item, of, leaf, hidden).map_err(inside)? {
            Value::Null if *of != Type::Any => Err(inside(Mismatch::of("an element is null").into())),
            value => Ok(value),
        }
    };
    if items.is_empty() && hidden && leaf == Leaf::Refused {
        return Err(Wrong::Sensitive);
    }
    all(items.iter().enumerate().map(element)).map(Value::List)
}

fn map(entries: &BTreeMap<String, Val>, of: &Type, leaf: Leaf, hidden: bool) -> Result<Value, Wrong> {
    if hidden && leaf == Leaf::Refused {
        return Err(Wrong::Sensitive);
    }
    let entry = |(key, item): (&String, &Val)| {
        let inside = |wrong: Wrong| wrong.inside(Step::Key(key.clone()));
        Ok((key.clone(), convert(item, of, leaf, hidden).map_err(inside)?))
    };
    let entries = all(entries.iter().map(entry))?;
    Ok(Value::Map(entries.into_iter().collect()))
}

/// Collects elements, or the problems of all of them.
fn all<T>(elements: impl Iterator<Item = Result<T, Wrong>>) -> Result<Vec<T>, Wrong> {
    let mut good = Vec::new();
    let mut wrong: Option<Wrong> = None;
    for element in elements {
        match element {
            Ok(element) => good.push(element),
            Err(error) => {
                wrong = Some(match wrong {
                    Some(before) => before.and(error),
                    None => error,
                });
            }
        }
    }
    wrong.map_or(Ok(good), Err)
}

impl From<Mismatch> for Wrong {
    fn from(mismatch: Mismatch) -> Self {
        Self::Types(vec![mismatch])
    }
}

impl From<Option<Mismatch>> for Wrong {
    fn from(mismatch: Option<Mismatch>) -> Self {
        mismatch.map_or(Self::Reported, Self::from)
    }
}

/// Returns a reference to a resource of one of these kinds, or the name of a real object.
fn reference(value: &Val, kinds: &[&str]) -> Result<Value, Option<Mismatch>> {
    let wanted = format!("a {}", kinds.join(" or "));
    let (kind, found) = match (&value.data, &value.origin) {
        (Data::Block(block), _) => match named(block) {
            Ok(found) => (block.kind, found),
            Err(_) => return Err(None),
        },
        (Data::Text(name), Some(origin)) => {
            let (addr, name) = (origin.addr.clone(), name.clone());
            (origin.kind, Value::Ref { addr, name })
        }
        (Data::Text(name), None) => return Ok(Value::String(name.clone())),
        (Data::Map(entries), _) if entries.values().any(|item| matches!(item.data, Data::Block(_))) => {
            return Err(Some(
                Mismatch::of(format!("this is a map of instances; {wanted} is needed"))
                    .help("choose an instance with [\"key\"]"),
            ));
        }
        _ => return Err(Some(Mismatch::new(value, &format!("{wanted} or its name")))),
    };
    if !kinds.contains(&kind) {
        let message = format!("this is a {kind}; {wanted} is needed");
        return Err(Some(Mismatch::of(message)));
    }
    Ok(found)
}

/// Returns a block as a reference, under its exported name, else under its label.
fn named(block: &BlockVal) -> Result<Value, Wrong> {
    let exports = block.exports.as_ref().ok_or(Wrong::Reported)?;
    let exported = exports.get("name").and_then(Val::to_text);
    let label = || {
        let last = block.addr.segments().last();
        last.map(|last| last.key.clone().unwrap_or_else(|| last.word.clone()))
    };
    Ok(Value::Ref { addr: block.addr.clone(), name: exported.or_else(label).unwrap_or_default() })
}
