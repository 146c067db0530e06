//! The scheduler: a step starts as soon as all that it comes after is done, the lowest number
//! first, and at most so many at once. What fails stops what comes after it and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::audit::{self, Audit};
use super::events::Event;
use super::ledger::{Ledger, Runs};
use super::ops::{At, Cx, Log, Trouble};
use super::report::{Because, Done, NotStarted, Problem, Report};
use super::rollout::Rollout;
use super::slots::Slots;
use super::{Options, Run, Stop};
use crate::backend::Servers;
use crate::model::plan::{Plan, Step};

/// Executes a plan, and nothing else.
///
/// Returns when every step is done, failed or not started, or at once when `stop` says so. The
/// audit is written beside; that it could not be is a warning of the report. Dropping the future
/// stops at once, without a report.
pub async fn apply<S: Servers>(
    servers: Arc<S>,
    plan: Arc<Plan>,
    run: &Run,
    options: &Options,
    events: UnboundedSender<Event>,
    stop: Stop,
) -> Report {
    let (audit, writer) = audit::start(Arc::clone(&servers), &plan, run);
    let slots = Slots::new(&plan.slots);
    let ledger = Ledger::new(Arc::clone(&servers), &run.id);
    let cx = Cx { servers: servers.as_ref(), slots: &slots, ledger: &ledger, run, options, events: &events };
    let scheduler = Scheduler::new(&cx, &plan, audit, stop);
    let (mut report, unwritten) = join(scheduler.run(), writer.write()).await;
    if let Some(message) = unwritten {
        report.warnings.push(message.clone());
        cx.send(Event::Warning { message });
    }
    cx.send(Event::RunFinished {
        done: report.counts(),
        failed: report.failed.len(),
        unknown: report.unknown.len(),
        not_started: report.not_started.len(),
        elapsed: report.duration,
    });
    report
}

/// A step under way.
struct Running {
    log: Arc<Log>,
    begun: Instant,
}

struct Scheduler<'a, S> {
    cx: &'a Cx<'a, S>,
    audit: Audit,
    stop: Stop,
    begun: Instant,
    steps: BTreeMap<usize, &'a Step>,
    /// For each step that may still start: the steps that it waits for.
    waiting: BTreeMap<usize, BTreeSet<usize>>,
    /// Of those, the ones that wait for nothing.
    ready: BTreeSet<usize>,
    /// For each step: the steps that come right after it.
    unlocks: BTreeMap<usize, Vec<usize>>,
    running: BTreeMap<usize, Running>,
    rollout: Rollout<'a>,
    not_started: BTreeMap<usize, NotStarted>,
    report: Report,
}

impl<'a, S: Servers> Scheduler<'a, S> {
    fn new(cx: &'a Cx<'a, S>, plan: &'a Plan, audit: Audit, stop: Stop) -> Self {
        cx.send(Event::RunStarted {
            run: cx.run.id.clone(),
            started: cx.run.started,
            steps: plan.steps.len(),
            plan: plan.digest(),
        });
        let steps: BTreeMap<usize, &Step> = plan.steps.iter().map(|step| (step.id, step)).collect();
        let mut unlocks: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let (mut waiting, mut ready) = (BTreeMap::new(), BTreeSet::new());
        for (id, step) in &steps {
            // What is not in the plan needs nothing done.
            let known = step.after.iter().filter(|other| steps.contains_key(other));
            let open: BTreeSet<usize> = known.copied().collect();
            for other in &open {
                unlocks.entry(*other).or_default().push(*id);
            }
            if open.is_empty() {
                ready.insert(*id);
            }
            waiting.insert(*id, open);
        }
        Self {
            cx,
            audit,
            stop,
            begun: Instant::now(),
            steps,
            waiting,
            ready,
            unlocks,
            running: BTreeMap::new(),
            rollout: Rollout::new(plan.rollout.as_ref()),
            not_started: BTreeMap::new(),
            report: Report::new(&cx.run.id),
        }
    }

