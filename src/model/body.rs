//! A block after evaluation: values with the places that they came from, checked against its
//! schema.

use std::collections::{BTreeMap, BTreeSet};

use super::addr::Addr;
use super::value::Value;
use crate::diag::Span;

/// A value and where it stands in the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The place: the whole expression.
    pub span: Span,
}

/// The evaluated attributes and nested blocks of a block. Attributes that are absent or null are
/// not in it.
#[derive(Clone, Debug)]
pub struct Body {
    /// The block's head (`role "analyst"`).
    pub span: Span,
    /// The attributes by name, of the types of the schema.
    pub attrs: BTreeMap<String, Spanned<Value>>,
    /// The nested blocks by name, in the order of the source.
    pub blocks: BTreeMap<String, Vec<Body>>,
    /// What the expressions of each attribute refer to, nested blocks' under their own.
    pub refs: BTreeMap<String, BTreeSet<Addr>>,
}

impl Body {
    /// Returns an attribute.
    pub fn get(&self, name: &str) -> Option<&Spanned<Value>> {
        self.attrs.get(name)
    }

    /// Returns the text of an attribute.
    pub fn string(&self, name: &str) -> Option<&str> {
        self.get(name)?.value.as_str()
    }

    /// Returns the truth value of an attribute.
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.get(name)?.value.as_bool()
    }

    /// Returns the texts of a list attribute; none where it is absent.
    pub fn strings(&self, name: &str) -> Option<Vec<String>> {
        let items = self.get(name)?.value.items();
        Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Returns where an attribute's value stands, or the block's head where it is absent.
    pub fn span_of(&self, name: &str) -> Span {
        self.get(name).map_or(self.span, |attr| attr.span)
    }

    /// Returns a nested block that stands there at most once.
    pub fn block(&self, name: &str) -> Option<&Body> {
        self.blocks(name).first()
    }

    /// Returns nested blocks.
    pub fn blocks(&self, name: &str) -> &[Body] {
        self.blocks.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns everything that this block refers to, nested blocks included.
    pub fn all_refs(&self) -> BTreeSet<Addr> {
        let nested = self.blocks.values().flatten().flat_map(Body::all_refs);
        self.refs.values().flatten().cloned().chain(nested).collect()
    }
}
