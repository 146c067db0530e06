//! Building the plan: a step for each resource that is not as declared and recorded, and for each
//! recorded object that nothing declares. A plan with errors still lists its steps; apply refuses.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::claims::{Claims, theirs};
use super::moves::Moved;
use super::registry::{Recorder, tenant};
use super::removal::{self, Kept, Outcome};
use super::survey::{Leftover, Standing, Subject, Survey};
use super::{Request, access, cause, check, diff, gates, imports, lint, order, registry, rollout};
use crate::kinds::{Change, Effects, Lowered, Renewal, Undeclared};
use crate::lint::judge::judge;
use crate::model::gate::Gated;
use crate::model::lint::{Policy, Verdict};
use crate::model::op::{Slot, SlotSource};
use crate::model::plan::{Retained, Servers};
use crate::model::registry::{Entry, KEPT, Status};
use crate::model::resource::Removal;
use crate::model::settings::{KubernetesTarget, Settings};
use crate::model::{Action, Addr, AttrDiff, Attrs, Finding, Op, Plan, Severity, Snapshot, Step};

/// Plans how the servers become what is declared.
pub fn build(request: &Request) -> Plan {
    let strays = removal::strays(request);
    let claims = Claims::of(request);
    let request = &claims.request(request);
    let moved = Moved::of(request);
    let survey = Survey::of(&moved.request(request), &moved);
    let mut draft = Draft::new(&survey);
    draft.findings.extend(moved.findings());
    let (subjects, findings) = survey.subjects();
    draft.findings.extend(findings);
    let for_a_plan = |finding: &Finding| is_for_a_plan(finding, &request.settings.lint);
    draft.findings.extend(survey.of_kinds().into_iter().filter(for_a_plan));
    let imports = imports::findings(&subjects, request.desired, request.snapshot);
    draft.findings.extend(imports.into_iter().filter(for_a_plan));
    for subject in &subjects {
        draft.subject(subject);
    }
    let (leftovers, findings) = survey.leftovers();
    draft.findings.extend(findings);
    draft.findings.extend(strays);
    let leaving = removal::leaving(&leftovers, &survey);
    for leftover in &leftovers {
        draft.leftover(leftover, &leaving);
    }
    for void in claims.undeclared(request) {
        draft.forget(&void.entry, None, void.live.as_ref(), void.note());
    }
    for block in request.desired.removals.iter().filter(|block| survey.takes(&block.from)) {
        draft.end(block);
    }
    draft.finish()
}

/// Plans one declared resource alone. What it needs is taken as it is.
pub fn one(request: &Request, addr: &Addr) -> Plan {
    let moved = Moved::default();
    let survey = Survey::of(request, &moved);
    let mut draft = Draft::new(&survey);
    let (subjects, findings) = survey.subjects();
    draft.findings.extend(findings.into_iter().filter(|finding| finding.addr.as_ref() == Some(addr)));
    for subject in subjects.iter().filter(|subject| subject.declared.addr == *addr) {
        draft.subject(subject);
    }
    draft.finish()
}

/// Plans the removal of one recorded object that nothing declares, whatever its kind says of its
/// end; an empty plan where there is no such record.
pub fn removal_of(request: &Request, kind: &str, identity: &str) -> Plan {
    let moved = Moved::default();
    let survey = Survey::of(request, &moved);
    let mut draft = Draft::new(&survey);
    let (leftovers, _) = survey.leftovers();
    for leftover in leftovers {
        if leftover.kind.name() == kind && leftover.entry.identity == identity {
            draft.leftover(&Leftover { fate: Undeclared::Leftover, ..leftover }, &BTreeMap::new());
        }
    }
    draft.finish()
}

/// A plan in the making.
struct Draft<'a> {
    survey: &'a Survey<'a>,
    steps: Vec<Step>,
    findings: Vec<Finding>,
    kept: Vec<Kept<'a>>,
    gated: Vec<Gated>,
    slots: BTreeMap<Slot, SlotSource>,
    unchanged: usize,
}

impl<'a> Draft<'a> {
    fn new(survey: &'a Survey<'a>) -> Self {
        Self {
            survey,
            steps: Vec::new(),
            findings: Vec::new(),
            kept: Vec::new(),
            gated: Vec::new(),
            slots: BTreeMap::new(),
            unchanged: 0,
        }
    }

