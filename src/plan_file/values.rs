//! Proofs of what is secret in a plan: the sensitive values of its operations, by where they stand,
//! and the files of the configuration in which such values stand. The values themselves are given
//! again when the plan is applied, and compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::configuration::Configuration;
use super::key::{Key, slow};
use crate::model::files::Files;
use crate::model::op::Text;
use crate::model::{Action, Plan};

/// What is secret, by where it stands.
pub type Values = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// The digests of what is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// With a key: one of each, by where it stands.
    Keyed(BTreeMap<String, String>),
    /// Without: one of all together.
    Together {
        /// Where they stand.
        places: Vec<String>,
        /// The salt.
        salt: String,
        /// The slow digest; empty where there is nothing secret.
        digest: String,
    },
}

/// Collects what is secret in a plan and in the files of its configuration.
///
/// # Errors
/// A file that cannot be read, and why.
pub fn collect(plan: &Plan, configuration: &Configuration, files: &dyn Files) -> Result<Values, String> {
    let mut all = Values::new();
    for step in &plan.steps {
        for (index, op) in step.ops.iter().enumerate() {
            for (name, text) in op.texts() {
                if let Text::Sensitive(secret) = text {
                    let place =
                        format!("{}: {name} ({}, operation {})", step.addr, word(step.action), index + 1);
                    all.insert(place, Zeroizing::new(secret.expose().as_bytes().to_vec()));
                }
            }
        }
    }
    for path in &configuration.secret_files {
        let bytes = files.read(path).map_err(|reason| format!("{path}: {reason}"))?;
        all.insert(format!("{path}: all of it, since a sensitive value stands in it"), Zeroizing::new(bytes));
    }
    Ok(all)
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Adopt => "adopt",
        Action::Delete => "delete",
        Action::Forget => "forget",
        Action::Execute { .. } => "execute",
    }
}

impl Proof {
    /// Takes the digests of values. `id` is the plan's, `salt` is random.
    pub fn of(values: &Values, key: Option<&Key>, id: &str, salt: &str) -> Self {
        match key {
            Some(key) => {
                let tag = |(place, value): (&String, &Zeroizing<Vec<u8>>)| {
                    (place.clone(), key.tag(&parts(id, place, value)))
                };
                Self::Keyed(values.iter().map(tag).collect())
            }
            None => Self::Together {
                places: values.keys().cloned().collect(),
                salt: salt.to_owned(),
                digest: together(values, salt),
            },
        }
    }

    /// Compares with the values that are given now; returns a line for each that differs, or that may.
    ///
    /// # Errors
    /// Why they cannot be compared: a key is missing, or there is one.
    pub fn differences(&self, values: &Values, key: Option<&Key>, id: &str) -> Result<Vec<String>, String> {
        match (self, key) {
            (Self::Keyed(tags), Some(key)) => Ok(keyed(tags, values, key, id)),
            (Self::Together { places, salt, digest }, None) => {
                let now: Vec<&String> = values.keys().collect();
                if now != places.iter().collect::<Vec<_>>() {
                    return Ok(vec!["sensitive values stand in other places".to_owned()]);
                }
                Ok(if together(values, salt) == *digest {
                    Vec::new()
                } else {
                    vec![format!("at least one of these sensitive values is another: {}", places.join(", "))]
                })
            }
            (Self::Keyed(_), None) => Err("it was made with CHARTER_PLAN_KEY, which is not set here".into()),
            (Self::Together { .. }, Some(_)) => {
                Err("it was made without CHARTER_PLAN_KEY, which is set here: nobody vouches for it".into())
            }
        }
    }
}

fn keyed(tags: &BTreeMap<String, String>, values: &Values, key: &Key, id: &str) -> Vec<String> {
    let differs = |(place, value): (&String, &Zeroizing<Vec<u8>>)| match tags.get(place) {
        None => Some(format!("{place}: the plan has no sensitive value there")),
        Some(tag) if !key.proves(&parts(id, place, value), tag) => {
            Some(format!("{place}: the sensitive value is another"))
        }
        Some(_) => None,
    };
    let mut lines: Vec<String> = values.iter().filter_map(differs).collect();
    let gone = tags.keys().filter(|place| !values.contains_key(*place));
    lines.extend(gone.map(|place| format!("{place}: there is no sensitive value any more")));
    lines
}

/// Equal values of different plans and places have different tags.
fn parts<'a>(id: &'a str, place: &'a str, value: &'a [u8]) -> [&'a [u8]; 4] {
    [b"value", id.as_bytes(), place.as_bytes(), value]
}

fn together(values: &Values, salt: &str) -> String {
    if values.is_empty() {
        return String::new();
    }
    let parts: Vec<&[u8]> = values.iter().flat_map(|(place, value)| [place.as_bytes(), value]).collect();
    slow(salt, &parts)
}
