//! How migration files stand: what a ledger says of each, and how that compares with the file.

use serde::Serialize;

use super::addr::Addr;

/// How a file stands, in the order in which states ask for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// It was edited after it, or a part of it, was applied.
    Edited,
    /// It is recorded as applied, and there is no such file.
    MissingFile,
    /// It is not applied, and one with a higher version is.
    OutOfOrder,
    /// A plan finds something else that keeps it from being applied.
    Blocked,
    /// Nobody knows whether one of its statements was run.
    Unknown,
    /// One of its statements failed; the next apply runs that one again.
    Failed,
    /// Some of its statements are applied; the next apply goes on.
    Partial,
    /// Nothing of it is applied.
    Pending,
    /// It is applied.
    Applied,
    /// It is recorded as done and was not run.
    Baselined,
    /// Another runner applied it, and it is recorded as done.
    Imported,
    /// It is recorded for a folder that its tenant no longer declares.
    Undeclared,
}

impl FileState {
    /// Returns the word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::MissingFile => "missing file",
            Self::OutOfOrder => "out of order",
            Self::Blocked => "blocked",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::Partial => "partial",
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Baselined => "baselined",
            Self::Imported => "imported",
            Self::Undeclared => "undeclared",
        }
    }

    /// Returns whether nothing is left to do or to decide.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Applied | Self::Baselined | Self::Imported | Self::Undeclared)
    }
}

/// A statement at which a file stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stuck {
    /// Its number, from 1.
    pub statement: usize,
    /// The query by which it ran last.
    pub query_id: String,
    /// When its last event was recorded, by the server's clock.
    pub at: String,
    /// Why it failed; empty where that is not known.
    pub error: String,
}

/// How one file of one tenant, or of a stand-alone block, stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileStatus {
    /// The file's address; none where there is no such file.
    #[serde(rename = "address")]
    pub addr: Option<Addr>,
    /// The tenant's slug; empty for a stand-alone block.
    pub tenant: String,
    /// What identifies the folder.
    pub folder: String,
    /// The version.
    pub version: u64,
    /// The file's name.
    pub file: String,
    /// The name under which it was applied, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_as: Option<String>,
    /// How it stands.
    pub state: FileState,
    /// How many of its statements are done.
    pub done: usize,
    /// How many it has.
    pub statements: usize,
    /// How many of those that are done were skipped by a person's decision.
    pub skipped: usize,
    /// When it was recorded last, by the server's clock; empty for never.
    pub at: String,
    /// Who recorded it; empty where that is not known.
    pub by: String,
    /// The run that recorded it.
    pub run_id: String,
    /// How long its statements took, in milliseconds; none where they were not run.
    pub duration_ms: Option<u64>,
    /// Whether a newer file had been applied when it was.
    pub out_of_order: bool,
    /// Whether comments or spacing changed since it was applied, which is allowed.
    pub reformatted: bool,
    /// Why a person recorded it, where one did.
    pub reason: String,
    /// The statement at which it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Stuck>,
    /// What keeps it from being applied, as a plan finds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
}
