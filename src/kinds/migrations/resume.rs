//! Where a file goes on: at its first statement that is not applied. One that was started and has no
//! end is decided by evidence, or asked; what was applied must still be what the file says.

use std::collections::BTreeMap;

use super::edited;
use super::unknown::{self, Started, Verdict};
use super::waiting::{self, Fate};
use crate::kinds::World;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::{Attrs, Resource, Value};

/// How a file goes on.
#[derive(Debug, Default)]
pub struct Resume {
    /// The index of the first statement that is to run.
    pub first: usize,
    /// The one before it, where evidence says that it was done and nothing is recorded yet.
    pub known: Option<Known>,
    /// What a reviewer should know.
    pub notes: Vec<String>,
}

/// A statement that evidence says was done.
#[derive(Debug)]
pub struct Known {
    /// Its index.
    pub at: usize,
    /// Its query.
    pub query_id: String,
    /// Why it is known.
    pub why: String,
}

/// Returns how a file goes on, or why it cannot.
pub fn resume(wanted: &Resource, live: &Attrs, world: &World) -> Result<Resume, Box<Finding>> {
    let statements = wanted.attrs.get("statements").map_or(&[][..], Value::items);
    let events: BTreeMap<usize, &Value> = live
        .get("events")
        .map_or(&[][..], Value::items)
        .iter()
        .filter_map(|event| Some((index(event)?, event)))
        .collect();
    for (at, statement) in statements.iter().enumerate() {
        let Some(event) = events.get(&at) else { return Ok(from(at)) };
        let said = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let same = statement.get("token_sha256").and_then(Value::as_str) == Some(said("token_sha256"));
        let idempotent = statement.get("replay").and_then(Value::as_str) == Some("Idempotent");
        let status = match waiting::fate(event) {
            // It is waited for, and recorded.
            Fate::GoesOn => "applied",
            Fate::Fails => return Err(Box::new(waiting::failing(wanted, at, event))),
            Fate::Killed if same => return Err(Box::new(waiting::killed(wanted, at, event))),
            // Whoever edits what was given up decides that it is run.
            Fate::Killed => return Ok(from(at)),
            Fate::None => said("status"),
        };
        match status {
            "applied" | "skipped" | "baselined" if same => {}
            "applied" | "skipped" | "baselined" => {
                return Err(Box::new(edited_half_way(
                    &Started { wanted, statement, at, same },
                    event,
                    world,
                )));
            }
            "started" if !(idempotent && same) => {
                return undecided(&Started { wanted, statement, at, same }, world);
            }
            "failed" => {
                let finding = unknown::half_done(&Started { wanted, statement, at, same }, world);
                return finding.map_or_else(|| Ok(from(at)), |finding| Err(Box::new(finding)));
            }
            _ => return Ok(from(at)),
        }
    }
    Ok(from(statements.len()))
}

fn from(first: usize) -> Resume {
    Resume { first, ..Resume::default() }
}

/// Returns the index of the statement that an event is about.
pub fn index(event: &Value) -> Option<usize> {
    let number = event.get("statement")?.as_f64()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of statements")]
    (number as usize).checked_sub(1)
}

/// Decides what becomes of a statement without an end.
fn undecided(started: &Started, world: &World) -> Result<Resume, Box<Finding>> {
    let settled = unknown::settle(started, world);
    let (at, number) = (started.at, started.at + 1);
    match &settled.verdict {
        Verdict::Done(why) => Ok(Resume {
            first: at + 1,
            notes: vec![format!(
                "statement {number} was started {} and did its work, which is recorded now: {why}",
                settled.when
            )],
            known: Some(Known { at, query_id: settled.query_id, why: why.clone() }),
        }),
        Verdict::NotDone(why) => Ok(Resume {
            notes: vec![format!(
                "statement {number} was started {} and did nothing, so it is run again: {why}",
                settled.when
            )],
            ..from(at)
        }),
        Verdict::Runs(_) | Verdict::Ask(_) => Err(Box::new(settled.finding(started))),
    }
}

/// Returns a finding where a statement was edited after it was applied, in a file that is not done.
fn edited_half_way(found: &Started, event: &Value, world: &World) -> Finding {
    let Started { wanted, at, .. } = found;
    let statement = at + 1;
    let said = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let hash = found.statement.get("token_sha256").and_then(Value::as_str).unwrap_or_default();
    let by = edited::by(said("run_id"), world);
    Finding::new(
        "CH413",
        Severity::Error,
        Category::Tracking,
        "a migration was edited after a part of it was applied",
    )
    .at(&wanted.addr)
    .compare(
        format!(
            "statement {statement} as it was applied {} {by}, hash {}",
            said("at"),
            edited::short(said("token_sha256"))
        ),
        format!("another statement {statement} in {}, hash {}", wanted.text("path"), edited::short(hash)),
    )
    .help(format!(
        "bring the statements up to {statement} back as they were; those after the failed one may be edited"
    ))
    .help(format!(
        "or, where they may differ from what was run: charter migrate repair '{}' --accept-edit --reason \"…\"",
        wanted.addr.to_string().replace('\'', r"'\''")
    ))
}
