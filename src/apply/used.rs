//! Whether a saved plan was applied already: a plan applies once. Its id is recorded with the run in
//! `ops.charter_runs`.

use std::fmt;

use crate::backend::{Error, ErrorKind, Query, Servers};
use crate::model::Secret;
use crate::model::ledger::{DATABASE, RUNS};
use crate::model::snapshot::{Row, number, text};

/// ClickHouse's UNKNOWN_IDENTIFIER: the table is older than the column.
const UNKNOWN_IDENTIFIER: u32 = 47;

/// The run that applied a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// When it began, by the server's clock.
    pub at: String,
    /// Who.
    pub actor: String,
    /// Where.
    pub host: String,
    /// The run.
    pub run: String,
    /// How it ended; empty where that was never recorded.
    pub outcome: String,
    /// How many steps are done.
    pub done: u64,
    /// How many failed, are unknown or were not started.
    pub left: u64,
}

impl fmt::Display for Used {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, actor, host, run, outcome, done, left } = self;
        let how = match (outcome.as_str(), left) {
            ("", _) => "which did not record how it ended".to_owned(),
            (_, 0) => format!("which did all of it: {}", super::events::plural(steps(*done), "step")),
            (_, left) => format!("which stopped half-way: {done} done, {left} not"),
        };
        write!(f, "it was applied at {at} UTC by {actor} on {host} in run {run}, {how}")
    }
}

fn steps(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Returns the run that applied a plan; none where none did.
///
/// # Errors
/// The server's.
pub async fn used<S: Servers>(servers: &S, scope: &str, plan: &str) -> Result<Option<Used>, Error> {
    let mut query = Query::new(format!(
        "SELECT run_id AS run, any(actor) AS who, any(host) AS host_name, \
         formatDateTime(min(at), '%Y-%m-%d %H:%i:%S', 'UTC') AS begun, \
         anyIf(toString(outcome), event = 'finished') AS ended, maxIf(done, event = 'finished') AS steps_done, \
         maxIf(failed + unknown + not_started, event = 'finished') AS steps_left \
         FROM {DATABASE}.{RUNS} WHERE scope = {{scope:String}} AND plan_id = {{plan:String}} \
         GROUP BY run_id ORDER BY begun LIMIT 1"
    ));
    query.params = vec![("scope".into(), Secret::new(scope)), ("plan".into(), Secret::new(plan))];
    match servers.rows(query).await {
        Ok(rows) => Ok(rows.first().map(read)),
        // Nothing was ever applied here, or nothing that was saved.
        Err(error) if error.kind == ErrorKind::Missing || error.code == Some(UNKNOWN_IDENTIFIER) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(row: &Row) -> Used {
    let column = |name| text(row, name).to_owned();
    Used {
        at: column("begun"),
        actor: column("who"),
        host: column("host_name"),
        run: column("run"),
        outcome: column("ended"),
        done: number(row, "steps_done"),
        left: number(row, "steps_left"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::apply::tests::fake::{Fake, error};

    fn row(ended: &str, done: u64, left: u64) -> Row {
        let json = json!({
            "run": "r1", "who": "ada", "host_name": "ci", "begun": "2026-11-21 10:00:00",
            "ended": ended, "steps_done": done, "steps_left": left,
        });
        match json {
            Json::Object(row) => row,
            _ => unreachable!(),
        }
    }

    #[tokio::test]
    async fn the_run_is_told_with_its_outcome() {
        let mut told = Vec::new();
        for answer in [row("done", 3, 0), row("half_way", 1, 2), row("", 0, 0)] {
            let fake = Fake::default().answer_rows("charter_runs", [Ok(vec![answer])]);
            told.push(used(&fake, "s", "p").await.unwrap().unwrap().to_string());
        }
        insta::assert_snapshot!(told.join("\n"), @r"
        it was applied at 2026-11-21 10:00:00 UTC by ada on ci in run r1, which did all of it: 3 steps
        it was applied at 2026-11-21 10:00:00 UTC by ada on ci in run r1, which stopped half-way: 1 done, 2 not
        it was applied at 2026-11-21 10:00:00 UTC by ada on ci in run r1, which did not record how it ended
        ");
    }

    #[tokio::test]
    async fn without_a_table_or_its_column_nothing_was_applied() {
        for (kind, code) in [(ErrorKind::Missing, 60), (ErrorKind::Missing, 81), (ErrorKind::Refused, 47)] {
            let fake = Fake::default().answer_rows("charter_runs", [Err(error(kind, Some(code), "no"))]);
            assert_eq!(used(&fake, "s", "p").await, Ok(None));
        }
        let fake =
            Fake::default().answer_rows("charter_runs", [Err(error(ErrorKind::Refused, Some(241), "no"))]);
        assert!(used(&fake, "s", "p").await.is_err());
    }
}