    fn subject(&mut self, subject: &Subject) {
        let world = &self.survey.world;
        let findings = subject.kind.findings(subject.declared, subject.live, world);
        let policy = &self.survey.request.settings.lint;
        self.findings.extend(findings.into_iter().filter(|finding| is_for_a_plan(finding, policy)));
        match (&subject.standing, subject.action()) {
            (Standing::Refused(finding), _) => self.findings.push(finding.clone()),
            (Standing::Misrecorded(recorded), _) => self.record(subject, recorded),
            (_, Some(action)) => self.change(subject, action),
            (_, None) => self.unchanged += 1,
        }
    }

    /// Lowers a change and adds its step; none where the kind only found something.
    fn change(&mut self, subject: &Subject, action: Action) {
        let mut lowered = self.survey.lower(subject, action);
        let has_step = self.take_findings(&mut lowered, subject.kind.registered());
        if !has_step {
            if lowered.ops.is_empty() && lowered.findings.is_empty() {
                self.findings.extend(check::drift(subject, None));
            }
            return;
        }
        let mut step = Self::step(subject, lowered.action.unwrap_or(action));
        step.notes = notes(subject, action);
        step.notes.extend(imports::note(subject, action, self.survey.request.desired));
        step.notes.append(&mut lowered.notes);
        step.costs.append(&mut lowered.costs);
        step.diff.clone_from(&subject.compared.diff);
        step.ops = subject.renamed.map(|rename| rename.ops.clone()).unwrap_or_default();
        step.ops.append(&mut lowered.ops);
        if subject.kind.registered() {
            let entry = subject.entry.filter(|_| action == Action::Update);
            step.diff
                .extend(entry.into_iter().flat_map(|entry| registry::misrecorded(entry, subject.declared)));
            let (recorder, spec) = self.recorder(subject, action);
            if action == Action::Create {
                step.ops.insert(0, recorder.claimed(&spec));
            }
            if lowered.begins {
                step.ops.insert(0, recorder.begun(&spec));
            }
            let applied = recorder.applied(&spec, lowered.fingerprint.as_ref(), lowered.renewal);
            step.ops.push(applied);
            step.ops.extend(subject.renamed.map(|rename| self.removed(&rename.entry)));
            self.findings.extend(registry::unprotected(&step));
        }
        self.take_slots(lowered.slots);
        self.steps.push(step);
    }

    /// Adds a step that only brings the record up to date.
    fn record(&mut self, subject: &Subject, recorded: &[AttrDiff]) {
        let mut step = Self::step(subject, Action::Update);
        step.notes = notes(subject, Action::Update);
        if step.notes.is_empty() {
            step.notes.push("only the record changes".into());
        }
        step.diff = recorded.to_vec();
        let (recorder, spec) = self.recorder(subject, Action::Update);
        step.ops = vec![recorder.applied(&spec, None, Renewal::Carried)];
        step.ops.extend(subject.renamed.map(|rename| self.removed(&rename.entry)));
        self.findings.extend(registry::unprotected(&step));
        self.steps.push(step);
    }

    fn leftover(&mut self, leftover: &Leftover<'a>, leaving: &BTreeMap<Addr, Vec<&Leftover>>) {
        match removal::outcome(leftover, self.survey) {
            Outcome::Left => {}
            Outcome::Gone => self.gone(leftover),
            Outcome::Forgotten(block) => {
                let note = "it stays as it is, and is no longer charter's".to_owned();
                self.forget(leftover.entry, Some(block), leftover.live, note);
            }
            Outcome::Theirs(owner) => self.forget(leftover.entry, None, leftover.live, theirs(owner)),
            Outcome::Kept(why) => self.kept.push(Kept::new(leftover, why)),
            Outcome::Removed(block) => self.remove(leftover, block, leaving),
        }
    }

    /// Adds a step that removes an object.
    fn remove(
        &mut self,
        leftover: &Leftover,
        block: Option<&Removal>,
        leaving: &BTreeMap<Addr, Vec<&Leftover>>,
    ) {
        let change = Change {
            action: Action::Delete,
            addr: &leftover.entry.addr,
            identity: &leftover.entry.identity,
            wanted: None,
            live: leftover.live,
            diff: &[],
            entry: Some(leftover.entry),
        };
        let world = &self.survey.world;
        let mut lowered = leftover.kind.lower(&change, world);
        if !self.take_findings(&mut lowered, leftover.kind.registered()) {
            return;
        }
        let mut step = removal(leftover.entry, leftover.live, Action::Delete);
        step.notes = lowered.notes;
        step.costs = lowered.costs;
        if leftover.kind.holds_data() {
            let (ops, notes) = removal::locks_out(&leftover.entry.addr, leaving);
            step.ops.extend(ops);
            step.notes.extend(notes);
        }
        step.ops.append(&mut lowered.ops);
        let entry = removal::tombstone(leftover.entry, block);
        if block.is_some() && !step.ops.is_empty() {
            step.ops.insert(0, self.recorder_of(&entry).applied(&entry.spec, None, Renewal::Carried));
        }
        step.ops.extend(leftover.kind.buried(leftover.entry, world));
        step.ops.push(self.removed(&entry));
        if !matches!(leftover.fate, Undeclared::Ended(_)) {
            let stake = leftover.kind.holds_data().then(|| leftover.kind.stake(&step.identity, world));
            let (addr, kind, identity) = (step.addr.clone(), step.kind.clone(), step.identity.clone());
            self.gated.push(Gated { addr, kind, identity, stake });
        }
        self.take_slots(lowered.slots);
        self.steps.push(step);
    }

