//! Which failures pass by themselves, and how long they are waited out.

use std::time::Duration;

use backon::ExponentialBuilder;

use crate::backend::{Error, ErrorKind};

/// What an answer with an error says of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// Nothing was done, and the same may be asked again.
    NothingDone,
    /// It passes by itself, and some of the work may be done: only what is idempotent is sent again.
    Passing,
    /// The work may be done, or go on.
    Unknown,
}

/// ClickHouse's codes (`src/Common/ErrorCodes.cpp`) that are no plain failure, with where they come
/// from.
const CODES: [(u32, Says); 12] = [
    // TOO_MANY_SIMULTANEOUS_QUERIES: `ProcessList::insert`, before anything runs.
    (202, Says::NothingDone),
    // CANNOT_ASSIGN_ALTER: `StorageReplicatedMergeTree::alter`, where the replica has not caught up:
    // "You can retry this error".
    (517, Says::NothingDone),
    // NO_ZOOKEEPER, TABLE_IS_READ_ONLY, KEEPER_EXCEPTION: Keeper is away for a moment.
    (225, Says::Passing),
    (242, Says::Passing),
    (999, Says::Passing),
    // DEADLOCK_AVOIDED: `IStorage::tryLockTimed`, maybe for the second table of a statement.
    (473, Says::Passing),
    // TIMEOUT_EXCEEDED: a distributed statement or a mutation goes on in the background.
    (159, Says::Unknown),
    // SOCKET_TIMEOUT, NETWORK_ERROR: between the server and another one.
    (209, Says::Unknown),
    (210, Says::Unknown),
    // UNKNOWN_STATUS_OF_INSERT: `ReplicatedMergeTreeSink`, where Keeper was lost at the commit.
    (319, Says::Unknown),
    // UNFINISHED: a mutation failed once and is tried again, or a replica is away.
    (341, Says::Unknown),
    // UNKNOWN_STATUS_OF_DISTRIBUTED_DDL_TASK: `DDLQueryStatusSource`, where the entry is gone.
    (379, Says::Unknown),
];

fn says(error: &Error) -> Option<Says> {
    CODES.iter().find(|(code, _)| error.code == Some(*code)).map(|(_, says)| *says)
}

/// HTTP answers of the Kubernetes API that ask for patience.
const BUSY: [u32; 5] = [429, 500, 502, 503, 504];

/// Returns the waits between attempts: about half a minute in all.
pub(super) fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(250))
        .with_factor(2.0)
        .with_max_delay(Duration::from_secs(8))
        .with_max_times(7)
        .with_jitter()
}

/// Returns whether nobody knows if a statement did its work.
pub(super) fn is_unknown(error: &Error) -> bool {
    error.kind == ErrorKind::Unknown || says(error) == Some(Says::Unknown)
}

/// Returns whether any statement may be sent again: it was not run.
pub(super) fn was_not_run(error: &Error) -> bool {
    error.kind == ErrorKind::Unreachable || (!is_unknown(error) && says(error) == Some(Says::NothingDone))
}

/// Returns whether an idempotent statement may be sent again.
pub(super) fn is_transient(error: &Error) -> bool {
    was_not_run(error) || (!is_unknown(error) && says(error) == Some(Says::Passing))
}

/// Returns whether rows may be sent again: tables that are only appended to bear a row twice.
pub(super) fn is_transient_insert(error: &Error) -> bool {
    is_transient(error) || is_unknown(error)
}

/// Returns whether a request to Kubernetes may be sent again; each is idempotent or guarded.
pub(super) fn is_transient_request(error: &Error) -> bool {
    match error.kind {
        ErrorKind::Unreachable | ErrorKind::Unknown => true,
        ErrorKind::Refused => error.code.is_some_and(|code| BUSY.contains(&code)),
        ErrorKind::Login
        | ErrorKind::Denied
        | ErrorKind::Missing
        | ErrorKind::Conflict
        | ErrorKind::LockLost => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind, code: Option<u32>) -> Error {
        Error { kind, code, message: String::new(), query_id: None }
    }

    /// Returns what is done about an answer: to any statement, to an idempotent one, to rows.
    fn done_about(kind: ErrorKind, code: Option<u32>) -> [bool; 4] {
        let error = error(kind, code);
        [is_unknown(&error), was_not_run(&error), is_transient(&error), is_transient_insert(&error)]
    }

    #[test]
    fn what_may_have_been_done_is_never_called_not_run() {
        const UNKNOWN: [bool; 4] = [true, false, false, true];
        const NOTHING_DONE: [bool; 4] = [false, true, true, true];
        const PASSING: [bool; 4] = [false, false, true, true];
        const FAILED: [bool; 4] = [false; 4];
        for (kind, code, expected) in [
            (ErrorKind::Unreachable, None, NOTHING_DONE),
            (ErrorKind::Refused, Some(202), NOTHING_DONE),
            (ErrorKind::Refused, Some(517), NOTHING_DONE),
            (ErrorKind::Refused, Some(225), PASSING),
            (ErrorKind::Refused, Some(242), PASSING),
            (ErrorKind::Refused, Some(473), PASSING),
            (ErrorKind::Refused, Some(999), PASSING),
            (ErrorKind::Refused, Some(159), UNKNOWN),
            (ErrorKind::Refused, Some(209), UNKNOWN),
            (ErrorKind::Refused, Some(210), UNKNOWN),
            (ErrorKind::Unknown, Some(319), UNKNOWN),
            (ErrorKind::Unknown, Some(341), UNKNOWN),
            (ErrorKind::Refused, Some(379), UNKNOWN),
            (ErrorKind::Unknown, None, UNKNOWN),
            (ErrorKind::Unknown, Some(202), UNKNOWN),
            (ErrorKind::Unknown, Some(999), UNKNOWN),
            (ErrorKind::Conflict, Some(57), FAILED),
            (ErrorKind::Refused, Some(62), FAILED),
            (ErrorKind::Refused, Some(241), FAILED),
            (ErrorKind::Refused, Some(394), FAILED),
            (ErrorKind::Denied, Some(497), FAILED),
            (ErrorKind::Refused, None, FAILED),
        ] {
            assert_eq!(done_about(kind, code), expected, "{kind:?} {code:?}");
        }
    }

    #[test]
    fn each_code_is_judged_once() {
        let codes: std::collections::BTreeSet<u32> = CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), CODES.len());
    }
}
