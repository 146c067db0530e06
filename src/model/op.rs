//! Operations: all that an apply can do. The set is small and closed; whatever a kind wants done
//! is lowered to these when planning.
//!
//! Passwords are never in an operation. A [`Slot`] names one; the plan says where it comes from
//! ([`SlotSource`]), and the executor alone resolves it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::addr::Addr;
use super::interned::Name;
use super::secret::{HIDDEN, Secret};
use super::snapshot::Api;
use super::watch::Watched;

/// The name of a password: whose it is, and which of its passwords.
///
/// It is written as the user's address, with `:old` behind it for the password that is replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The address of the user that it belongs to.
    pub user: Addr,
    /// Which of the user's passwords.
    pub which: Which,
}

/// Which of a user's passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// The one that the user ends up with.
    Kept,
    /// The one that its Secret held before.
    Old,
}

impl Slot {
    /// Returns the slot of the password that a user ends up with.
    pub fn of(user: Addr) -> Self {
        Self { user, which: Which::Kept }
    }

    /// Returns the slot of the password that is replaced: what the Secret holds before it is written.
    pub fn old(user: Addr) -> Self {
        Self { user, which: Which::Old }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.which {
            Which::Kept => write!(f, "{}", self.user),
            Which::Old => write!(f, "{}:old", self.user),
        }
    }
}

impl Serialize for Slot {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parse = |addr: &str| Addr::parse(addr).map_err(serde::de::Error::custom);
        Ok(match text.strip_suffix(":old") {
            Some(addr) => Self::old(parse(addr)?),
            None => Self::of(parse(&text)?),
        })
    }
}

/// Where the password of a slot comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotSource {
    /// Made when applying, by the operating system's randomness.
    Generate {
        /// How many characters.
        length: usize,
    },
    /// What a key of a Kubernetes Secret holds when applying.
    Secret {
        /// The Secret's namespace.
        namespace: String,
        /// The Secret's name.
        name: String,
        /// The key.
        key: String,
    },
    /// Given by whoever plans, who hands it to a person: a login for an hour.
    Given(#[serde(serialize_with = "hidden", deserialize_with = "never")] Secret),
}

fn hidden<S: serde::Serializer>(_: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(HIDDEN)
}

/// What was handed to a person is in no plan that is read.
fn never<'de, D: serde::Deserializer<'de>>(_: D) -> Result<Secret, D::Error> {
    Err(serde::de::Error::custom("a password that was handed out cannot be read from a plan"))
}

/// What is taken of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The password itself.
    Password,
    /// The random salt of this run.
    Salt,
    /// The hex SHA-256 of the password followed by the salt.
    Hash,
}

/// A text of an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    /// Known and shown.
    Plain(String),
    /// Known and never shown.
    Sensitive(Secret),
    /// Resolved when applying.
    Slot(Slot, Part),
}

impl Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // What looks like a sensitive value and is none says so.
            Self::Plain(text) if text == HIDDEN => {
                TextForm::Literal { plain: text.clone() }.serialize(serializer)
            }
            Self::Plain(text) => serializer.serialize_str(text),
            Self::Sensitive(_) => serializer.serialize_str(HIDDEN),
            Self::Slot(slot, part) => {
                TextForm::Slot { slot: slot.clone(), part: *part }.serialize(serializer)
            }
        }
    }
}

/// A text as it is written. A sensitive one is read back as an empty secret: what was read is shown
/// and compared, and never executed.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum TextForm {
    Text(String),
    Slot { slot: Slot, part: Part },
    Literal { plain: String },
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match TextForm::deserialize(deserializer)? {
            TextForm::Text(text) if text == HIDDEN => Self::Sensitive(Secret::new("")),
            TextForm::Text(text) | TextForm::Literal { plain: text } => Self::Plain(text),
            TextForm::Slot { slot, part } => Self::Slot(slot, part),
        })
    }
}

/// Who a statement runs as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// Charter's own user.
    Charter,
    /// Another user, with the password of a slot.
    User {
        /// The user's name.
        name: String,
        /// Its password.
        slot: Slot,
    },
}

/// A table with its database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableName {
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.table)
    }
}

/// A mutation of a table: a row of `system.mutations`. After a mutation was killed and the server
/// started anew, its id is given to another one, so that the time belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mutation {
    /// The table.
    #[serde(flatten)]
    pub of: TableName,
    /// The id.
    pub id: String,
    /// When it was made, in seconds since 1970 by the server's clock.
    pub created: u64,
}

