//! A distributed statement (`ON CLUSTER`) that goes on in the background when its time is up (code
//! 159): `system.distributed_ddl_queue` says how it ended on each host.
//!
//! The server names the entry in its answer (`src/Interpreters/executeDDLQueryOnCluster.cpp`:
//! "Distributed DDL task /clickhouse/task_queue/ddl/query-0000000007 is not finished on 1 of 2 hosts").

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::events::Progress;
use super::ops::At;
use super::statement::End;
use crate::backend::{Error, ErrorKind, Query, Servers};
use crate::model::Secret;
use crate::model::snapshot::{Row, number, text};

/// ClickHouse's TIMEOUT_EXCEEDED.
const TIMEOUT_EXCEEDED: u32 = 159;

/// How often the queue may not say anything: finished entries are removed from it in the end.
const PATIENCE: usize = 4;

/// Statuses are those of `StorageSystemDDLWorkerQueue.cpp`.
const HOSTS: &str = "SELECT host, toString(status) AS status, exception_code, exception_text \
    FROM system.distributed_ddl_queue WHERE entry = {entry:String} ORDER BY host";

/// Returns the entry that an answer names.
pub(super) fn entry(error: &Error) -> Option<&str> {
    const NAME: &str = "query-";
    if error.code != Some(TIMEOUT_EXCEEDED) {
        return None;
    }
    let mut rest = error.message.as_str();
    while let Some(start) = rest.find(NAME) {
        let after = rest.get(start + NAME.len()..)?;
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            return rest.get(start..start + NAME.len() + digits);
        }
        rest = after;
    }
    None
}

/// Waits until an entry is finished on all hosts, and says how it ended.
pub(super) async fn follow<S: Servers>(at: &At<'_, S>, entry: &str, error: &Error) -> End {
    let deadline = Instant::now() + at.cx.options.lookup_limit;
    let (mut wait, mut told, mut silent) = (Duration::from_millis(500), Vec::new(), 0);
    loop {
        let why = match look(at, entry).await {
            Ok(rows) if rows.is_empty() => {
                silent += 1;
                "the queue of distributed statements does not have it".to_owned()
            }
            Ok(rows) => {
                let open = open(&rows);
                if open.is_empty() {
                    return ended(&rows);
                }
                let why = format!("{entry} is not finished on {}", open.join(", "));
                if told != open {
                    at.emit(Progress::Distributed { entry: entry.to_owned(), hosts: open.clone() });
                    told = open;
                }
                why
            }
            Err(error) => {
                silent += 1;
                format!("system.distributed_ddl_queue cannot be read: {error}")
            }
        };
        if silent == PATIENCE || Instant::now() + wait > deadline {
            return End::Unknown { error: format!("{}; {why}", error.message) };
        }
        sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(10));
    }
}

async fn look<S: Servers>(at: &At<'_, S>, entry: &str) -> Result<Vec<Row>, Error> {
    let query = Query {
        params: vec![("entry".to_owned(), Secret::new(entry))],
        query_id: at.next_question_id(),
        comment: at.comment(),
        ..Query::new(HOSTS)
    };
    at.cx.servers.rows(query).await
}

fn open(rows: &[Row]) -> Vec<String> {
    let open = rows.iter().filter(|row| text(row, "status") != "Finished");
    open.map(|row| text(row, "host").to_owned()).collect()
}

fn ended(rows: &[Row]) -> End {
    let failed: Vec<String> = rows
        .iter()
        .filter(|row| number(row, "exception_code") != 0)
        .map(|row| format!("{}: {}", text(row, "host"), text(row, "exception_text")))
        .collect();
    if failed.is_empty() {
        End::Done { written_rows: 0 }
    } else {
        End::Failed { error: failed.join("; "), kind: ErrorKind::Refused }
    }
}
