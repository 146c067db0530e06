//! Settings of roles, users and settings profiles: how blocks declare them, the attributes that hold
//! them, the clause that makes them so.
//!
//! Attribute `settings` is a map by name. A setting is its value, or a map of `value`, `min`, `max`
//! and `writability`; live ones have the same shape. Values are compared as the server keeps them
//! ([`canonical`]), so that `10G` and `10000000000`, `true` and `1` are no difference.

pub mod canonical;
mod decode;
pub mod live;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use decode::{decode, schema};
pub use live::{Holder, Known, Live, read};

use crate::diag::nearest;
use crate::kinds::DecodeCx;
use crate::kinds::common::limits::PROFILE_KIND;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::plan::AttrDiff;
use crate::model::schema::{BlockSchema, Type};
use crate::model::value::number_text;
use crate::model::{Attrs, Body, Resource, Value, sql};

/// The attribute of settings.
pub const SETTINGS: &str = "settings";

/// The attribute of a role or user for the profile that it has.
pub const PROFILE: &str = "profile";

/// The attribute of a settings profile for those that it inherits.
pub const INHERIT: &str = "inherit";

/// What is set of one setting, declared or live.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Element {
    /// The value.
    pub value: Option<Value>,
    /// The smallest value that may be chosen.
    pub min: Option<Value>,
    /// The greatest one.
    pub max: Option<Value>,
    /// `CONST`, `WRITABLE` or `CHANGEABLE_IN_READONLY`.
    pub writability: Option<String>,
}

impl Element {
    /// Returns it as an attribute holds it.
    pub fn into_value(self) -> Value {
        let Self { value, min, max, writability } = self;
        match (value, &min, &max, &writability) {
            (Some(value), None, None, None) => value,
            (value, ..) => {
                let writability = writability.map(Value::String);
                let parts = [("value", value), ("min", min), ("max", max), ("writability", writability)];
                let parts =
                    parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?))).collect();
                Value::Map(parts)
            }
        }
    }

    /// Reads what an attribute holds.
    pub fn of(value: &Value) -> Self {
        if value.as_map().is_none() {
            return Self { value: Some(value.clone()), ..Self::default() };
        }
        let part = |name| value.get(name).cloned();
        Self {
            value: part("value"),
            min: part("min"),
            max: part("max"),
            writability: value.get("writability").and_then(Value::as_str).map(str::to_owned),
        }
    }

    /// Returns the live setting, with each part that means the same in the words of this declaration.
    fn worded(&self, live: &Self, ty: &str, known: Known) -> Self {
        let part = |declared: &Option<Value>, found: &Option<Value>| match (declared, found) {
            (Some(value), Some(live)) if canonical::same(ty, &text(value), &text(live), || known.auto()) => {
                declared.clone()
            }
            _ => found.clone(),
        };
        Self {
            value: part(&self.value, &live.value),
            min: part(&self.min, &live.min),
            max: part(&self.max, &live.max),
            writability: live.writability.clone(),
        }
    }

    /// Returns it as a statement writes it.
    fn sql(&self, name: &str) -> String {
        let mut clause = name.to_owned();
        let parts = [(" =", &self.value), (" MIN", &self.min), (" MAX", &self.max)];
        for (word, value) in parts.into_iter().filter_map(|(word, value)| Some((word, value.as_ref()?))) {
            clause.push_str(&format!("{word} {}", literal(value)));
        }
        if let Some(writability) = &self.writability {
            clause.push_str(&format!(" {writability}"));
        }
        clause
    }
}

