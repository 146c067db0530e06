//! What a plan of the written blocks would change: nothing, or it is told.

use crate::import::Written;
use crate::model::op::{Op, Probe};
use crate::model::snapshot::{LoginVerdict, Snapshot};
use crate::model::{Action, Addr, Plan, Severity, Step};

/// Something that a plan would do to what is only to be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is about.
    pub addr: Addr,
    /// What would happen.
    pub what: String,
    /// More of it, a line each.
    pub details: Vec<String>,
}

/// How a plan of what was written comes out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// How many objects are adopted as they are.
    pub adopted: usize,
    /// How many migrations are recorded and not run.
    pub recorded: usize,
    /// What would change.
    pub problems: Vec<Problem>,
}

/// Judges the plan of a configuration with what was written.
pub fn judge(written: &Written, plan: &Plan, logins: &[(Addr, LoginVerdict)]) -> Proof {
    let addrs = written.addrs();
    let ours = |addr: &Addr| addrs.iter().any(|block| addr.is_within(block));
    let mut proof = Proof::default();
    for step in plan.steps.iter().filter(|step| ours(&step.addr)) {
        match problem(step, logins) {
            Some(problem) => proof.problems.push(problem),
            None if matches!(step.action, Action::Execute { .. }) => proof.recorded += 1,
            None => proof.adopted += 1,
        }
    }
    let told = plan.findings.iter().filter(|finding| finding.severity <= Severity::Drift);
    for finding in told {
        let Some(addr) = finding.addr.as_ref().filter(|addr| ours(addr)) else { continue };
        proof.problems.push(Problem {
            addr: addr.clone(),
            what: format!("{}: {}", finding.code, finding.summary),
            details: [("expected", &finding.expected), ("found", &finding.found)]
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(word, text)| format!("{word}: {text}"))
                .collect(),
        });
    }
    proof
}

/// Returns the logins that the snapshot of a plan proved.
pub fn logins(snapshot: &Snapshot) -> Vec<(Addr, LoginVerdict)> {
    snapshot.logins.iter().map(|(addr, verdict)| (addr.clone(), verdict.clone())).collect()
}

fn problem(step: &Step, logins: &[(Addr, LoginVerdict)]) -> Option<Problem> {
    let sent: Vec<&Op> = step.ops.iter().filter(|op| !is_nothing(op, &step.addr, logins)).collect();
    let what = match step.action {
        _ if sent.is_empty() && matches!(step.action, Action::Adopt | Action::Execute { .. }) => return None,
        Action::Execute { .. } => "would be run".to_owned(),
        Action::Create => "would be created".to_owned(),
        Action::Delete | Action::Forget => "would be removed".to_owned(),
        Action::Update | Action::Adopt => "would be changed".to_owned(),
    };
    let diff = step.diff.iter();
    let details =
        diff.map(|diff| format!("{}: {} -> {}", diff.attr, diff.before.to_json(), diff.after.to_json()));
    Some(Problem {
        addr: step.addr.clone(),
        what,
        details: details.chain(step.notes.iter().cloned()).collect(),
    })
}

/// Returns whether an operation changes nothing outside of charter's own tables: it records, or it is
/// not run because the password that it would set logs in.
fn is_nothing(op: &Op, addr: &Addr, logins: &[(Addr, LoginVerdict)]) -> bool {
    match op {
        Op::Ledger(_) => true,
        Op::Sql(sql) => {
            let guarded = matches!(sql.unless, Some(Probe::Login { .. }));
            guarded && logins.iter().any(|(user, verdict)| user == addr && *verdict == LoginVerdict::Works)
        }
        Op::KubeApply(_) | Op::KubeDelete(_) | Op::Await(_) | Op::AwaitMutations(_) => false,
    }
}
