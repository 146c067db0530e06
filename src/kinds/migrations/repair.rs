//! What a person records where no program may decide: that a statement did its work, that it did not
//! and is to run again, that it is left out, or that an edited file is what was applied.
//!
//! Each becomes a step whose operations are rows of the ledger, so that it is planned, approved,
//! locked and audited as everything else.

use std::collections::BTreeSet;

use super::objects::{self, Evidence, Live};
use super::{ledger, lower, resume};
use crate::diag::Diagnostic;
use crate::kinds::World;
use crate::kinds::common::migration::KIND;
use crate::model::resource::Desired;
use crate::model::snapshot::Read;
use crate::model::value::attrs_json;
use crate::model::{Action, Addr, AttrDiff, Attrs, Digest, Finding, Op, Resource, Step, Value};

/// What is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// The statement did not do its work: the next apply runs it.
    Retry,
    /// The statement did its work.
    Applied,
    /// The statement is left out.
    Skip,
    /// The file, as it is now, counts as what was applied.
    AcceptEdit,
}

/// What is to be recorded, of which file.
#[derive(Clone, Debug)]
pub struct Repair {
    /// The file.
    pub addr: Addr,
    /// The statement, from 1; the one at which the file stopped where it is not said.
    pub statement: Option<usize>,
    /// What is recorded.
    pub verb: Verb,
    /// Why.
    pub reason: String,
    /// Whether it is recorded against what is seen.
    pub force: bool,
}

type Refused = Box<Diagnostic>;

fn refuse(summary: impl Into<String>) -> Diagnostic {
    Diagnostic::error(summary)
}

/// Returns the file that an address names.
///
/// # Errors
/// That it names none.
pub fn file<'a>(addr: &Addr, desired: &'a Desired) -> Result<&'a Resource, Refused> {
    let found = desired.resources.get(addr).filter(|file| file.kind == KIND);
    found.ok_or_else(|| {
        let diagnostic = refuse(format!("{addr} is no migration file"));
        let below = desired.matching(addr).into_iter().find(|addr| is_file(addr, desired));
        Box::new(match below {
            Some(example) => diagnostic.help(format!("name one file, such as '{example}'")),
            None => diagnostic
                .help("`charter migrate status --expand` shows the files, --format json their addresses"),
        })
    })
}

fn is_file(addr: &Addr, desired: &Desired) -> bool {
    desired.resources.get(addr).is_some_and(|file| file.kind == KIND)
}

impl Repair {
    /// Returns the reads besides those of a plan: what there is of what the statements name.
    pub fn reads(&self, desired: &Desired) -> Vec<Read> {
        file(&self.addr, desired).map(|file| objects::reads(&[file])).unwrap_or_default()
    }

    /// Returns the step that records it.
    ///
    /// # Errors
    /// What there is against it.
    pub fn step(&self, world: &World) -> Result<Step, Refused> {
        let file = file(&self.addr, world.desired)?;
        let identities = BTreeSet::from([file.identity.as_str()]);
        let live = ledger::observe(&identities, world).remove(&file.identity).unwrap_or_default();
        let subject = Subject { repair: self, file, live: &live, world };
        if self.verb == Verb::AcceptEdit { subject.accept() } else { subject.statement() }
    }
}

/// A repair, and what it is about.
struct Subject<'a> {
    repair: &'a Repair,
    file: &'a Resource,
    live: &'a Attrs,
    world: &'a World<'a>,
}