/// Returns the text of a value as the server is given it.
pub fn text(value: &Value) -> String {
    match value {
        Value::Bool(value) => u8::from(*value).to_string(),
        Value::Number(number) => number_text(*number),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

/// Returns the literal of a value: what is declared as a text is sent as one, since settings with a
/// prefix of one's own keep the type that they were given.
fn literal(value: &Value) -> String {
    match value {
        Value::Bool(_) | Value::Number(_) => text(value),
        other => sql::literal(&text(other)),
    }
}

/// Returns the settings that attributes hold.
pub fn elements(attrs: &Attrs) -> BTreeMap<String, Element> {
    let map = attrs.get(SETTINGS).and_then(Value::as_map);
    map.into_iter().flatten().map(|(name, value)| (name.clone(), Element::of(value))).collect()
}

/// Returns the profiles that attributes hold under `attr`.
pub fn profiles(attrs: &Attrs, attr: &str) -> Vec<String> {
    let items = attrs.get(attr).map_or(&[][..], Value::items);
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Returns the clause that makes all settings and profiles what attributes say: ClickHouse replaces
/// the whole list by it, in CREATE and in ALTER. `attr` is [`PROFILE`] or [`INHERIT`].
pub fn clause(attrs: &Attrs, attr: &str) -> String {
    let word = if attr == INHERIT { "INHERIT" } else { "PROFILE" };
    let profiles = profiles(attrs, attr).into_iter().map(|name| format!("{word} {}", sql::ident(&name)));
    let settings = elements(attrs).into_iter().map(|(name, element)| element.sql(&name));
    let all: Vec<String> = profiles.chain(settings).collect();
    if all.is_empty() { "SETTINGS NONE".to_owned() } else { format!("SETTINGS {}", all.join(", ")) }
}

/// Adds `profile`, `settings` and `setting` to the schema of a role or user.
pub fn with_profile(block: BlockSchema) -> BlockSchema {
    let profile = Type::Ref(&[PROFILE_KIND]);
    schema(block.optional(PROFILE, profile, "The settings profile that it has.").ignorable(&[PROFILE]))
}

/// Returns whether a block of a role or user says anything of its settings, be it that there are none.
pub fn is_declared(body: &Body) -> bool {
    [PROFILE, SETTINGS].iter().any(|attr| body.get(attr).is_some()) || !body.blocks("setting").is_empty()
}

/// Adds to the resource of a role or user what its block sets.
pub fn of_block(mut resource: Resource, body: &Body, cx: &mut DecodeCx) -> Resource {
    if let Some(settings) = decode(body, cx) {
        resource = resource.with(SETTINGS, settings);
    }
    match body.string(PROFILE) {
        Some(profile) => resource.with(PROFILE, Value::strings([profile])),
        None => resource,
    }
}

/// Returns whether attributes set anything.
pub fn is_set(attrs: &Attrs, attr: &str) -> bool {
    !elements(attrs).is_empty() || !profiles(attrs, attr).is_empty()
}

/// Returns whether a difference is one of settings or profiles.
pub fn concerns(diff: &AttrDiff) -> bool {
    is_of(&diff.attr)
}

/// Returns whether a difference of this name is one of settings or profiles.
pub fn is_of(attr: &str) -> bool {
    let attr = attr.split('.').next().unwrap_or_default();
    [SETTINGS, PROFILE, INHERIT].contains(&attr)
}

/// Compares settings and profiles whole: what is not declared is a difference, too.
pub fn diff(wanted: &Attrs, live: &Attrs, attr: &str, known: Known) -> Vec<AttrDiff> {
    let mut diff = Vec::new();
    let (declared, found) = (profiles(wanted, attr), profiles(live, attr));
    if declared != found {
        diff.push(AttrDiff { attr: attr.to_owned(), before: names(found), after: names(declared) });
    }
    let (declared, found) = (known.resolved(elements(wanted)), known.resolved(elements(live)));
    let all: BTreeSet<&String> = declared.keys().chain(found.keys()).collect();
    for name in all {
        let (wanted, live) = (declared.get(name), found.get(name));
        let live = match (wanted, live) {
            (Some(wanted), Some(live)) => Some(wanted.worded(live, known.type_of(name), known)),
            _ => live.cloned(),
        };
        if live.as_ref() != wanted {
            let value = |element: Option<Element>| element.map_or(Value::Null, Element::into_value);
            let attr = format!("{SETTINGS}.{name}");
            diff.push(AttrDiff { attr, before: value(live), after: value(wanted.cloned()) });
        }
    }
    diff
}

fn names(names: Vec<String>) -> Value {
    if names.is_empty() { Value::Null } else { Value::strings(names) }
}

/// Returns a finding for each declared setting that the server does not know. A name that is nearly
/// one of the server's is a mistake; another one may have a prefix of the server's configuration
/// (`custom_settings_prefixes`), which cannot be read.
pub fn findings(wanted: &Resource, known: Known) -> Vec<Finding> {
    let declared = elements(&wanted.attrs);
    let unknown = declared.keys().filter(|name| known.knows(name) == Some(false));
    let finding = |name: &String| {
        let near = nearest(name, known.names());
        let severity = if near.is_some() { Severity::Error } else { Severity::Warning };
        let summary = format!("the server knows no setting {name}");
        let finding = Finding::new("CH270", severity, Category::Access, summary).at(&wanted.addr);
        match near {
            Some(near) => finding.help(format!("did you mean {near}?")),
            None => finding.help(
                "a name of your own needs its prefix in `custom_settings_prefixes` of the server's configuration; else apply fails with code 115",
            ),
        }
    };
    unknown.map(finding).collect()
}
