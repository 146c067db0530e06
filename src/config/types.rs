//! Types of variables: how they are written, and how values are converted to them.

use std::collections::BTreeMap;

use hcl_edit::expr::{Expression, FuncCall, ObjectKey};

use super::mismatch::{Mismatch, Step};
use super::parse::At;
use super::val::{Data, Val};
use crate::diag::{Diagnostic, nearest};

const NAMES: [&str; 9] = ["string", "number", "bool", "any", "list", "set", "map", "object", "optional"];

/// The type of a variable.
#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    /// Anything.
    Any,
    /// A text.
    String,
    /// A number.
    Number,
    /// A truth value.
    Bool,
    /// Values in order.
    List(Box<Ty>),
    /// Different values.
    Set(Box<Ty>),
    /// Values by key.
    Map(Box<Ty>),
    /// Values by fixed names; further ones are dropped, as terraform does.
    Object(BTreeMap<String, Field>),
}

/// A value of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The type.
    pub ty: Ty,
    /// The value where it is left out; none where it must not be.
    pub default: Option<Val>,
}

impl Ty {
    /// Parses a type as the language writes it.
    ///
    /// # Errors
    /// What is no type, at its place.
    pub fn parse(expr: &Expression, at: At) -> Result<Self, Box<Diagnostic>> {
        match expr {
            Expression::Variable(name) => match name.value().as_str() {
                "string" => Ok(Self::String),
                "number" => Ok(Self::Number),
                "bool" => Ok(Self::Bool),
                "any" => Ok(Self::Any),
                // As in terraform's early versions, the bare words stand for any elements.
                "list" => Ok(Self::List(Box::new(Self::Any))),
                "set" => Ok(Self::Set(Box::new(Self::Any))),
                "map" => Ok(Self::Map(Box::new(Self::Any))),
                other => Err(unknown(other, expr, at)),
            },
            Expression::FuncCall(call) => Self::parse_call(call, expr, at),
            Expression::Parenthesis(inner) => Self::parse(inner.inner(), at),
            Expression::String(text) => Err(Box::new(
                Diagnostic::error("unknown type")
                    .at(at.span(expr), "a type is not a text")
                    .help(format!("write it without quotes: type = {}", text.value())),
            )),
            _ => Err(Box::new(
                Diagnostic::error("unknown type").at(at.span(expr), "this is no type").help(TYPES),
            )),
        }
    }

    fn parse_call(call: &FuncCall, expr: &Expression, at: At) -> Result<Self, Box<Diagnostic>> {
        let name = call.name.name.value().as_str();
        let make: fn(Box<Ty>) -> Ty = match name {
            "list" => Self::List,
            "set" => Self::Set,
            "map" => Self::Map,
            "object" => return Self::parse_object(call, at),
            other => return Err(unknown(other, expr, at)),
        };
        match (call.args.get(0), call.args.len()) {
            (Some(of), 1) => Ok(make(Box::new(Self::parse(of, at)?))),
            _ => Err(Box::new(
                Diagnostic::error("unknown type")
                    .at(at.span(expr), "the type of the elements is missing")
                    .help(format!("write {name}(string)")),
            )),
        }
    }

    fn parse_object(call: &FuncCall, at: At) -> Result<Self, Box<Diagnostic>> {
        let fields = match (call.args.get(0), call.args.len()) {
            (Some(Expression::Object(fields)), 1) => fields,
            _ => {
                return Err(Box::new(
                    Diagnostic::error("unknown type")
                        .at(at.span(call), "the attributes are missing")
                        .help("write object({ name = string })"),
                ));
            }
        };
        let mut parsed = BTreeMap::new();
        for (key, value) in fields {
            let name = match key {
                ObjectKey::Ident(name) => name.value().to_string(),
                ObjectKey::Expression(expr) => expr.as_str().unwrap_or_default().to_owned(),
            };
            parsed.insert(name, Field::parse(value.expr(), at)?);
        }
        Ok(Self::Object(parsed))
    }

    /// Returns whether a value on the command line is a text as it stands, not an expression.
    pub fn is_primitive(&self) -> bool {
        matches!(self, Self::String | Self::Number | Self::Bool)
    }

    /// Returns the type as the language writes it.
    pub fn describe(&self) -> String {
        match self {
            Self::Any => "any".into(),
            Self::String => "string".into(),
            Self::Number => "number".into(),
            Self::Bool => "bool".into(),
            Self::List(of) => format!("list({})", of.describe()),
            Self::Set(of) => format!("set({})", of.describe()),
            Self::Map(of) => format!("map({})", of.describe()),
            Self::Object(_) => "object".into(),
        }
    }

