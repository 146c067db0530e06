//! What became of a migration's statement: an event row before it runs, one when it ended. A
//! statement without an end has only the first: whoever resumes knows that nobody knows.

use std::time::Duration;

use super::audit::millis;
use super::ops::{At, Trouble};
use crate::backend::Servers;
use crate::model::op::Sql;
use crate::model::snapshot::Row;
use crate::model::watch::Watched;

/// The journal of one statement.
pub(super) struct Journal<'a, S> {
    at: &'a At<'a, S>,
    event: Option<Template>,
}

struct Template {
    table: &'static str,
    row: Row,
    watched: Vec<Watched>,
}

impl<'a, S: Servers> Journal<'a, S> {
    /// Starts the journal of a statement; one that records nothing where none is asked for.
    pub(super) async fn of(at: &'a At<'a, S>, sql: &Sql) -> Result<Self, Trouble> {
        let event = match &sql.journal {
            None => None,
            Some(row) => {
                Some(Template { table: row.table, row: at.fill(row).await?, watched: sql.watch.clone() })
            }
        };
        Ok(Self { at, event })
    }

    /// Returns whether events are recorded.
    pub(super) fn is_kept(&self) -> bool {
        self.event.is_some()
    }

    /// Passes a point of a migration's statement at which a test may have the run end.
    pub(super) async fn reach(&self, point: &str, number: usize) {
        if self.is_kept() {
            self.at.reach(point, number).await;
        }
    }

    /// Records that the statement is about to run, and what is there before it. Where this fails it
    /// must not.
    pub(super) async fn started(&self, query_id: &str) -> Result<(), Trouble> {
        self.append("started", query_id, Duration::ZERO, "").await
    }

    /// Records that the statement did its work.
    pub(super) async fn applied(&self, query_id: &str, took: Duration) -> Result<(), Trouble> {
        self.append("applied", query_id, took, "").await
    }

    /// Records that the statement did not do its work, or not all of it.
    pub(super) async fn failed(&self, query_id: &str, took: Duration, error: &str) -> Result<(), Trouble> {
        self.append("failed", query_id, took, super::cut(error)).await
    }

    async fn append(&self, status: &str, query_id: &str, took: Duration, error: &str) -> Result<(), Trouble> {
        let Some(event) = &self.event else {
            return Ok(());
        };
        let mut row = event.row.clone();
        row.insert("status".into(), status.into());
        row.insert("query_id".into(), query_id.into());
        row.insert("duration_ms".into(), millis(took).into());
        row.insert("error".into(), error.into());
        let watched = if status == "started" { event.watched.clone() } else { Vec::new() };
        self.at.append(event.table, row, watched).await
    }
}
