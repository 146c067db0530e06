//! Points at which a run ends as `kill -9` ends it; for tests, and absent from release builds.
//!
//! `CHARTER_FAILPOINTS` has one a line: `<point>:<number>` or `<point>:<number>@<address>`. A step
//! that gets to its point goes no further. Once every point was reached the process aborts, so that
//! one run leaves many files behind, each killed elsewhere. Points are
//!
//! - `operation:n`: before the n-th operation of a step;
//! - `unrecorded:n`: before the start of its n-th statement is recorded;
//! - `started:n`: after that, before the statement is sent;
//! - `sent:n`: while the statement is under way;
//! - `answered:n`: after its answer, before that is recorded;
//! - `applied:n`: after that;
//! - `done:1`: after the step's last operation.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::ops::At;

/// How long a statement that is under way may take to get to the server before all ends.
const UNDER_WAY: Duration = Duration::from_millis(30);

/// How many points were reached.
static REACHED: AtomicUsize = AtomicUsize::new(0);

/// The points of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Failpoints(Vec<Failpoint>);

#[derive(Debug, PartialEq, Eq)]
struct Failpoint {
    point: String,
    number: usize,
    address: Option<String>,
}

impl Failpoint {
    fn parse(line: &str) -> Option<Self> {
        let (at, address) =
            line.split_once('@').map_or((line, None), |(at, addr)| (at, Some(addr.to_owned())));
        let (point, number) = at.split_once(':')?;
        Some(Self { point: point.to_owned(), number: number.parse().ok()?, address })
    }
}

impl Failpoints {
    /// Reads points; none where a line is no point.
    pub fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(Failpoint::parse).collect::<Option<_>>().map(Self)
    }

    fn has(&self, point: &str, number: usize, address: &str) -> bool {
        self.0.iter().any(|one| {
            one.point == point
                && one.number == number
                && one.address.as_deref().is_none_or(|wanted| wanted == address)
        })
    }
}

/// Goes no further where a step is at one of the points.
pub(super) async fn reach<S>(at: &At<'_, S>, point: &str, number: usize) {
    let Some(points) = at.cx.options.failpoints else { return };
    if !points.has(point, number, &at.step.addr.to_string()) {
        return;
    }
    if point == "sent" {
        tokio::time::sleep(UNDER_WAY).await;
    }
    tracing::debug!(point, number, addr = %at.step.addr, "a failpoint");
    if REACHED.fetch_add(1, Ordering::SeqCst) + 1 >= points.0.len() {
        std::process::abort();
    }
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_with_and_without_an_address() {
        let points =
            Failpoints::parse("started:2\n applied:1@migrations.a[\"V1__t.sql\"]\n").expect("points");
        assert!(points.has("started", 2, "anything") && !points.has("started", 1, "anything"));
        assert!(points.has("applied", 1, "migrations.a[\"V1__t.sql\"]") && !points.has("applied", 1, "b"));
        assert!(Failpoints::parse("started").is_none());
    }
}
