//! What a table, view or dictionary looks like, field by field: read from `system.tables` and
//! `system.columns`, brought into a normal form, and compared.
//!
//! A server's text of a definition depends on its version and on the object's history (24.8 stores
//! `ORDER BY id` where 26.9 keeps `ORDER BY (id)`; settings come in the order of the `ALTER`s), so
//! no two definitions are compared as texts. The fields are kept as the server gave them, and
//! both sides are normalised when they are compared: a better normaliser alarms nobody.

mod compare;
mod definition;
mod normal;
pub mod query;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use compare::{Aspect, Difference, compare};
pub use definition::{Authored, AuthoredColumn, Definition, authored};
pub use normal::{same_type, type_text};

/// What the server writes in the place of a secret.
pub const HIDDEN: &str = "[HIDDEN]";

/// A column as `system.columns` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The type.
    pub ty: String,
    /// The kind of default and its expression (`MATERIALIZED a + 1`); empty where there is none.
    pub default: String,
    /// The comment.
    pub comment: String,
    /// The codec (`CODEC(ZSTD(1))`); empty for the server's default.
    pub codec: String,
}

/// What a table, view or dictionary looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The columns in their order.
    pub columns: Vec<Column>,
    /// Whether more is known than the columns' names and types.
    pub complete: bool,
    /// The texts of `system.tables` by column: `engine`, the keys, `as_select`, `comment`.
    pub fields: BTreeMap<String, String>,
    /// The parts of the definition, those that no system table has.
    pub definition: Definition,
}

impl Look {
    /// Reads what [`query::COLUMNS`] and [`query::fields`] made: the columns as an array of arrays
    /// of texts, the rest as an object of texts; the rest is empty in records of older versions of
    /// charter, which know names and types of columns only.
    pub fn read(columns: &str, fields: &str) -> Self {
        let columns: Vec<Vec<String>> = serde_json::from_str(columns).unwrap_or_default();
        let fields: BTreeMap<String, String> = serde_json::from_str(fields).unwrap_or_default();
        let definition = fields.get("definition").map(|text| Definition::parse(text)).unwrap_or_default();
        Self {
            columns: columns.iter().map(|parts| column(parts)).collect(),
            complete: !fields.is_empty(),
            fields,
            definition,
        }
    }

    /// Returns a field of `system.tables`; empty where it is not known.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Returns whether the server hides a part of it.
    pub fn is_hidden(&self) -> bool {
        self.field("definition").contains(HIDDEN)
    }

    /// Returns the columns as names and types.
    pub fn list(&self) -> String {
        if self.columns.is_empty() {
            return "nothing".to_owned();
        }
        let items: Vec<String> =
            self.columns.iter().map(|column| format!("{} {}", column.name, column.ty)).collect();
        items.join(", ")
    }
}

fn column(parts: &[String]) -> Column {
    let part = |index: usize| parts.get(index).cloned().unwrap_or_default();
    Column {
        name: part(0),
        ty: part(1),
        default: format!("{} {}", part(2), part(3)).trim().to_owned(),
        comment: part(4),
        codec: part(5),
    }
}