    /// Adds a step that records that an object is gone.
    fn gone(&mut self, leftover: &Leftover) {
        let mut step = removal(leftover.entry, None, Action::Forget);
        step.notes = vec!["already gone; only the record changes".into()];
        step.ops = leftover.kind.buried(leftover.entry, &self.survey.world);
        let block = self.survey.removals.about(&leftover.entry.addr);
        step.ops.push(self.removed(&removal::tombstone(leftover.entry, block)));
        self.steps.push(step);
    }

    /// Adds a step after which an object that is there is no longer recorded.
    fn forget(&mut self, entry: &Entry, block: Option<&Removal>, live: Option<&Attrs>, note: String) {
        let mut step = removal(entry, live, Action::Forget);
        step.notes = vec![note];
        step.ops = vec![self.removed(&removal::tombstone(entry, block))];
        self.steps.push(step);
    }

    /// Adds a step that ends what a kind with books of its own recorded at the address of a block.
    fn end(&mut self, block: &Removal) {
        let [first, label, ..] = block.from.segments() else { return };
        let Some(kind) = self.survey.request.kinds.get(&first.word) else { return };
        let ops = kind.ended(&block.from, &self.survey.world).unwrap_or_default();
        if ops.is_empty() {
            return;
        }
        self.steps.push(Step {
            id: 0,
            after: Vec::new(),
            addr: block.from.clone(),
            kind: first.word.clone(),
            identity: label.word.clone(),
            tenant: None,
            action: Action::Forget,
            before: Some(Attrs::new()),
            desired: None,
            diff: Vec::new(),
            ops,
            notes: vec!["what was applied stays recorded; declared again, it begins anew".into()],
            costs: Vec::new(),
            cause: crate::model::Cause::default(),
            expects: diff::expects(None, None),
        });
    }

    fn removed(&self, entry: &Entry) -> Op {
        self.recorder_of(entry).removed()
    }

    fn recorder_of<'s>(&'s self, entry: &'s Entry) -> Recorder<'s> {
        Recorder {
            settings: self.survey.request.settings,
            addr: &entry.addr,
            kind: &entry.kind,
            identity: &entry.identity,
            entry: Some(entry),
        }
    }

