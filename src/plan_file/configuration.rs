//! What a saved plan was made from: digests of the files of the configuration and of the values of
//! its variables, so that a difference can be named.
//!
//! A file or value in which a sensitive value stands has no digest here, since that could be guessed:
//! such files are among the secret values ([`super::values`]). They are known by where sensitive
//! variables are given and by the text of what is secret, also as HCL escapes it. Sensitive variables are compared where
//! the plan uses them: whoever applies may log in with another password than whoever planned.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::model::files::Files;
use crate::model::inputs::Inputs;
use crate::model::value::Value;
use crate::model::{Digest, Secret, Settings, resource::Desired};

/// How many digits of a file's digest are kept: differences are named by them, and nothing else
/// depends on it.
const DIGITS: usize = 16;

/// Digests of what a plan was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// The digest of all of this.
    pub digest: Digest,
    /// Digests of files, by path.
    pub files: BTreeMap<String, String>,
    /// The files in which a sensitive value stands.
    pub secret_files: BTreeSet<String>,
    /// Digests of the values of variables; none where a value is sensitive.
    pub variables: BTreeMap<String, Option<String>>,
}

/// What is secret of a configuration.
#[derive(Debug, Default)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// Takes texts that are secret.
    pub fn new(mut all: Vec<Secret>) -> Self {
        all.retain(|secret| !secret.expose().is_empty());
        Self(all)
    }

    /// Collects what is known to be secret.
    pub fn of(inputs: &Inputs, settings: &Settings, desired: &Desired) -> Self {
        let mut all = inputs.secrets.clone();
        all.push(settings.clickhouse.password.clone());
        for resource in desired.resources.values() {
            resource.attrs.values().for_each(|value| collect(value, &mut all));
        }
        Self::new(all)
    }

    /// Returns whether one of them stands in a text, plainly or as JSON and HCL escape it.
    fn stand_in(&self, text: &str) -> bool {
        let unescaped = Zeroizing::new(unescaped(text));
        self.0.iter().any(|secret| {
            let plain = secret.expose();
            let escaped = serde_json::json!(plain).to_string();
            [text, &unescaped].iter().any(|text| text.contains(plain))
                || escaped
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'))
                    .is_some_and(|escaped| text.contains(escaped))
        })
    }
}

/// Returns a text with the escapes of HCL's quoted texts resolved, wherever they stand.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '$', '%']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let (c, length) = escape(from);
        out.extend(c);
        rest = from.get(length..).unwrap_or_default();
    }
    out + rest
}

/// Returns what an escape stands for, and how long it is; any other character stands for itself.
fn escape(from: &str) -> (Option<char>, usize) {
    let code = |digits: usize| {
        let hex = from.get(2..2 + digits)?;
        Some((Some(char::from_u32(u32::from_str_radix(hex, 16).ok()?)?), 2 + digits))
    };
    let known = match from.as_bytes() {
        [b'\\', b'n', ..] => Some((Some('\n'), 2)),
        [b'\\', b'r', ..] => Some((Some('\r'), 2)),
        [b'\\', b't', ..] => Some((Some('\t'), 2)),
        [b'\\', b'u', ..] => code(4),
        [b'\\', b'U', ..] => code(8),
        [b'\\', quoted @ (b'"' | b'\\' | b'/'), ..] => Some((Some(char::from(*quoted)), 2)),
        [b'$', b'$', b'{', ..] | [b'%', b'%', b'{', ..] => Some((None, 1)),
        _ => None,
    };
    known.unwrap_or_else(|| {
        let c = from.chars().next();
        (c, c.map_or(1, char::len_utf8))
    })
}

fn collect(value: &Value, all: &mut Vec<Secret>) {
    match value {
        Value::Secret(secret) => all.push(secret.clone()),
        Value::List(items) => items.iter().for_each(|item| collect(item, all)),
        Value::Map(map) => map.values().for_each(|item| collect(item, all)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Ref { .. } => {}
    }
}

impl Configuration {
    /// Takes the digests of a configuration.
    ///
    /// # Errors
    /// A file that cannot be read any more, and why.
    pub fn of(inputs: &Inputs, secrets: &Secrets, files: &dyn Files) -> Result<Self, String> {
        let mut taken = Self::default();
        for path in &inputs.files {
            let bytes = files.read(path).map_err(|reason| format!("{path}: {reason}"))?;
            // Statements of migrations are in the plan as they are.
            let is_secret =
                || inputs.secret_files.contains(path) || secrets.stand_in(&String::from_utf8_lossy(&bytes));
            if !path.ends_with(".sql") && is_secret() {
                taken.secret_files.insert(path.clone());
            } else {
                taken.files.insert(path.clone(), short(&bytes));
            }
        }
        for (name, value) in &inputs.variables {
            let text = value.as_ref().map(ToString::to_string).filter(|text| !secrets.stand_in(text));
            taken.variables.insert(name.clone(), text.map(|text| short(text.as_bytes())));
        }
        taken.digest = taken.whole();
        Ok(taken)
    }

    /// Returns the digest of all of it.
    fn whole(&self) -> Digest {
        Digest::of_json(&serde_json::json!([self.files, self.secret_files, self.variables]))
    }

    /// Compares with the configuration as it is now; returns a line for each thing that differs.
    pub fn differences(&self, inputs: &Inputs, files: &dyn Files) -> Vec<String> {
        let mut lines = Vec::new();
        let known = self.files.keys().chain(&self.secret_files).chain(&inputs.files);
        for path in known.collect::<BTreeSet<_>>() {
            lines.extend(self.of_file(path, inputs, files).map(|what| format!("{path}: {what}")));
        }
        let names = self.variables.keys().chain(inputs.variables.keys());
        for name in names.collect::<BTreeSet<_>>() {
            let line = match (self.variables.get(name), inputs.variables.get(name)) {
                (None, _) => "is new",
                (_, None) => "is gone",
                (Some(Some(then)), Some(now)) if now.as_ref().map(digest).as_ref() != Some(then) => {
                    "has another value"
                }
                // What is sensitive is compared where the plan uses it.
                _ => continue,
            };
            lines.push(format!("variable {name}: {line}"));
        }
        lines
    }

    fn of_file(&self, path: &String, inputs: &Inputs, files: &dyn Files) -> Option<String> {
        let held = self.secret_files.contains(path);
        if !inputs.files.contains(path) {
            return Some("is no longer read".into());
        }
        match (self.files.get(path), held) {
            (None, false) => Some("is new".into()),
            // Compared among the secret values.
            (None, true) => None,
            (Some(then), _) => match files.read(path) {
                Err(reason) => Some(reason),
                Ok(bytes) => (short(&bytes) != *then).then(|| "has changed".into()),
            },
        }
    }
}

fn digest(value: &serde_json::Value) -> String {
    short(value.to_string().as_bytes())
}

fn short(bytes: &[u8]) -> String {
    Digest::of_bytes(bytes).as_str().chars().take(DIGITS).collect()
}
