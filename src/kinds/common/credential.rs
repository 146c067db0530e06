//! Where a user's password is kept: the shape that a user's and a Secret's declarations share.
//!
//! A user with a credential has the attribute `credential`, a map of `namespace`, `name` and `keys`
//! (what each key holds: `username` and `database` are texts, `password` is the password). The
//! Secret's own resource has `credentials_of`, the user's address.

use std::collections::BTreeMap;

use super::kube::{self, Held};
use crate::diag::{Diagnostic, Span};
use crate::kinds::DecodeCx;
use crate::model::op::{Slot, SlotSource};
use crate::model::schema::{BlockSchema, Type};
use crate::model::snapshot::Api;
use crate::model::value::Attrs;
use crate::model::{Addr, Body, Secret, Snapshot, Value};

/// The attribute of a user that names its Secret.
pub const CREDENTIAL: &str = "credential";
/// The attribute of a Secret that names the user whose password it keeps.
pub const CREDENTIALS_OF: &str = "credentials_of";

/// The key that holds the password.
pub const PASSWORD: &str = "password";
/// The key that holds the user's name.
pub const USERNAME: &str = "username";
/// The key that holds the database.
pub const DATABASE: &str = "database";

/// How long a password is unless told.
pub const DEFAULT_LENGTH: u32 = 32;

/// A user's Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The Secret's namespace.
    pub namespace: String,
    /// The Secret's name.
    pub name: String,
    /// The keys besides the password, and what they hold.
    pub keys: BTreeMap<String, String>,
    /// How many characters a new password has.
    pub length: u32,
}

impl Credential {
    /// Returns the Secret of a user; `database` is a key where the user has a default database.
    pub fn new(namespace: &str, name: &str, user: &str, database: &str, length: u32) -> Self {
        let mut keys = BTreeMap::from([(USERNAME.to_owned(), user.to_owned())]);
        if !database.is_empty() {
            keys.insert(DATABASE.to_owned(), database.to_owned());
        }
        Self { namespace: namespace.to_owned(), name: name.to_owned(), keys, length }
    }

    /// Returns it as the value of the attribute.
    pub fn to_value(&self) -> Value {
        let keys = self.keys.iter().map(|(key, text)| (key.clone(), text.as_str().into())).collect();
        Value::Map(BTreeMap::from([
            ("namespace".to_owned(), self.namespace.as_str().into()),
            ("name".to_owned(), self.name.as_str().into()),
            ("keys".to_owned(), Value::Map(keys)),
            ("length".to_owned(), Value::Number(f64::from(self.length))),
        ]))
    }

    /// Returns the Secret that a user's attributes name.
    pub fn of(attrs: &Attrs) -> Option<Self> {
        let value = attrs.get(CREDENTIAL)?;
        let keys = value.get("keys")?.as_map()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a length is small and whole"
        )]
        let length = value.get("length")?.as_f64()? as u32;
        Some(Self {
            namespace: value.get("namespace")?.as_str()?.to_owned(),
            name: value.get("name")?.as_str()?.to_owned(),
            keys: keys
                .iter()
                .filter_map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned())))
                .collect(),
            length,
        })
    }

    /// Returns the Secret as people name it.
    pub fn place(&self) -> String {
        format!("Secret {}/{}", self.namespace, self.name)
    }

    /// Returns where the password is read from when applying.
    pub fn source(&self) -> SlotSource {
        SlotSource::Secret {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            key: PASSWORD.to_owned(),
        }
    }

    /// Returns the live object.
    pub fn object<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Value> {
        kube::find(snapshot, &Api::secrets(), &self.namespace, &self.name)
    }

    /// Returns what the live Secret holds of the credential.
    pub fn state(&self, snapshot: &Snapshot) -> State {
        let Some(object) = self.object(snapshot) else { return State::NoSecret };
        match kube::held(object, PASSWORD) {
            None => State::NoPassword,
            Some(Held::Binary) => State::Binary(PASSWORD.to_owned()),
            Some(Held::Text(text)) if text.expose().is_empty() => State::NoPassword,
            Some(Held::Text(text)) => {
                let wrong = self.keys.iter().filter(|(key, expected)| {
                    kube::held(object, key) != Some(Held::Text(Secret::new(expected.as_str())))
                });
                State::Password { password: text, wrong: wrong.map(|(key, _)| key.clone()).collect() }
            }
        }
    }
}

/// What a live Secret holds of a credential.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// There is no such Secret.
    NoSecret,
    /// It has no password.
    NoPassword,
    /// A key holds bytes that are no text.
    Binary(String),
    /// It has a password.
    Password {
        /// The password.
        password: Secret,
        /// The other keys that are missing or hold something else.
        wrong: Vec<String>,
    },
}

/// Returns the slot of a user's password.
pub fn slot(user: &Addr) -> Slot {
    Slot(user.clone())
}

/// Returns the schema of `credentials` blocks.
pub fn block_schema() -> BlockSchema {
    BlockSchema::default()
        .optional("length", Type::Number, "How many characters a new password has; 32 where absent.")
        .optional("rotate_after", Type::String, "After how long a password is due for rotation (`90d`).")
        .optional("grace", Type::String, "How long the old password works after a rotation (`1h`).")
}

/// Checks a `credentials` block and returns the declared length of a password.
pub fn length(body: &Body, cx: &mut DecodeCx) -> u32 {
    for name in ["rotate_after", "grace"] {
        if let Some(text) = body.get(name) {
            check_duration(name, text.value.as_str().unwrap_or_default(), text.span, cx);
        }
    }
    let Some(length) = body.get("length") else { return DEFAULT_LENGTH };
    let number = length.value.as_f64().unwrap_or_default();
    if number.fract() == 0.0 && (16.0..=128.0).contains(&number) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 16 and 128")]
        return number as u32;
    }
    cx.diags.push(
        Diagnostic::error("this is not a length for a password")
            .at(length.span, "a whole number from 16 to 128")
            .detail("Shorter passwords can be guessed; longer ones do not fit every client."),
    );
    DEFAULT_LENGTH
}

/// Reports a duration that cannot be read; and, where it can, that nothing rotates by itself.
fn check_duration(name: &str, text: &str, span: Span, cx: &mut DecodeCx) {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let diagnostic = if number.parse::<u32>().is_ok_and(|n| n > 0) && matches!(unit, "s" | "m" | "h" | "d") {
        Diagnostic::warning("this version does not rotate passwords by itself")
            .at(span, format!("`{name}` has no effect yet"))
    } else {
        Diagnostic::error("this is not a duration")
            .at(span, "a whole number and a unit")
            .help("write it like `90d`, `1h`, `30m` or `45s`")
    };
    cx.diags.push(diagnostic);
}
