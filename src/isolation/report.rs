//! The outcome of the proof, typed: for people by [`super::findings`], for programs as JSON.

use serde::Serialize;

use crate::model::Severity;

/// The way in which a principal comes to a tenant's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A grant of its own on the database or a table in it.
    Direct,
    /// A grant of a role that it has.
    RoleChain,
    /// A grant on a prefix that takes the database in.
    Wildcard,
    /// A grant on everything.
    Everything,
    /// It may pass rights on.
    GrantOption,
    /// It may make others members of a role.
    AdminOption,
    /// Nothing limits whom it passes rights on to.
    OpenGrantees,
    /// It may become another user, or have one's rights.
    AccessManagement,
    /// A view reads for it with another's rights, or copies.
    DefinerView,
    /// A dictionary reads for it with another's login.
    DictionarySource,
    /// It may define a source that logs in without a password.
    CreateDictionary,
    /// Whoever reaches the server may log in without a password.
    PasswordlessAccount,
    /// It may carry what it reads elsewhere.
    ExternalSource,
    /// It sees the texts of others' statements.
    QueryLog,
    /// A row policy limits what is seen; told, as it is no wall.
    RowPolicy,
    /// Another scope declared it.
    AnotherScope,
    /// It cannot be judged.
    Unknown,
}

/// Somebody who comes to the data, with the path: who leads to whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Holder {
    /// The user's or role's name.
    pub name: String,
    /// Whether it is a user; else a role.
    pub user: bool,
    /// The path from it: `user u`, `role a`, `role b`.
    pub path: Vec<String>,
}

/// Which tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// How many.
    pub count: usize,
    /// Whether that is every one.
    pub all: bool,
    /// The databases; the first few of many.
    pub databases: Vec<String>,
}

/// A way to tenants' data that is not declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hole {
    /// The way.
    pub way: Way,
    /// How bad it is.
    pub severity: Severity,
    /// What can be done by it: `read`, `change`, `pass on`.
    pub verbs: Vec<&'static str>,
    /// What gives it: statements, or the view or account.
    pub by: Vec<String>,
    /// Who has it.
    pub holders: Vec<Holder>,
    /// To which tenants' data.
    pub tenants: Reached,
    /// What else there is to know; may be empty.
    pub note: String,
}

/// The outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many users and roles were looked at.
    pub principals: usize,
    /// How many tenants' databases.
    pub tenants: usize,
    /// Those that are trusted: charter's own user and the declared administrators that exist.
    pub trusted: Vec<String>,
    /// Declared administrators that do not exist.
    pub absent: Vec<String>,
    /// The ways that are not declared.
    pub holes: Vec<Hole>,
}

impl Report {
    /// Returns whether nobody reaches what is not declared.
    pub fn is_proved(&self) -> bool {
        self.holes.iter().all(|hole| matches!(hole.severity, Severity::Warning | Severity::Note))
    }
}
