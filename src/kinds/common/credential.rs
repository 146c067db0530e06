//! Where a user's password is kept: the shape that a user's and a Secret's declarations share.
//!
//! A user with a credential has the attribute `credential`, a map of `namespace`, `name` and `keys`
//! (what each key holds: `username` and `database` are texts, `password` is the password). The
//! Secret's own resource has `credentials_of`, the user's address.

use std::collections::BTreeMap;

use super::duration;
use super::kube::{self, Held};
use crate::diag::Diagnostic;
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
/// For how many seconds an old password is kept unless told: an hour.
pub const DEFAULT_GRACE: u64 = 3_600;

/// A user's Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The Secret's namespace.
    pub namespace: String,
    /// The Secret's name.
    pub name: String,
    /// The keys besides the password, and what they hold.
    pub keys: BTreeMap<String, String>,
    /// What is declared of the password itself.
    pub policy: Policy,
}

impl Credential {
    /// Returns the Secret of a user; `database` is a key where the user has a default database.
    pub fn new(namespace: &str, name: &str, user: &str, database: &str, policy: Policy) -> Self {
        let mut keys = BTreeMap::from([(USERNAME.to_owned(), user.to_owned())]);
        if !database.is_empty() {
            keys.insert(DATABASE.to_owned(), database.to_owned());
        }
        Self { namespace: namespace.to_owned(), name: name.to_owned(), keys, policy }
    }

    /// Returns it as the value of the attribute.
    pub fn to_value(&self) -> Value {
        let keys = self.keys.iter().map(|(key, text)| (key.clone(), text.as_str().into())).collect();
        let place = [
            ("namespace".to_owned(), self.namespace.as_str().into()),
            ("name".to_owned(), self.name.as_str().into()),
            ("keys".to_owned(), Value::Map(keys)),
        ];
        Value::Map(place.into_iter().chain(self.policy.entries()).collect())
    }

    /// Returns the Secret that a user's attributes name.
    pub fn of(attrs: &Attrs) -> Option<Self> {
        let value = attrs.get(CREDENTIAL)?;
        let keys = value.get("keys")?.as_map()?;
        Some(Self {
            namespace: value.get("namespace")?.as_str()?.to_owned(),
            name: value.get("name")?.as_str()?.to_owned(),
            keys: keys
                .iter()
                .filter_map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned())))
                .collect(),
            policy: Policy::of(value),
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

/// Returns the slot of the password that a user ends up with.
pub fn slot(user: &Addr) -> Slot {
    Slot::of(user.clone())
}

/// What a `credentials` block says of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How many characters a new one has.
    pub length: u32,
    /// After how many seconds it is due for rotation; never where absent.
    pub rotate_after: Option<u64>,
    /// For how many seconds the one before it is accepted besides.
    pub grace: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { length: DEFAULT_LENGTH, rotate_after: None, grace: DEFAULT_GRACE }
    }
}

impl Policy {
    /// Returns it as a value: what is not the default.
    pub fn to_value(self) -> Value {
        Value::Map(self.entries().collect())
    }

    fn entries(self) -> impl Iterator<Item = (String, Value)> {
        #[expect(clippy::cast_precision_loss, reason = "2^53 seconds are longer than anything lasts")]
        let number = |seconds: u64| Value::Number(seconds as f64);
        let grace = Some(self.grace).filter(|grace| *grace != DEFAULT_GRACE);
        let all = [
            ("length", Some(Value::Number(f64::from(self.length)))),
            ("rotate_after", self.rotate_after.map(number)),
            ("grace", grace.map(number)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)))
    }

    /// Reads the value of [`Policy::to_value`]; other entries are left alone.
    pub fn of(value: &Value) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and checked when decoding"
        )]
        let number = |name: &str| value.get(name).and_then(Value::as_f64).map(|number| number as u64);
        Self {
            length: number("length").and_then(|length| length.try_into().ok()).unwrap_or(DEFAULT_LENGTH),
            rotate_after: number("rotate_after"),
            grace: number("grace").unwrap_or(DEFAULT_GRACE),
        }
    }
}

/// Returns the schema of `credentials` blocks.
pub fn block_schema() -> BlockSchema {
    BlockSchema::default()
        .optional("length", Type::Number, "How many characters a new password has; 32 where absent.")
        .optional(
            "rotate_after",
            Type::String,
            "After how long a password is due for a new one (`90d`); never where absent.",
        )
        .optional(
            "grace",
            Type::String,
            "How long the old password works beside a new one; `1h` where absent.",
        )
}

/// Checks a `credentials` block and returns what it says.
pub fn policy(body: &Body, cx: &mut DecodeCx) -> Policy {
    let mut declared = |name: &str| {
        let text = body.get(name)?;
        duration::declared(text.value.as_str().unwrap_or_default(), text.span, cx)
    };
    let (rotate_after, grace) = (declared("rotate_after"), declared("grace"));
    let policy = Policy { length: length(body, cx), rotate_after, grace: grace.unwrap_or(DEFAULT_GRACE) };
    if rotate_after.is_some_and(|after| after <= policy.grace) {
        let after = duration::text(rotate_after.unwrap_or_default());
        cx.diags.push(
            Diagnostic::error("a password would be due before the old one is retired")
                .at(
                    body.span_of("rotate_after"),
                    format!("{after} is not longer than the grace of {}", duration::text(policy.grace)),
                )
                .detail("The old password is retired when its grace has passed; two rotations at once would cut it short.")
                .help("let `rotate_after` be longer than `grace` (1h where it is absent)"),
        );
    }
    policy
}

fn length(body: &Body, cx: &mut DecodeCx) -> u32 {
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
