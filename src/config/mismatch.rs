//! Values of the wrong type, told at the innermost literal that holds them.

use hcl_edit::expr::{Expression, ObjectKey};

use super::parse::At;
use super::val::Val;
use crate::diag::{Diagnostic, Span};

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An element of a list.
    Index(usize),
    /// A value of a map.
    Key(String),
}

/// A value of the wrong type.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// The way to it from the outermost value, innermost step first.
    pub path: Vec<Step>,
    /// What it is and what is needed, as a fragment. Never the value itself.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Mismatch {
    /// Returns the mismatch of a value itself.
    pub fn new(value: &Val, wanted: &str) -> Self {
        Self::of(format!("this is {}; {wanted} is needed", value.describe()))
    }

    /// Returns a mismatch with a message.
    pub fn of(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), message: message.into(), help: None }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says that it is inside of something.
    #[must_use]
    pub fn inside(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    /// Returns the diagnostic, at the literal inside of an expression where there is one.
    pub fn diagnostic(self, summary: &str, expr: &Expression, at: At) -> Diagnostic {
        let (span, rest) = place(expr, at, &self.path);
        self.label(summary, Some(span), rest)
    }

    /// Returns the diagnostic without a look at the literal.
    pub fn label(&self, summary: &str, span: Option<Span>, rest: &[Step]) -> Diagnostic {
        let path: String = rest
            .iter()
            .rev()
            .map(|step| match step {
                Step::Index(index) => format!("[{index}]"),
                Step::Key(key) => format!("[{key:?}]"),
            })
            .collect();
        let label =
            if path.is_empty() { self.message.clone() } else { format!("element {path}: {}", self.message) };
        let item = Diagnostic::error(summary);
        let item = match span {
            Some(span) => item.at(span, label),
            None => item.detail(label),
        };
        match &self.help {
            Some(help) => item.help(help),
            None => item,
        }
    }
}

/// Returns the place of what a path leads to, and the steps that the source does not show.
fn place<'p>(mut expr: &Expression, at: At, mut path: &'p [Step]) -> (Span, &'p [Step]) {
    loop {
        if let Expression::Parenthesis(inner) = expr {
            expr = inner.inner();
            continue;
        }
        let inner = path.split_last().and_then(|(step, rest)| {
            let inner = match (step, expr) {
                (Step::Index(index), Expression::Array(array)) => array.get(*index),
                (Step::Key(key), Expression::Object(object)) => {
                    object.iter().find(|(name, _)| key_is(name, key)).map(|(_, value)| value.expr())
                }
                _ => None,
            };
            Some((inner?, rest))
        });
        match inner {
            Some((inner, rest)) => (expr, path) = (inner, rest),
            None => return (at.span(expr), path),
        }
    }
}

fn key_is(name: &ObjectKey, key: &str) -> bool {
    match name {
        ObjectKey::Ident(name) => name.value().as_str() == key,
        ObjectKey::Expression(expr) => expr.as_str() == Some(key),
    }
}
