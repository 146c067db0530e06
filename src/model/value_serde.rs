//! Values as they are kept, so that reading gives the same value again: JSON where JSON has it, and
//! an object whose one marked member says what it is where it has not. A sensitive leaf is kept as a
//! mark alone (`{"$sensitive": true}`) and read back as an empty secret.
//!
//! [`Value::to_json`] is for people and programs that read plans.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::addr::Addr;
use super::secret::Secret;
use super::value::{Value, number_text};

const SENSITIVE: &str = "$sensitive";
const REF: &str = "$ref";
const NAME: &str = "name";
/// A number as a text: fractions, which readers of JSON round, and what JSON does not have.
const NUMBER: &str = "$number";
/// A map of which a key looks like a mark.
const MAP: &str = "$map";

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => match number_text(*value).parse::<i64>() {
                Ok(whole) => serializer.serialize_i64(whole),
                Err(_) => marked(serializer, NUMBER, &number_text(*value)),
            },
            Self::String(text) => serializer.serialize_str(text),
            Self::Secret(_) => marked(serializer, SENSITIVE, &true),
            Self::Ref { addr, name } => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry(REF, addr)?;
                map.serialize_entry(NAME, name)?;
                map.end()
            }
            Self::List(items) => items.serialize(serializer),
            Self::Map(map) if map.keys().any(|key| key.starts_with('$')) => marked(serializer, MAP, map),
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

fn marked<S: Serializer>(serializer: S, mark: &str, value: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(mark, value)?;
    map.end()
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Kept)
    }
}

struct Kept;

impl<'de> Visitor<'de> for Kept {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        number(&value.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        number(&value.to_string())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Some(first) = map.next_key::<String>()? else { return Ok(Value::Map(BTreeMap::new())) };
        let value = match first.as_str() {
            SENSITIVE => {
                map.next_value::<bool>()?;
                Value::Secret(Secret::new(""))
            }
            NUMBER => number(&map.next_value::<String>()?)?,
            MAP => Value::Map(map.next_value()?),
            REF => {
                let addr = map.next_value::<Addr>()?;
                match map.next_entry::<String, String>()? {
                    Some((key, name)) if key == NAME => Value::Ref { addr, name },
                    _ => return Err(A::Error::missing_field(NAME)),
                }
            }
            _ if first.starts_with('$') => {
                return Err(A::Error::custom(format!("{first:?} marks no value")));
            }
            _ => return members(first, map),
        };
        match map.next_key::<String>()? {
            None => Ok(value),
            Some(key) => Err(A::Error::custom(format!("unexpected {key:?} beside {first:?}"))),
        }
    }
}

fn members<'de, A: MapAccess<'de>>(first: String, mut map: A) -> Result<Value, A::Error> {
    let mut members = BTreeMap::from([(first, map.next_value()?)]);
    while let Some((key, value)) = map.next_entry::<String, Value>()? {
        if key.starts_with('$') {
            return Err(A::Error::custom(format!("unexpected {key:?} among members")));
        }
        members.insert(key, value);
    }
    Ok(Value::Map(members))
}

fn number<E: serde::de::Error>(text: &str) -> Result<Value, E> {
    text.parse().map(Value::Number).map_err(|_| E::custom(format!("{text:?} is no number")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|number| Value::Number(number as f64)),
            any::<f64>().prop_filter("equal to itself", |number| !number.is_nan()).prop_map(Value::Number),
            "(\\$|\\PC)*".prop_map(Value::String),
            Just(Value::Secret(Secret::new(""))),
            ("[a-z]{1,5}", ".*").prop_map(|(name, real)| Value::Ref {
                addr: Addr::new("role", &name).instance(&real),
                name: real
            }),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            let key = prop_oneof![".{0,4}", "\\$.{0,4}", Just("$map".to_owned()), Just("$ref".to_owned())];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::btree_map(key, inner, 0..4).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read_back(value in value()) {
            let text = serde_json::to_string(&value).unwrap();
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &value, "{}", text);
            prop_assert_eq!(read.to_json(), value.to_json());
        }

        #[test]
        fn nothing_that_is_read_panics(text in "[\\[\\]{}:,\"$a-z0-9.]{0,64}") {
            let _ = serde_json::from_str::<Value>(&text);
        }
    }

    #[test]
    fn secrets_are_not_kept() {
        let text = serde_json::to_string(&Value::Secret(Secret::new("hunter5"))).unwrap();
        assert_eq!(text, r#"{"$sensitive":true}"#);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            r#"{"$x":1}"#,
            r#"{"$ref":"role.a"}"#,
            r#"{"$ref":"role.a","nom":"a"}"#,
            r#"{"$sensitive":true,"a":1}"#,
            r#"{"a":1,"$map":{}}"#,
            r#"{"$number":"x"}"#,
        ] {
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        }
    }
}