    /// Converts a value to this type.
    ///
    /// # Errors
    /// What does not fit.
    pub fn convert(&self, value: &Val) -> Result<Val, Mismatch> {
        if value.is_null() || value.is_poison() {
            return Ok(value.clone());
        }
        let wrong = || Mismatch::new(value, &format!("a value of type {}", self.describe()));
        let same = |data: Option<Val>| Ok(data.ok_or_else(wrong)?.marked(&value.marks));
        match self {
            Self::Any => Ok(value.clone()),
            Self::String if matches!(value.data, Data::Text(_)) => Ok(value.clone()),
            Self::String => same(value.to_text().map(Val::from)),
            Self::Number => same(value.to_number().map(Val::from)),
            Self::Bool => same(value.to_bool().map(Val::from)),
            Self::List(of) => same(Some(Val::list(elements(of, value).ok_or_else(wrong)??))),
            Self::Set(of) => same(Some(Val::set(elements(of, value).ok_or_else(wrong)??))),
            Self::Map(of) => {
                let mut converted = BTreeMap::new();
                for (key, item) in value.entries().ok_or_else(wrong)? {
                    let inside = |error: Mismatch| error.inside(Step::Key(key.clone()));
                    converted.insert(key.clone(), of.convert(item).map_err(inside)?);
                }
                same(Some(Val::map(converted)))
            }
            Self::Object(fields) => {
                let entries = value.entries().ok_or_else(wrong)?;
                let mut converted = BTreeMap::new();
                for (name, field) in fields {
                    let inside = |error: Mismatch| error.inside(Step::Key(name.clone()));
                    let item = match (entries.get(name), &field.default) {
                        (Some(item), Some(default)) if item.is_null() => default.clone(),
                        (Some(item), _) => field.ty.convert(item).map_err(inside)?,
                        (None, Some(default)) => default.clone(),
                        (None, None) => {
                            return Err(Mismatch::of(format!("attribute `{name}` is missing")));
                        }
                    };
                    converted.insert(name.clone(), item);
                }
                same(Some(Val::map(converted)))
            }
        }
    }
}

impl Field {
    fn parse(expr: &Expression, at: At) -> Result<Self, Box<Diagnostic>> {
        let optional = match expr {
            Expression::FuncCall(call) if call.name.name.value().as_str() == "optional" => call,
            _ => {
                let ty = Ty::parse(expr, at)?;
                return Ok(Self { ty, default: None });
            }
        };
        let Some(ty) = optional.args.get(0) else {
            return Err(Box::new(
                Diagnostic::error("unknown type")
                    .at(at.span(expr), "the type is missing")
                    .help("write optional(string) or optional(string, \"default\")"),
            ));
        };
        let ty = Ty::parse(ty, at)?;
        let default = match optional.args.get(1) {
            None => Val::null(),
            Some(default) => {
                let Some(value) = literal(default) else {
                    return Err(Box::new(
                        Diagnostic::error("default is not a plain value")
                            .at(at.span(default), "only a plain value can stand here"),
                    ));
                };
                ty.convert(&value)
                    .map_err(|error| Box::new(error.diagnostic("value has the wrong type", default, at)))?
            }
        };
        Ok(Self { ty, default: Some(default) })
    }
}

/// Returns the value of an expression without references and calls.
fn literal(expr: &Expression) -> Option<Val> {
    match expr {
        Expression::Null(_) => Some(Val::null()),
        Expression::Bool(value) => Some(Val::from(*value.value())),
        Expression::Number(number) => number.value().as_f64().map(Val::from),
        Expression::String(text) => Some(Val::from(text.value().as_str())),
        Expression::Array(array) => {
            let items: Option<Vec<Val>> = array.iter().map(literal).collect();
            items.map(Val::list)
        }
        Expression::Object(object) => {
            let pair = |(key, value): (&ObjectKey, &hcl_edit::expr::ObjectValue)| {
                let key = match key {
                    ObjectKey::Ident(name) => name.value().to_string(),
                    ObjectKey::Expression(expr) => expr.as_str()?.to_owned(),
                };
                Some((key, literal(value.expr())?))
            };
            let entries: Option<BTreeMap<String, Val>> = object.iter().map(pair).collect();
            entries.map(Val::map)
        }
        _ => None,
    }
}

/// Converts the elements of a list or set; none where it is neither.
fn elements(of: &Ty, value: &Val) -> Option<Result<Vec<Val>, Mismatch>> {
    let items = value.items()?.iter().enumerate();
    let convert = |(index, item)| of.convert(item).map_err(|error| error.inside(Step::Index(index)));
    Some(items.map(convert).collect())
}

const TYPES: &str = "types are string, number, bool, any, list(…), set(…), map(…) and object({ … })";

fn unknown(name: &str, expr: &Expression, at: At) -> Box<Diagnostic> {
    let item = Diagnostic::error("unknown type").at(at.span(expr), "no type has this name");
    Box::new(match nearest(name, NAMES) {
        Some(near) => item.help(format!("did you mean `{near}`?")),
        None => item.help(TYPES),
    })
}
