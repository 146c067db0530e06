//! Why a step of a plan is there: whether the configuration moved since the last apply, or the
//! server did, and if the server, what, when and by whom, as far as it can be known.
//!
//! It is information and no operation: nothing of it changes what an apply does, and the digest of a
//! plan does not cover it. It follows from what the digest does cover: what will be declared and
//! recorded, what is there, and what was recorded before.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Which side moved since the last apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// What is declared is not what was last applied; the server still has that.
    Configuration,
    /// The server no longer has what was last applied; that is still declared.
    Server,
    /// Both moved.
    Both,
    /// Neither moved: something is due, or is asked for by an argument.
    Schedule,
    /// It cannot be told.
    #[default]
    Unknown,
}

impl Moved {
    /// Returns whether the server is known to have moved.
    pub fn by_server(self) -> bool {
        matches!(self, Self::Server | Self::Both)
    }

    /// Returns whether the configuration is known to have moved.
    pub fn by_configuration(self) -> bool {
        matches!(self, Self::Configuration | Self::Both)
    }

    /// Returns what two parts of one thing come to. What is known of one part says nothing of another.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Both, _) | (_, Self::Both) => Self::Both,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Schedule, side) | (side, Self::Schedule) => side,
            _ => Self::Both,
        }
    }
}

/// Why a step is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Which side moved.
    pub moved: Moved,
    /// Why that is so or cannot be told, for people; empty where it needs no words.
    pub reason: String,
    /// The same for each difference of the step, in their order.
    pub differences: Vec<Difference>,
    /// What moved on the server: what was last applied, and what is there instead.
    pub drift: Vec<Drift>,
    /// The last apply of the object; none where none is recorded.
    pub since: Option<Applied>,
    /// What is known of who moved the server.
    pub traces: Vec<Trace>,
}

/// Why an attribute differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Which side moved.
    pub moved: Moved,
    /// Why it cannot be told; empty where it can.
    pub reason: String,
    /// The items of a set that come and go, each with the side that moved.
    pub items: Vec<Item>,
}

/// An item of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The item; hidden where it is sensitive.
    pub value: Json,
    /// Whether the step adds it, or takes it away.
    pub added: bool,
    /// Which side moved.
    pub moved: Moved,
}

/// A change of one attribute that was made on the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// The attribute.
    pub attribute: String,
    /// What was last applied; null for nothing, hidden where it is sensitive.
    pub applied: Json,
    /// What is there; null for nothing, hidden where it is sensitive.
    pub live: Json,
}

/// The last apply of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// When, in UTC by the server's clock; empty where it is not known.
    pub at: String,
    /// The run.
    pub run: String,
    /// Who ran it; empty where it is not known.
    pub by: String,
}

/// What is known of a change on a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Trace {
    /// What was changed: an attribute, or a kind of statement.
    pub what: String,
    /// Who changed it: a field manager of Kubernetes, or a user of ClickHouse; empty where it is not
    /// known.
    pub by: String,
    /// When, in UTC; empty where it is not known.
    pub at: String,
    /// Where that is written: `managedFields` or `system.query_log`.
    pub source: String,
    /// The query's id in `system.query_log`; empty elsewhere.
    pub query_id: String,
}
