//! What a configuration was made of: the files that were read and the values of its variables, so
//! that a saved plan can say what differs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::secret::Secret;

/// What a configuration was made of.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The paths of all files that were read, but for files of variables.
    pub files: BTreeSet<String>,
    /// The files in which a value of a sensitive variable is written.
    pub secret_files: BTreeSet<String>,
    /// The values of variables; none where a value is sensitive.
    pub variables: BTreeMap<String, Option<Json>>,
    /// The texts of sensitive variables.
    pub secrets: Vec<Secret>,
}
