//! What a configuration was made of, as it is compiled: the files that are read are remembered, and
//! the values of variables taken.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::val::{Data, Val};
use crate::model::Secret;
use crate::model::files::Files;
use crate::model::inputs::Inputs;

/// Takes the values of variables, and the files in which sensitive ones are written.
pub(super) fn variables(values: &BTreeMap<String, Val>, secret_files: BTreeSet<String>) -> Inputs {
    let mut inputs = Inputs { secret_files, ..Inputs::default() };
    for (name, value) in values {
        let sensitive = value.deep_marks().sensitive;
        if sensitive {
            secrets(value, &mut inputs.secrets);
        }
        inputs.variables.insert(name.clone(), (!sensitive).then(|| json(value)));
    }
    inputs
}

fn secrets(value: &Val, all: &mut Vec<Secret>) {
    match &value.data {
        Data::List(items) | Data::Set(items) => items.iter().for_each(|item| secrets(item, all)),
        Data::Map(entries) => entries.values().for_each(|item| secrets(item, all)),
        _ => all.extend(value.to_text().map(Secret::new)),
    }
}

fn json(value: &Val) -> Json {
    match &value.data {
        Data::Poison | Data::Null | Data::Block(_) => Json::Null,
        Data::Bool(value) => json!(value),
        Data::Number(value) => json!(crate::model::value::number_text(*value)),
        Data::Text(text) => json!(text),
        Data::List(items) | Data::Set(items) => items.iter().map(json).collect(),
        Data::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
    }
}

/// Files that remember which of them were read.
pub(super) struct Remembering<'a> {
    files: &'a dyn Files,
    read: RefCell<BTreeSet<String>>,
}

impl<'a> Remembering<'a> {
    pub(super) fn new(files: &'a dyn Files) -> Self {
        Self { files, read: RefCell::default() }
    }

    /// Returns the paths of the files that were read.
    pub(super) fn into_read(self) -> BTreeSet<String> {
        self.read.into_inner()
    }
}

impl Files for Remembering<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let bytes = self.files.read(path)?;
        self.read.borrow_mut().insert(path.to_owned());
        Ok(bytes)
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        self.files.list(path)
    }
}