/// A statement for ClickHouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sql {
    /// The statement, exactly as it is sent. Values are parameters (`{name:Type}`).
    pub statement: String,
    /// The parameters by name.
    pub params: Vec<(String, Text)>,
    /// Who runs it.
    pub login: Login,
    /// The current database.
    pub database: Option<String>,
    /// Settings of this statement.
    pub settings: BTreeMap<String, String>,
    /// Where its events are recorded: a migration's statement.
    pub journal: Option<LedgerRow>,
    /// What makes it unnecessary: it is skipped where this login works already.
    pub unless: Option<Probe>,
    /// What is looked at just before it and recorded with its start, so that a later plan can tell
    /// whether it did its work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watch: Vec<Watched>,
    /// The tables that it changes by a mutation: it is done when those that it made are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<TableName>,
}

impl Sql {
    /// Returns a statement of charter's own user, without parameters.
    pub fn new(statement: impl Into<String>) -> Self {
        Self {
            statement: statement.into(),
            params: Vec::new(),
            login: Login::Charter,
            database: None,
            settings: BTreeMap::new(),
            journal: None,
            unless: None,
            watch: Vec::new(),
            waits_for: Vec::new(),
        }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn param(mut self, name: &str, value: Text) -> Self {
        self.params.push((name.to_owned(), value));
        self
    }
}

/// A Kubernetes object to write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KubeApply {
    /// The API of the object.
    pub api: Api,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The field manager.
    pub manager: String,
    /// The fields that we own: `apiVersion`, `kind`, `metadata.name` and so on, less `data`.
    pub object: Json,
    /// The entries of a Secret's `data`, not yet encoded; empty for every other kind of object.
    pub data: BTreeMap<String, Text>,
    /// How it is written.
    pub mode: KubeWrite,
    /// Fields (JSON pointers) that we owned and no longer declare.
    pub prune: Vec<String>,
}

/// How a Kubernetes object is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KubeWrite {
    /// POST: fails where it exists.
    Create,
    /// Server-side apply.
    Apply {
        /// Whether fields are taken from other managers; the plan names them.
        force: bool,
        /// The version that was seen when planning; refused where it moved.
        resource_version: Option<String>,
    },
}

/// A Kubernetes object to delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubeDelete {
    /// The API of the object.
    pub api: Api,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The UID that was seen when planning: another object of the name is left alone.
    pub uid: Option<String>,
}

/// Something that can be asked of a server, with yes or no as its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// A login to ClickHouse that works.
    Login {
        /// The user's name.
        user: String,
        /// Its password.
        slot: Slot,
    },
}

/// A row for one of charter's own tables. The executor adds `run_id`; the server adds `at`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// The table, without its database.
    #[serde(deserialize_with = "super::interned::table")]
    pub table: Name,
    /// The columns.
    pub row: BTreeMap<String, Json>,
    /// Columns that are shown to nobody, or whose shown form in `row` lacks something: what is derived
    /// of a password can be guessed from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secret: BTreeMap<String, Text>,
    /// Columns that are filled from slots; never a password.
    pub fill: Vec<(String, Slot, Part)>,
    /// Columns that are filled with when the run began, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<String>,
}

impl LedgerRow {
    /// Starts a row.
    pub fn new(table: &'static str) -> Self {
        Self { table, row: BTreeMap::new(), secret: BTreeMap::new(), fill: Vec::new(), times: Vec::new() }
    }

    /// Sets a column.
    #[must_use]
    pub fn with(mut self, column: &str, value: impl Into<Json>) -> Self {
        self.row.insert(column.to_owned(), value.into());
        self
    }

    /// Sets a column that is not shown.
    #[must_use]
    pub fn hiding(mut self, column: &str, value: impl Into<String>) -> Self {
        self.secret.insert(column.to_owned(), Text::Sensitive(Secret::new(value)));
        self
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Runs a statement.
    Sql(Box<Sql>),
    /// Writes a Kubernetes object.
    KubeApply(Box<KubeApply>),
    /// Deletes a Kubernetes object.
    KubeDelete(KubeDelete),
    /// Waits until a probe says yes; fails where it does not within a bound.
    Await(Probe),
    /// Waits until mutations that an earlier run began are done; fails where they do.
    AwaitMutations(Vec<Mutation>),
    /// Appends to one of charter's tables.
    Ledger(LedgerRow),
}

impl Op {
    /// Returns its texts by name: what may be sensitive of it.
    pub fn texts(&self) -> Vec<(&String, &Text)> {
        match self {
            Self::Sql(sql) => {
                let journal = sql.journal.iter().flat_map(|row| &row.secret);
                sql.params.iter().map(|(name, text)| (name, text)).chain(journal).collect()
            }
            Self::KubeApply(apply) => apply.data.iter().collect(),
            Self::Ledger(row) => row.secret.iter().collect(),
            Self::KubeDelete(_) | Self::Await(_) | Self::AwaitMutations(_) => Vec::new(),
        }
    }
}

impl From<Sql> for Op {
    fn from(sql: Sql) -> Self {
        Self::Sql(Box::new(sql))
    }
}

impl From<KubeApply> for Op {
    fn from(apply: KubeApply) -> Self {
        Self::KubeApply(Box::new(apply))
    }
}

#[cfg(test)]
mod tests;