    fn recorder<'s>(&'s self, subject: &'s Subject, action: Action) -> (Recorder<'s>, Json) {
        let request = &self.survey.request;
        let recorder = Recorder {
            settings: request.settings,
            addr: &subject.declared.addr,
            kind: subject.declared.kind,
            identity: &subject.declared.identity,
            entry: subject.entry,
        };
        let graph = &self.survey.graph;
        let mut spec = registry::spec(subject.declared, request.desired, graph, request.kinds);
        let kept = self.survey.keeps(subject, action);
        if !kept.is_empty() {
            spec[KEPT] = json!(kept);
        }
        (recorder, spec)
    }

    /// Takes what lowering found and returns whether there is a step: something to run, or for what
    /// is recorded nothing that keeps it from being made so.
    fn take_findings(&mut self, lowered: &mut Lowered, registered: bool) -> bool {
        let blocked = lowered.findings.iter().any(|finding| finding.severity <= Severity::Drift);
        self.findings.extend(lowered.findings.iter().cloned());
        !lowered.ops.is_empty() || (registered && !blocked)
    }

    /// Takes the sources of passwords. One that is made anew is so for every step that uses it.
    fn take_slots(&mut self, slots: BTreeMap<Slot, SlotSource>) {
        for (slot, source) in slots {
            let made = matches!(source, SlotSource::Generate { .. });
            if made || !self.slots.contains_key(&slot) {
                self.slots.insert(slot, source);
            }
        }
    }

    fn step(subject: &Subject, action: Action) -> Step {
        Step {
            id: 0,
            after: Vec::new(),
            addr: subject.declared.addr.clone(),
            kind: subject.declared.kind.to_owned(),
            identity: subject.declared.identity.clone(),
            tenant: subject.declared.tenant.clone(),
            action,
            before: subject.live.map(|live| subject.kind.show(live)),
            desired: Some(subject.kind.show(&subject.compared.wanted.attrs)),
            diff: Vec::new(),
            ops: Vec::new(),
            notes: Vec::new(),
            costs: Vec::new(),
            expects: diff::expects(subject.live, subject.entry),
            cause: crate::model::Cause::default(),
        }
    }

    fn finish(mut self) -> Plan {
        let request = &self.survey.request;
        let reviews = request.kinds.iter().flat_map(|kind| kind.review(&self.steps, &self.survey.world));
        self.findings.extend(reviews);
        self.findings.extend(lint::checks(request.desired));
        self.findings.extend(removal::kept(&self.kept, &removal::begun(request), request.desired));
        let mut steps = order::arrange(self.steps, &self.survey.graph, request.registry, request.kinds);
        cause::tell(self.survey, &mut steps);
        let Effects { changes, findings } = access::of(request.kinds, &steps, &self.survey.world);
        self.findings.extend(findings);
        sort(&mut self.findings);
        let allowed = judge(&mut self.findings, &request.settings.lint, request.desired);
        let mut retained: Vec<Retained> = self.kept.into_iter().map(|kept| kept.object).collect();
        retained.sort_by(|a, b| (&a.addr, &a.kind).cmp(&(&b.addr, &b.kind)));
        Plan {
            gates: gates::of(self.gated, self.survey.managed()),
            scope: request.settings.scope.clone(),
            environment: request.settings.environment.clone(),
            servers: servers(request.settings, request.snapshot),
            rollout: rollout::of(request.settings.rollout.as_ref(), &steps),
            steps,
            access: changes,
            findings: self.findings,
            allowed,
            retained,
            slots: self.slots,
            unchanged: self.unchanged,
            checks: request.desired.checks.iter().map(Into::into).collect(),
        }
    }
}

/// Returns whether a plan says it, too: notes are a check's. A plan says what would change, and
/// what stands in the way, or is denied.
fn is_for_a_plan(finding: &Finding, policy: &Policy) -> bool {
    finding.severity < Severity::Note || policy.verdict(finding.code) == Some(Verdict::Deny)
}

/// Returns what a reviewer should know of the record.
fn notes(subject: &Subject, action: Action) -> Vec<String> {
    let note = match (subject.entry.map(|entry| entry.status), action) {
        (Some(Status::Applied), Action::Create) => "was removed outside of charter",
        (Some(Status::Claimed), Action::Create) => "an earlier run was interrupted before creating it",
        (Some(Status::Claimed), _) => "an earlier run was interrupted after creating it",
        _ => return Vec::new(),
    };
    vec![note.to_owned()]
}

fn removal(entry: &Entry, live: Option<&Attrs>, action: Action) -> Step {
    Step {
        id: 0,
        after: Vec::new(),
        addr: entry.addr.clone(),
        kind: entry.kind.clone(),
        identity: entry.identity.clone(),
        tenant: tenant(entry).map(str::to_owned),
        action,
        before: live.cloned(),
        desired: None,
        diff: Vec::new(),
        ops: Vec::new(),
        notes: Vec::new(),
        costs: Vec::new(),
        expects: diff::expects(live, Some(entry)),
        cause: crate::model::Cause::default(),
    }
}

/// Sorts findings by severity, address and code, and drops repetitions.
pub(super) fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| {
        (a.severity, &a.addr, a.code, &a.summary).cmp(&(b.severity, &b.addr, b.code, &b.summary))
    });
    findings.dedup();
}

/// Returns the servers that something was made for.
pub fn servers(settings: &Settings, snapshot: &Snapshot) -> Servers {
    let caps = &snapshot.caps;
    let folder = settings.kubernetes.as_ref().and_then(|kubernetes| match &kubernetes.target {
        KubernetesTarget::Manifests(folder) => Some(format!("manifests:{folder}")),
        KubernetesTarget::Context { .. } | KubernetesTarget::InCluster => None,
    });
    Servers {
        clickhouse_version: caps.version.clone(),
        clickhouse: format!("{}/{}", caps.server_uuid, caps.ops_uuid),
        kubernetes: snapshot.cluster_uid.clone().or(folder).unwrap_or_default(),
    }
}
