//! Reads that fail for a moment are asked again, a bounded number of times. What changes something
//! is sent once from here: whether to send it again is decided by whoever knows if it is idempotent.

use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};

use super::{Error, ErrorKind};

/// ClickHouse's codes for what passes by itself (`src/Common/ErrorCodes.cpp`):
/// TOO_MANY_SIMULTANEOUS_QUERIES, NO_ZOOKEEPER, TABLE_IS_READ_ONLY, CANNOT_ASSIGN_ALTER,
/// KEEPER_EXCEPTION.
const PASSING_CODES: [u32; 5] = [202, 225, 242, 517, 999];

/// Answers of the Kubernetes API that ask for patience; 410 is a list whose next page expired.
const PASSING_STATUS: [u32; 6] = [410, 429, 500, 502, 503, 504];

/// Returns whether a query that changes nothing may be answered if it is sent again.
pub fn transient_query(error: &Error) -> bool {
    network(error.kind) || error.code.is_some_and(|code| PASSING_CODES.contains(&code))
}

/// Returns whether a request to Kubernetes that changes nothing may be answered if sent again.
pub fn transient_request(error: &Error) -> bool {
    network(error.kind) || error.code.is_some_and(|status| PASSING_STATUS.contains(&status))
}

fn network(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unreachable | ErrorKind::Unknown)
}

/// Reads, and reads again after an error that passes: up to four attempts within about two seconds
/// of waiting.
///
/// # Errors
/// The last attempt's.
pub async fn read<T, F, R>(transient: fn(&Error) -> bool, attempt: F) -> Result<T, Error>
where
    F: FnMut() -> R,
    R: Future<Output = Result<T, Error>>,
{
    attempt.retry(waits()).when(transient).await
}

fn waits() -> ExponentialBuilder {
    let first = if cfg!(test) { 1 } else { 150 };
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(first))
        .with_factor(2.0)
        .with_max_times(3)
        .with_jitter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn error(kind: ErrorKind, code: Option<u32>) -> Error {
        Error { kind, code, message: String::new(), query_id: None }
    }

    #[tokio::test]
    async fn a_passing_failure_is_waited_out() {
        let count = Cell::new(0);
        let result = read(transient_query, || {
            count.set(count.get() + 1);
            let attempt = count.get();
            async move {
                match attempt {
                    3 => Ok(attempt),
                    _ => Err(error(ErrorKind::Refused, Some(999))),
                }
            }
        });
        assert_eq!(result.await, Ok(3));
    }

    #[tokio::test]
    async fn patience_ends() {
        let count = Cell::new(0);
        let result = read(transient_query, || {
            count.set(count.get() + 1);
            async { Err::<(), _>(error(ErrorKind::Unreachable, None)) }
        });
        assert_eq!(result.await, Err(error(ErrorKind::Unreachable, None)));
        assert_eq!(count.get(), 4);
    }

    #[tokio::test]
    async fn what_does_not_pass_is_asked_once() {
        let count = Cell::new(0);
        let result = read(transient_query, || {
            count.set(count.get() + 1);
            async { Err::<(), _>(error(ErrorKind::Refused, Some(62))) }
        });
        assert!(result.await.is_err());
        assert_eq!(count.get(), 1);
    }
}