    /// Runs the steps. The audit ends with it.
    async fn run(mut self) -> Report {
        let (mut finish, mut now) = (self.stop.clone(), self.stop.clone());
        let mut announced = false;
        let mut under_way = FuturesUnordered::new();
        loop {
            while !self.stop.requested()
                && under_way.len() < self.cx.options.parallelism.max(1)
                && let Some(step) = self.next_ready()
            {
                let log = self.begin(step);
                under_way.push(one(self.cx, step, log, self.cx.ledger.runs()));
            }
            if under_way.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                () = now.wait_now() => break,
                () = finish.wait(), if !announced => {
                    announced = true;
                    self.cx.send(Event::Stopping { running: under_way.len() });
                }
                Some((step, result)) = under_way.next() => self.ended(step, result),
            }
        }
        drop(under_way);
        self.abandon();
        self.close()
    }

    /// Takes the lowest step that waits for nothing, and whose group's turn it is.
    fn next_ready(&mut self) -> Option<&'a Step> {
        let id = loop {
            let id = self.ready.pop_first()?;
            if self.rollout.admits(id) {
                break id;
            }
        };
        self.waiting.remove(&id);
        self.steps.get(&id).copied()
    }

    fn begin(&mut self, step: &'a Step) -> Arc<Log> {
        self.cx.send(Event::StepStarted { step: step.into() });
        tracing::info!(addr = %step.addr, step = step.id, "step begins");
        let log = Arc::new(Log::default());
        let running = Running { log: Arc::clone(&log), begun: Instant::now() };
        self.running.insert(step.id, running);
        log
    }

    fn ended(&mut self, step: &'a Step, result: Result<(), Trouble>) {
        let Some(Running { log, begun }) = self.running.remove(&step.id) else {
            return;
        };
        let elapsed = begun.elapsed();
        self.report.changed |= log.state().changed;
        let subject = step.into();
        match result {
            Ok(()) => {
                self.audit.step(step, &log, "done", "", elapsed);
                self.cx.send(Event::StepDone { step: subject, elapsed });
                self.report.done.push(Done { addr: step.addr.clone(), action: step.action });
                self.unlock(step.id);
                self.turn(step.id, true);
            }
            Err(trouble) => {
                let outcome = if trouble.unknown { "unknown" } else { "failed" };
                self.audit.step(step, &log, outcome, &trouble.error, elapsed);
                let (error, query_id) = (trouble.error.clone(), trouble.query_id.clone());
                self.cx.send(if trouble.unknown {
                    Event::StepUnknown { step: subject, elapsed, error, query_id }
                } else {
                    Event::StepFailed { step: subject, elapsed, error, query_id }
                });
                self.report_trouble(step, trouble);
                self.skip_after(step);
                self.turn(step.id, false);
            }
        }
    }

    fn report_trouble(&mut self, step: &Step, trouble: Trouble) {
        let Trouble { unknown, error, query_id, help, decide, statement } = trouble;
        let (addr, action) = (step.addr.clone(), step.action);
        let problem = Problem { addr, action, error, query_id, help, decide, statement };
        if unknown {
            self.report.unknown.push(problem);
        } else {
            self.report.failed.push(problem);
        }
    }

    fn unlock(&mut self, id: usize) {
        for next in self.unlocks.get(&id).into_iter().flatten() {
            if let Some(open) = self.waiting.get_mut(next) {
                open.remove(&id);
                if open.is_empty() {
                    self.ready.insert(*next);
                }
            }
        }
    }

    /// Gives up everything that comes after a step, directly or not.
    fn skip_after(&mut self, step: &Step) {
        let mut open = vec![step.id];
        let mut found = BTreeSet::new();
        while let Some(id) = open.pop() {
            for next in self.unlocks.get(&id).into_iter().flatten() {
                if found.insert(*next) {
                    open.push(*next);
                }
            }
        }
        for id in found {
            if self.skip(id, Because::After(step.addr.clone())) {
                self.turn(id, false);
            }
        }
    }

    /// Begins and gives up what follows in the roll-out from the end of a step.
    fn turn(&mut self, id: usize, done: bool) {
        if self.stop.requested() {
            return;
        }
        let turn = self.rollout.ended(id, done);
        self.ready.extend(turn.begin.into_iter().filter(|id| self.waiting.contains_key(id)));
        let mut skipped = Vec::new();
        for (id, because) in turn.skip {
            if self.skip(id, because) {
                skipped.extend(self.steps.get(&id).copied());
            }
        }
        for step in skipped {
            self.skip_after(step);
        }
    }

    /// Gives up a step; returns whether it had not begun, or been given up, before.
    fn skip(&mut self, id: usize, because: Because) -> bool {
        let (Some(_), Some(step)) = (self.waiting.remove(&id), self.steps.get(&id)) else {
            return false;
        };
        self.ready.remove(&id);
        self.cx.send(Event::StepSkipped { step: (*step).into(), because: because.to_string() });
        let not_started = NotStarted { addr: step.addr.clone(), action: step.action, because };
        self.not_started.insert(id, not_started);
        true
    }

    /// Says of the steps that were dropped that nobody knows.
    fn abandon(&mut self) {
        let dropped: Vec<usize> = self.running.keys().copied().collect();
        for id in dropped {
            let (Some(running), Some(step)) = (self.running.get(&id), self.steps.get(&id)) else {
                continue;
            };
            let mut state = running.log.state();
            state.changed = true;
            let in_flight = state.in_flight.take();
            drop(state);
            let decide = in_flight.as_ref().is_some_and(|(_, journal)| *journal);
            let trouble = Trouble {
                query_id: in_flight.map(|(query_id, _)| query_id),
                decide,
                ..Trouble::unknown("the run was stopped while it ran")
            };
            self.ended(step, Err(trouble.help("`charter plan` shows how things are")));
        }
    }

    /// Ends the report. What still waits was not started because of the stop.
    fn close(mut self) -> Report {
        self.report.stopped = self.stop.requested();
        let left: Vec<usize> = self.waiting.keys().copied().collect();
        for id in left {
            let because = if self.report.stopped { Because::Stopped } else { Because::Cycle };
            self.skip(id, because);
        }
        self.report.not_started = std::mem::take(&mut self.not_started).into_values().collect();
        self.report.duration = self.begun.elapsed();
        self.audit.finished(&self.report);
        self.report
    }
}

/// Runs one step.
async fn one<'a, S: Servers>(
    cx: &'a Cx<'a, S>,
    step: &'a Step,
    log: Arc<Log>,
    _runs: Runs<'a, S>,
) -> (&'a Step, Result<(), Trouble>) {
    let at = At { cx, step, log: &log };
    (step, at.run().await)
}
