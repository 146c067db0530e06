//! What is there before migrations' statements: read just before their starts are recorded, one query
//! for all that start together, and recorded with them. What cannot be read is recorded as such and
//! holds nothing up: it costs a later plan evidence, if it ever needs any.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::backend::{Error, ErrorKind, Query, Servers};
use crate::model::snapshot::Row;
use crate::model::watch::{self, Depth, Facts, Watched};

/// The column that they are recorded in.
pub(super) const COLUMN: &str = "before";

/// How many objects are read by one query: it must stay below what a server takes (256 KiB).
const AT_ONCE: usize = 200;

/// Reads what is there; remembers what charter's user may not read.
#[derive(Default)]
pub(super) struct Watcher {
    shallow: AtomicBool,
}

impl Watcher {
    /// Completes rows, each with what is there of the objects beside it. Queries are named after `id`.
    pub(super) async fn fill<S: Servers>(
        &self,
        servers: &S,
        (id, comment): (&str, &str),
        rows: &mut [(Row, Vec<Watched>)],
    ) {
        let all: Vec<Watched> = rows.iter().flat_map(|(_, watched)| watched).cloned().collect();
        if all.is_empty() {
            return;
        }
        let mut found = Vec::new();
        let mut unread = String::new();
        for (index, objects) in all.chunks(AT_ONCE).enumerate() {
            let id = format!("{id}-before-{index}");
            match self.read(servers, (&id, comment), objects, &mut unread).await {
                Ok(rows) => found.extend(rows),
                Err(error) => unread = error.to_string(),
            }
        }
        for (row, watched) in rows.iter_mut().filter(|(_, watched)| !watched.is_empty()) {
            let facts = Facts { unread: unread.clone(), ..Facts::of(watched, &found) };
            // Texts and lists of texts: this cannot fail.
            row.insert(COLUMN.into(), serde_json::to_string(&facts).unwrap_or_default().into());
        }
    }

    async fn read<S: Servers>(
        &self,
        servers: &S,
        (id, comment): (&str, &str),
        objects: &[Watched],
        unread: &mut String,
    ) -> Result<Vec<Row>, Error> {
        let query = |depth, id| Query {
            query_id: id,
            comment: comment.to_owned(),
            ..Query::new(watch::statement(objects, depth))
        };
        if !self.shallow.load(Ordering::Relaxed) {
            match servers.rows(query(Depth::All, id.to_owned())).await {
                Err(error) if error.kind == ErrorKind::Denied => {
                    tracing::debug!(%error, "parts and mutations cannot be read");
                    self.shallow.store(true, Ordering::Relaxed);
                }
                answer => return answer,
            }
        }
        "charter's user may not read system.parts and system.mutations".clone_into(unread);
        servers.rows(query(Depth::Definitions, format!("{id}-shallow"))).await
    }
}
