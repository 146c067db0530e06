//! What became of a migration's statement: an event row before it runs, one when it ended. A
//! statement without an end has only the first: whoever resumes knows that nobody knows.

use std::time::Duration;

use serde_json::Value as Json;

use super::audit::millis;
use super::mutations::Left;
use super::ops::{At, Trouble};
use crate::backend::Servers;
use crate::model::op::{LedgerRow, Sql};
use crate::model::snapshot::Row;

/// The journal of one statement.
pub(super) struct Journal<'a, S> {
    at: &'a At<'a, S>,
    event: Option<Template>,
}

struct Template {
    table: &'static str,
    row: Row,
}

impl<'a, S: Servers> Journal<'a, S> {
    /// Starts the journal of a statement; one that records nothing where none is asked for.
    pub(super) async fn of(at: &'a At<'a, S>, sql: &Sql) -> Result<Self, Trouble> {
        let event = match &sql.journal {
            None => None,
            Some(row) => Some(template(at, row).await?),
        };
        Ok(Self { at, event })
    }

    /// Returns whether events are recorded.
    pub(super) fn is_kept(&self) -> bool {
        self.event.is_some()
    }

    /// Records that the statement is about to run. Where this fails it must not.
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

    /// Records that the statement left mutations behind: they fail, or go on.
    pub(super) async fn left(&self, query_id: &str, took: Duration, left: &Left) -> Result<(), Trouble> {
        // What goes on has no end: whoever reads no further asks.
        let status = if left.failing { "failed" } else { "started" };
        let more = [("mutations".to_owned(), left.mutations().into())];
        self.append_with(status, query_id, took, super::cut(&left.error), more.into()).await
    }

    async fn append(&self, status: &str, query_id: &str, took: Duration, error: &str) -> Result<(), Trouble> {
        self.append_with(status, query_id, took, error, Vec::new()).await
    }

    async fn append_with(
        &self,
        status: &str,
        query_id: &str,
        took: Duration,
        error: &str,
        more: Vec<(String, Json)>,
    ) -> Result<(), Trouble> {
        let Some(event) = &self.event else {
            return Ok(());
        };
        let mut row = event.row.clone();
        row.extend(more);
        row.insert("status".into(), status.into());
        row.insert("query_id".into(), query_id.into());
        row.insert("duration_ms".into(), millis(took).into());
        row.insert("error".into(), error.into());
        self.at.append(event.table, row).await
    }
}

async fn template<S: Servers>(at: &At<'_, S>, row: &LedgerRow) -> Result<Template, Trouble> {
    Ok(Template { table: row.table, row: at.fill(row).await? })
}
