//! Which failures pass by themselves, and how long they are waited out.

use std::time::Duration;

use backon::ExponentialBuilder;

use crate::backend::{Error, ErrorKind};

/// ClickHouse's codes for refusals that say that nothing was done and that the same may be asked
/// again (`src/Common/ErrorCodes.cpp`): TOO_MANY_SIMULTANEOUS_QUERIES, CANNOT_ASSIGN_ALTER.
const NOTHING_DONE: [u32; 2] = [202, 517];

/// ClickHouse's codes for a Keeper that is away for a moment: NO_ZOOKEEPER, TABLE_IS_READ_ONLY,
/// KEEPER_EXCEPTION. Some of the work may be done, so only what is idempotent is sent again.
const KEEPER: [u32; 3] = [225, 242, 999];

/// ClickHouse's TIMEOUT_EXCEEDED: a distributed statement goes on in the background.
const TIMEOUT_EXCEEDED: u32 = 159;

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
    error.kind == ErrorKind::Unknown || error.code == Some(TIMEOUT_EXCEEDED)
}

/// Returns whether any statement may be sent again: it was not run.
pub(super) fn was_not_run(error: &Error) -> bool {
    error.kind == ErrorKind::Unreachable
        || (!is_unknown(error) && error.code.is_some_and(|code| NOTHING_DONE.contains(&code)))
}

/// Returns whether an idempotent statement may be sent again.
pub(super) fn is_transient(error: &Error) -> bool {
    was_not_run(error) || (!is_unknown(error) && error.code.is_some_and(|code| KEEPER.contains(&code)))
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

    #[test]
    fn what_may_have_been_done_is_never_called_not_run() {
        assert!(was_not_run(&error(ErrorKind::Refused, Some(517))));
        assert!(was_not_run(&error(ErrorKind::Unreachable, None)));
        for (kind, code) in [
            (ErrorKind::Unknown, None),
            (ErrorKind::Unknown, Some(202)),
            (ErrorKind::Refused, Some(999)),
            (ErrorKind::Refused, Some(159)),
            (ErrorKind::Refused, Some(62)),
        ] {
            assert!(!was_not_run(&error(kind, code)), "{kind:?} {code:?}");
        }
    }

    #[test]
    fn a_lost_keeper_is_waited_out_for_idempotent_statements_only() {
        assert!(is_transient(&error(ErrorKind::Refused, Some(999))));
        assert!(!is_transient(&error(ErrorKind::Unknown, Some(999))));
    }
}
