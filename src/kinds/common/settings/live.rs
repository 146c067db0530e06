//! What is set on the server, and which settings it knows: one read for roles, users and profiles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Element, SETTINGS};
use crate::model::snapshot::{Caps, Read, Row, Snapshot, number};
use crate::model::{Attrs, Value};

/// The name of the read.
pub const READ: &str = "settings";

/// Returns the read: a row for each element of `system.settings_profile_elements`, and one row with
/// every setting that the server knows as `[name, type, alias of, threads]`. One query, so that a
/// plan's number of queries stays within its bound.
pub fn read(caps: &Caps) -> Read {
    let alias = if caps.has_column("system.settings", "alias_for") { "alias_for" } else { "''" };
    let statement = format!(
        "SELECT profile_name, user_name, role_name, `index`, setting_name, value, min, max, \
         toString(writability) AS writability, inherit_profile, [] AS known \
         FROM system.settings_profile_elements \
         UNION ALL SELECT NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, \
         groupArray([name, type, {alias}, if(type = 'MaxThreads', value, '')]) FROM system.settings"
    );
    Read::Sql { name: READ, statement }
}

/// Whose settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A settings profile's.
    Profile,
    /// A role's.
    Role,
    /// A user's.
    User,
}

impl Holder {
    fn column(self) -> &'static str {
        match self {
            Self::Profile => "profile_name",
            Self::Role => "role_name",
            Self::User => "user_name",
        }
    }
}

/// The settings that the server knows: what the read has of them, looked up where it is needed.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a>(&'a [Json]);

impl<'a> Known<'a> {
    /// Finds what the server said that it knows.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let list = |row: &'a Row| row.get("known")?.as_array().filter(|list| !list.is_empty());
        // It comes last as a rule.
        Self(snapshot.rows(READ).iter().rev().find_map(list).map_or(&[], Vec::as_slice))
    }

    /// Returns a part of what is known of a setting: its type, what it is an alias of.
    fn part(self, name: &str, part: usize) -> &'a str {
        let text = |item: &'a Json, at: usize| item.get(at).and_then(Json::as_str).unwrap_or_default();
        let item = self.0.iter().find(|item| text(item, 0) == name);
        item.map_or("", |item| text(item, part))
    }

    /// Returns the type of a setting; empty where the server does not know it.
    pub fn type_of(self, name: &str) -> &'a str {
        self.part(name, 1)
    }

    /// Returns what `auto` stands for on this server, where a setting is a number of threads.
    pub fn auto(self) -> BTreeSet<String> {
        let printed = self.0.iter().filter_map(|item| item.get(3)?.as_str());
        let bare =
            |text: &str| Some(text.trim_matches('\'').strip_prefix("auto(")?.strip_suffix(')')?.to_owned());
        printed.filter_map(bare).collect()
    }

    /// Returns whether the server knows a setting; none where it did not say what it knows. Those of
    /// tables (`merge_tree_…`) and of backups are not in its list.
    pub fn knows(self, name: &str) -> Option<bool> {
        let elsewhere = name.starts_with("merge_tree_") || name == "allow_backup";
        (!self.0.is_empty()).then(|| elsewhere || !self.type_of(name).is_empty())
    }

    /// Returns the names of all settings.
    pub fn names(self) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(|item| item.get(0)?.as_str())
    }

    /// Returns settings under their own names, where they stand under aliases.
    pub fn resolved(self, elements: BTreeMap<String, Element>) -> BTreeMap<String, Element> {
        let name = |name: String| match self.part(&name, 2) {
            "" => name,
            own => own.to_owned(),
        };
        elements.into_iter().map(|(alias, element)| (name(alias), element)).collect()
    }
}

/// What is set on the server.
pub struct Live<'a> {
    rows: BTreeMap<&'a str, Vec<&'a Row>>,
}

impl<'a> Live<'a> {
    /// Sorts out what was read, for one kind of holder.
    pub fn of(snapshot: &'a Snapshot, holder: Holder) -> Self {
        let mut rows: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in snapshot.rows(READ) {
            if let Some(name) = row.get(holder.column()).and_then(Json::as_str) {
                rows.entry(name).or_default().push(row);
            }
        }
        for elements in rows.values_mut() {
            elements.sort_by_key(|row| number(row, "index"));
        }
        Self { rows }
    }

    /// Adds to live attributes what is set, under [`SETTINGS`] and `attr`; nothing where nothing is.
    pub fn add_to(&self, attrs: &mut Attrs, name: &str, attr: &str) {
        let mut settings: BTreeMap<String, Element> = BTreeMap::new();
        let mut profiles = Vec::new();
        for row in self.rows.get(name).into_iter().flatten() {
            let cell = |column: &str| row.get(column).and_then(Json::as_str);
            if let Some(profile) = cell("inherit_profile") {
                profiles.push(profile.to_owned());
            }
            let Some(setting) = cell("setting_name") else { continue };
            let element = settings.entry(setting.to_owned()).or_default();
            let parts = [(&mut element.value, "value"), (&mut element.min, "min"), (&mut element.max, "max")];
            for (part, column) in parts {
                *part = cell(column).map(Value::from).or(part.take());
            }
            element.writability = cell("writability").map(str::to_owned).or(element.writability.take());
        }
        if !settings.is_empty() {
            let settings = settings.into_iter().map(|(name, element)| (name, element.into_value()));
            attrs.insert(SETTINGS.to_owned(), Value::Map(settings.collect()));
        }
        if !profiles.is_empty() {
            attrs.insert(attr.to_owned(), Value::strings(profiles));
        }
    }
}