fn said<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl Subject<'_> {
    fn statements(&self) -> &[Value] {
        self.file.attrs.get("statements").map_or(&[][..], Value::items)
    }

    fn events(&self) -> impl Iterator<Item = (usize, &Value)> {
        let events = self.live.get("events").map_or(&[][..], Value::items).iter();
        events.filter_map(|event| Some((resume::index(event)?, event)))
    }

    /// Returns the statement that is meant, by its index, and its last event.
    fn begun(&self) -> Result<(usize, &Value), Refused> {
        let name = self.file.text("file");
        if ledger::is_done(self.live) {
            let status = self.live.get("status").and_then(Value::as_str).unwrap_or_default();
            return Err(Box::new(refuse(format!("{name} is {status}: none of its statements is open"))));
        }
        let open = |event: &Value| matches!(said(event, "status"), "started" | "failed");
        let first = self.events().filter(|(_, event)| open(event)).min_by_key(|(at, _)| *at);
        let Some(number) = self.repair.statement else {
            return first.ok_or_else(|| {
                Box::new(
                    refuse(format!("no statement of {name} stopped half-way"))
                        .help("nothing is to be repaired: `charter apply` runs what is pending"),
                )
            });
        };
        let found = self.events().find(|(at, _)| at + 1 == number);
        let known = number.checked_sub(1).is_some_and(|at| at < self.statements().len());
        match found.filter(|(_, event)| open(event)) {
            Some(found) => Ok(found),
            None => {
                let is = match found {
                    Some((_, event)) => said(event, "status").to_owned(),
                    None if known => "pending".to_owned(),
                    None => format!("not there: the file has {}", self.statements().len()),
                };
                let diagnostic = refuse(format!("statement {number} of {name} is {is}"));
                Err(Box::new(match first {
                    Some((at, _)) => {
                        diagnostic.help(format!("the one at which it stopped: --statement {}", at + 1))
                    }
                    None => {
                        diagnostic.help("nothing is to be repaired: `charter apply` runs what is pending")
                    }
                }))
            }
        }
    }

    /// Returns the step that records what became of a statement.
    fn statement(&self) -> Result<Step, Refused> {
        let (at, event) = self.begun()?;
        let number = at + 1;
        let Some(statement) = self.statements().get(at) else {
            return Err(Box::new(refuse(format!(
                "statement {number} is no longer in {}",
                self.file.text("path")
            ))));
        };
        let evidence = Live::of(self.world).evidence(said(statement, "sql"), self.file.text("database"));
        self.permit(number, statement, event, &evidence)?;
        let (status, becomes) = match self.repair.verb {
            Verb::Applied => ("applied", "applied"),
            Verb::Skip => ("skipped", "skipped: it is left out"),
            Verb::Retry | Verb::AcceptEdit => ("failed", "failed: the next apply runs it again"),
        };
        let mut row = lower::event(self.file, statement, at, self.statements().len(), self.world)
            .with("status", status)
            .with("query_id", said(event, "query_id"))
            .with("reason", self.repair.reason.as_str());
        if status == "failed" {
            row = row.with("error", "a person recorded that it did not do its work");
        }
        let before = match said(event, "status") {
            "started" => "unknown: started, and nothing after it",
            other => other,
        };
        let mut step = self.step(vec![Op::Ledger(row)]);
        step.diff.push(AttrDiff {
            attr: format!("statement {number}"),
            before: before.into(),
            after: becomes.into(),
        });
        step.notes.extend(self.told(number, statement, event, &evidence));
        Ok(step)
    }

    /// Refuses what the evidence is against, and what needs a reason and has none.
    fn permit(
        &self,
        number: usize,
        statement: &Value,
        event: &Value,
        evidence: &Evidence,
    ) -> Result<(), Refused> {
        let Repair { verb, reason, force, .. } = self.repair;
        let needs_reason = |why: &str| {
            Err(Box::new(
                refuse(format!("statement {number}: {why}"))
                    .help("say why you know: --reason \"…\"; it is recorded"),
            ))
        };
        match (verb, evidence) {
            // Where a plan asks, the answer is worth recording.
            (Verb::Retry, _) if said(event, "status") == "failed" && self.finding().is_none() => {
                Err(Box::new(
                    refuse(format!("statement {number} is recorded as failed already"))
                        .help("`charter apply` runs it again; nothing is to be recorded"),
                ))
            }
            (Verb::Retry, _) => Ok(()),
            (Verb::Skip, _) if reason.is_empty() => needs_reason("leaving a statement out needs a reason"),
            (Verb::Skip | Verb::AcceptEdit, _) => Ok(()),
            (Verb::Applied, _) if said(event, "token_sha256") != said(statement, "token_sha256") => {
                Err(Box::new(
                    refuse(format!("statement {number} was edited since it was started"))
                        .detail("What would be recorded as applied is not what was run.")
                        .help(format!("bring it back as it was: git log -p -- {}", self.file.text("path")))
                        .help("or record that it is to run as it is now: --retry"),
                ))
            }
            (Verb::Applied, Evidence::Against(lines)) if !force => Err(Box::new(
                refuse(format!("statement {number} did not do its work, as far as can be seen"))
                    .detail(lines.join("\n"))
                    .help("record that it is to run again: --retry")
                    .help("where you know better: --applied --force --reason \"…\""),
            )),
            (Verb::Applied, Evidence::For(_)) => Ok(()),
            (Verb::Applied, _) if reason.is_empty() => {
                needs_reason("nothing that can be seen proves that it did its work")
            }
            (Verb::Applied, _) => Ok(()),
        }
    }

    /// Says what is known of a statement.
    fn told(&self, number: usize, statement: &Value, event: &Value, evidence: &Evidence) -> Vec<String> {
        let sql: String = said(statement, "sql").split_whitespace().collect::<Vec<_>>().join(" ");
        let sql: String = sql.chars().take(160).collect();
        let error = said(event, "error");
        let ended = if error.is_empty() { String::new() } else { format!(", which failed: {error}") };
        let mut notes = vec![
            format!("statement {number}: {sql}"),
            format!("last event {} with query id {}{ended}", said(event, "at"), said(event, "query_id")),
        ];
        notes.extend(
            self.finding()
                .into_iter()
                .flat_map(|finding| finding.help)
                .filter(|line| line.starts_with("evidence: ")),
        );
        match evidence {
            Evidence::For(lines) | Evidence::Against(lines) => {
                notes.extend(lines.iter().map(|line| format!("evidence: {line}")));
            }
            Evidence::None => {
                notes.push("evidence: names of objects do not tell whether it did its work".to_owned())
            }
        }
        let silent = said(statement, "replay") == "Silent";
        if self.repair.verb == Verb::Retry && silent {
            notes.push("if it did its work after all, running it again does that work twice".to_owned());
        }
        notes
    }

    /// Returns what a plan has to say of the file: it has the evidence.
    fn finding(&self) -> Option<Finding> {
        let change = crate::kinds::Change {
            action: Action::Update,
            addr: &self.file.addr,
            identity: &self.file.identity,
            wanted: Some(self.file),
            live: Some(self.live),
            diff: &[],
            entry: None,
        };
        lower::lower(&change, self.world).findings.into_iter().next()
    }

    /// Returns the step that records that the file, as it is, counts as what was applied.
    fn accept(&self) -> Result<Step, Refused> {
        if self.repair.reason.is_empty() {
            let diagnostic = refuse("accepting an edit needs a reason");
            return Err(Box::new(
                diagnostic
                    .help("say why the file may differ from what was run: --reason \"…\"; it is recorded"),
            ));
        }
        let reason = self.repair.reason.as_str();
        let checksum = self.live.get("checksum").and_then(Value::as_str).unwrap_or_default();
        if ledger::is_done(self.live) {
            if checksum == self.file.text("checksum") {
                return Err(self.unedited());
            }
            let status = self.live.get("status").and_then(Value::as_str).unwrap_or_default();
            let row = lower::file_row(self.file, self.live, self.world, status);
            let row = lower::beside(row, "reason", reason, self.world);
            let mut step = self.step(vec![Op::Ledger(row)]);
            step.diff.push(AttrDiff {
                attr: "checksum".to_owned(),
                before: checksum.into(),
                after: self.file.text("checksum").into(),
            });
            return Ok(step);
        }
        let (mut ops, mut diff) = (Vec::new(), Vec::new());
        let done = self
            .events()
            .filter(|(_, event)| matches!(said(event, "status"), "applied" | "skipped" | "baselined"));
        for (at, event) in done {
            let Some(statement) = self.statements().get(at) else { continue };
            let (before, after) = (said(event, "token_sha256"), said(statement, "token_sha256"));
            if before != after {
                let row = lower::event(self.file, statement, at, self.statements().len(), self.world)
                    .with("status", said(event, "status"))
                    .with("query_id", said(event, "query_id"))
                    .with("reason", reason);
                ops.push(Op::Ledger(row));
                diff.push(AttrDiff {
                    attr: format!("statement {}", at + 1),
                    before: before.into(),
                    after: after.into(),
                });
            }
        }
        if ops.is_empty() {
            return Err(self.unedited());
        }
        Ok(Step { diff, ..self.step(ops) })
    }

    fn unedited(&self) -> Refused {
        Box::new(refuse(format!("{} is not edited: nothing is to be accepted", self.file.text("file"))))
    }

    fn step(&self, ops: Vec<Op>) -> Step {
        let mut step = step(self.file, self.live, ops);
        if !self.repair.reason.is_empty() {
            step.notes.push(format!("reason: {}", self.repair.reason));
        }
        step
    }
}

/// Returns a step that records something of a file.
pub fn step(file: &Resource, live: &Attrs, ops: Vec<Op>) -> Step {
    Step {
        id: 0,
        after: Vec::new(),
        addr: file.addr.clone(),
        kind: KIND.to_owned(),
        identity: file.identity.clone(),
        tenant: file.tenant.clone(),
        action: Action::Update,
        before: Some(live.clone()),
        desired: None,
        diff: Vec::new(),
        ops,
        notes: Vec::new(),
        costs: Vec::new(),
        expects: Digest::of_json(&attrs_json(live)),
        cause: crate::model::Cause::default(),
    }
}
