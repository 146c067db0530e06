//! Values of attributes, after evaluation.

use std::collections::BTreeMap;

use super::addr::Addr;
use super::secret::{HIDDEN, Secret};

/// The attributes of a resource by name, in the order in which they are shown.
pub type Attrs = BTreeMap<String, Value>;

/// A value. Sensitive leaves are [`Value::Secret`], so that what holds them cannot be printed by
/// accident.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value: the attribute is not declared.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number. ClickHouse and Kubernetes attributes need no more than a double.
    Number(f64),
    /// A text.
    String(String),
    /// A text that is never shown.
    Secret(Secret),
    /// A reference to a declared resource, with the name that it has on the server.
    Ref {
        /// Where the resource is declared.
        addr: Addr,
        /// The name of the real object.
        name: String,
    },
    /// Values in order.
    List(Vec<Value>),
    /// Values by key.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// Returns the text of a string, or the name of a referenced object.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Ref { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Returns a truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns a number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the elements of a list; nothing else has any.
    pub fn items(&self) -> &[Value] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the entries of a map.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns a member of a map.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// Returns whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns whether a sensitive value is in it.
    pub fn is_sensitive(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::List(items) => items.iter().any(Self::is_sensitive),
            Self::Map(map) => map.values().any(Self::is_sensitive),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Ref { .. } => false,
        }
    }

    /// Returns the value with each leaf made sensitive, for what comes from a sensitive variable.
    #[must_use]
    pub fn into_sensitive(self) -> Self {
        match self {
            Self::Null => Self::Null,
            Self::Bool(value) => Self::Secret(Secret::new(value.to_string())),
            Self::Number(value) => Self::Secret(Secret::new(number_text(value))),
            Self::String(text) => Self::Secret(Secret::new(text)),
            Self::List(items) => Self::List(items.into_iter().map(Self::into_sensitive).collect()),
            Self::Map(map) => {
                Self::Map(map.into_iter().map(|(key, value)| (key, value.into_sensitive())).collect())
            }
            kept @ (Self::Secret(_) | Self::Ref { .. }) => kept,
        }
    }

    /// Returns the value as JSON for people and programs; sensitive leaves are hidden.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(value) => number_json(*value),
            Self::String(text) => Json::String(text.clone()),
            Self::Secret(_) => Json::String(HIDDEN.to_owned()),
            Self::Ref { name, .. } => Json::String(name.clone()),
            Self::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(map) => {
                Json::Object(map.iter().map(|(key, value)| (key.clone(), value.to_json())).collect())
            }
        }
    }

    /// Returns the value that a JSON document holds.
    pub fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.as_f64().unwrap_or_default()),
            Json::String(text) => Self::String(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Json::Object(map) => {
                Self::Map(map.iter().map(|(key, value)| (key.clone(), Self::from_json(value))).collect())
            }
        }
    }

    /// Returns a list of texts.
    pub fn strings<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(|item| Self::String(item.into())).collect())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// Returns attributes as a JSON object; sensitive leaves are hidden.
pub fn attrs_json(attrs: &Attrs) -> serde_json::Value {
    serde_json::Value::Object(attrs.iter().map(|(key, value)| (key.clone(), value.to_json())).collect())
}

/// Returns a number as JSON: whole ones without a fraction.
fn number_json(value: f64) -> serde_json::Value {
    match number_text(value).parse::<i64>() {
        Ok(whole) => whole.into(),
        Err(_) => serde_json::Number::from_f64(value).map_or(serde_json::Value::Null, Into::into),
    }
}

/// Returns a number as terraform prints it: whole ones without a fraction.
pub fn number_text(value: f64) -> String {
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitive_leaves_are_hidden_in_json_and_debug() {
        let value = Value::Map([("a".into(), Value::strings(["hunter5"]))].into()).into_sensitive();
        assert!(value.is_sensitive());
        assert_eq!(value.to_json().to_string(), r#"{"a":["(sensitive value)"]}"#);
        assert!(!format!("{value:?}").contains("hunter5"));
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(Value::Number(8123.0).to_json().to_string(), "8123");
        assert_eq!(Value::Number(0.5).to_json().to_string(), "0.5");
    }
}
