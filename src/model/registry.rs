//! What charter recorded of what it owns: the newest row of each object in
//! `ops.charter_resources`, all scopes.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::addr::Addr;
use super::secret;
use super::snapshot::{Row, number, text};

/// The table, without its database.
pub const TABLE: &str = "charter_resources";

/// The member of a record's `spec` for what its kind wants remembered besides the declaration.
pub const KEPT: &str = "kept";
/// The member of that for what is derived of secrets: it is in no plan.
pub const HIDDEN: &str = "hidden";

/// What the newest row says of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is about to be created, or was, by a run that did not end.
    Claimed,
    /// It is ours.
    Applied,
    /// It was ours and was removed.
    Removed,
}

/// The newest row of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The owner.
    pub scope: String,
    /// The owner's environment.
    pub environment: String,
    /// Where it was declared.
    pub addr: Addr,
    /// Its kind.
    pub kind: String,
    /// The real object.
    pub identity: String,
    /// What the row says.
    pub status: Status,
    /// What was last applied, less secrets: `attrs`, `after`, `retained`, `tenant`.
    pub spec: Json,
    /// The salt of the fingerprint; empty without a credential.
    pub salt: String,
    /// The salted SHA-256 of the credential that was last applied; empty without one.
    pub fingerprint: String,
    /// When that credential was applied, in seconds since 1970 by the server's clock; 0 where it is
    /// not known.
    pub credential_at: u64,
    /// What else the server accepts beside that credential.
    pub beside: Beside,
    /// When the row was written, in UTC by the server's clock; empty where it is not known.
    pub applied_at: String,
    /// The run that wrote the row; empty where it is not known.
    pub run: String,
}

/// What the server accepts beside the credential that was last applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beside {
    /// Nothing.
    #[default]
    Nothing,
    /// Maybe a password that nobody keeps: a rotation began, and did not end.
    Begun,
    /// The password before it.
    Old {
        /// For how many seconds after the new one was applied.
        grace: u64,
    },
}

impl Entry {
    /// Returns until when the password before is accepted, in seconds since 1970; none where there
    /// is none.
    pub fn old_until(&self) -> Option<u64> {
        match self.beside {
            Beside::Old { grace } => Some(self.credential_at.saturating_add(grace)),
            Beside::Nothing | Beside::Begun => None,
        }
    }
}

/// Returns what can be shown of a `spec`; none where all of it can.
pub fn shown(spec: &Json) -> Option<Json> {
    spec.get(KEPT)?.get(HIDDEN)?;
    let mut shown = spec.clone();
    shown[KEPT][HIDDEN] = secret::HIDDEN.into();
    Some(shown)
}

impl Beside {
    /// Returns it as the columns `credential_state` and `credential_grace` hold it.
    pub fn columns(self) -> (&'static str, u64) {
        match self {
            Self::Nothing => ("", 0),
            Self::Begun => ("begun", 0),
            Self::Old { grace } => ("old", grace),
        }
    }

    fn of(row: &Row) -> Self {
        match text(row, "credential_state") {
            "begun" => Self::Begun,
            "old" => Self::Old { grace: number(row, "credential_grace") },
            _ => Self::Nothing,
        }
    }
}

/// Whose an object is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Owner<'a> {
    /// This scope's.
    Mine(&'a Entry),
    /// Another scope's.
    Other(&'a Entry),
    /// Nobody recorded it.
    Nobody,
}

/// The registry as one scope sees it.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    mine: BTreeMap<(String, String), Entry>,
    others: BTreeMap<(String, String), Entry>,
    tombstones: Vec<Entry>,
}

impl Registry {
    /// Reads the rows: the newest of each scope, kind and identity. Rows of removed objects and
    /// rows that cannot be read as addresses own nothing.
    pub fn from_rows(rows: &[Row], scope: &str) -> Self {
        let mut registry = Self::default();
        for entry in rows.iter().filter_map(entry) {
            let key = (entry.kind.clone(), entry.identity.clone());
            if entry.status == Status::Removed {
                registry.tombstones.extend((entry.scope == scope).then_some(entry));
            } else if entry.scope == scope {
                registry.mine.insert(key, entry);
            } else {
                registry.others.insert(key, entry);
            }
        }
        registry
    }

    /// Returns whose an object is. What this scope made is its own even where another scope recorded
    /// it, too; what it only claimed is not, where another scope made it.
    pub fn owner(&self, kind: &str, identity: &str) -> Owner<'_> {
        let key = (kind.to_owned(), identity.to_owned());
        match (self.mine.get(&key), self.others.get(&key)) {
            (Some(mine), Some(other))
                if mine.status == Status::Claimed && other.status == Status::Applied =>
            {
                Owner::Other(other)
            }
            (Some(entry), _) => Owner::Mine(entry),
            (None, Some(entry)) => Owner::Other(entry),
            (None, None) => Owner::Nobody,
        }
    }

    /// Returns the record of another scope that made an object.
    pub fn made_elsewhere(&self, kind: &str, identity: &str) -> Option<&Entry> {
        let other = self.others.get(&(kind.to_owned(), identity.to_owned()));
        other.filter(|entry| entry.status == Status::Applied)
    }

    /// Drops this scope's record of an object.
    pub fn disown(&mut self, kind: &str, identity: &str) {
        self.mine.remove(&(kind.to_owned(), identity.to_owned()));
    }

    /// Returns this scope's record of an object.
    pub fn mine(&self, kind: &str, identity: &str) -> Option<&Entry> {
        self.mine.get(&(kind.to_owned(), identity.to_owned()))
    }

    /// Gives this scope's record of an object another name.
    pub fn rename(&mut self, kind: &str, from: &str, to: &str) {
        if let Some(mut entry) = self.mine.remove(&(kind.to_owned(), from.to_owned())) {
            to.clone_into(&mut entry.identity);
            self.mine.insert((kind.to_owned(), to.to_owned()), entry);
        }
    }

    /// Returns what this scope owned and removed: objects that are nobody's now.
    pub fn tombstones(&self) -> impl Iterator<Item = &Entry> {
        self.tombstones.iter()
    }

    /// Returns everything that this scope owns.
    pub fn all_mine(&self) -> impl Iterator<Item = &Entry> {
        self.mine.values()
    }

    /// Returns all entries, also of what was removed.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.mine.values().chain(&self.tombstones).chain(self.others.values())
    }

    /// Returns what other scopes own of a kind.
    pub fn others<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.others.values().filter(move |entry| entry.kind == kind)
    }
}

fn entry(row: &Row) -> Option<Entry> {
    let status = match text(row, "status") {
        "claimed" => Status::Claimed,
        "applied" => Status::Applied,
        _ => Status::Removed,
    };
    Some(Entry {
        scope: text(row, "scope").to_owned(),
        environment: text(row, "environment").to_owned(),
        addr: Addr::parse(text(row, "address")).ok()?,
        kind: text(row, "kind").to_owned(),
        identity: text(row, "identity").to_owned(),
        status,
        spec: serde_json::from_str(text(row, "spec")).unwrap_or(Json::Null),
        salt: text(row, "salt").to_owned(),
        fingerprint: text(row, "fingerprint").to_owned(),
        credential_at: number(row, "credential_at"),
        beside: Beside::of(row),
        applied_at: text(row, "at").to_owned(),
        run: text(row, "run_id").to_owned(),
    })
}
