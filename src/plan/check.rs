//! Checking: what is not as declared, told as findings. It plans nothing and changes nothing.

use super::build::sort;
use super::cause::witness::{self, Suspect};
use super::cause::{Causes, Object, words};
use super::claims::Claims;
use super::moves::Moved;
use super::removal::{self, Kept, Outcome};
use super::survey::{Leftover, Standing, Subject, Survey};
use super::{Request, diff, imports, lint};
use crate::kinds::Undeclared;
use crate::model::snapshot::Read;
use crate::model::{Action, Category, Cause, Finding, Severity};

/// What to do about what an apply mends.
const MENDED: &str = "charter apply mends this; charter plan shows how";

/// Returns every difference between what is declared and what is there, one finding a resource,
/// and what else the kinds find.
pub fn check(request: &Request) -> Vec<Finding> {
    let strays = removal::strays(request);
    let claims = Claims::of(request);
    let request = &claims.request(request);
    let moved = Moved::of(request);
    let survey = Survey::of(&moved.request(request), &moved);
    let (subjects, mut findings) = survey.subjects();
    findings.extend(moved.findings());
    findings.extend(survey.of_kinds());
    let causes = causes(&survey, &subjects);
    findings.extend(imports::findings(&subjects, request.desired, request.snapshot));
    for subject in &subjects {
        findings.extend(of(subject, &survey, &causes));
    }
    let (leftovers, unknown) = survey.leftovers();
    findings.extend(unknown);
    findings.extend(lint::checks(request.desired));
    findings.extend(undeclared(&leftovers, &survey));
    findings.extend(strays);
    sort(&mut findings);
    findings
}

/// Returns what there is to say of one resource. Where its kind says why an apply would not mend
/// it, that is told, and not that an apply would.
fn of(subject: &Subject, survey: &Survey, causes: &Causes) -> Vec<Finding> {
    let mut findings = subject.kind.findings(subject.declared, subject.live, &survey.world);
    let lowered = subject.action().map(|action| survey.lower(subject, action));
    let obstacles = lowered.map(|lowered| lowered.findings).unwrap_or_default();
    let blocked = obstacles.iter().any(|finding| finding.severity <= Severity::Drift);
    if blocked {
        findings.extend(obstacles);
    } else {
        let told = told(subject, causes);
        findings.extend(
            drift(subject, None)
                .map(|finding| told.into_iter().fold(finding, Finding::help))
                .map(|finding| finding.help(MENDED)),
        );
    }
    findings
}

fn object<'s>(subject: &'s Subject, action: Action) -> Object<'s> {
    Object {
        addr: &subject.declared.addr,
        kind: subject.declared.kind,
        identity: &subject.declared.identity,
        action,
        is_there: subject.live.is_some(),
        diff: &subject.compared.diff,
    }
}

/// Returns what to read to know who moved the server; nothing where it did not move.
pub fn asks(request: &Request) -> Vec<Read> {
    let claims = Claims::of(request);
    let request = &claims.request(request);
    let moved = Moved::of(request);
    let survey = Survey::of(&moved.request(request), &moved);
    let (subjects, _) = survey.subjects();
    let causes = causes(&survey, &subjects);
    let of_subject = |subject: &Subject| {
        let cause = causes.of(&object(subject, subject.action()?));
        cause.moved.by_server().then(|| {
            let names = subject.kind.statement_names(&subject.declared.identity, &cause);
            (names, cause)
        })
    };
    let suspects: Vec<(Vec<String>, Cause)> = subjects.iter().filter_map(of_subject).collect();
    let suspects: Vec<Suspect> =
        suspects.iter().map(|(names, cause)| Suspect { names: names.clone(), cause }).collect();
    witness::asks(&suspects, survey.world.caps())
}

fn causes<'s>(survey: &'s Survey<'s>, subjects: &[Subject]) -> Causes<'s> {
    let differing = subjects.iter().filter(|subject| subject.action().is_some());
    let objects = differing.map(|subject| (subject.declared.kind, subject.declared.identity.as_str()));
    Causes::new(survey, objects)
}

/// Returns who moved a resource, in words, as far as the server moved.
fn told(subject: &Subject, causes: &Causes) -> Vec<String> {
    let Some(action) = subject.action() else { return Vec::new() };
    let cause = causes.of(&object(subject, action));
    if !cause.moved.by_server() {
        return Vec::new();
    }
    words::of(&cause, &subject.compared.diff, action, subject.live.is_some())
}

/// Returns what is not as it should be with a resource; none where all is.
pub(super) fn drift(subject: &Subject, help: Option<&str>) -> Option<Finding> {
    let resource = subject.declared;
    let name = format!("{} {}", resource.kind, resource.identity);
    let category = subject.kind.category();
    let tracked = category == Category::Tracking;
    let finding = match &subject.standing {
        Standing::Settled => return None,
        Standing::Refused(finding) => return Some(finding.clone()),
        Standing::Missing if tracked => {
            lint::MISSING.finding(category, unapplied(subject)).compare("applied", "not applied")
        }
        Standing::Differs if tracked => differing(lint::MISSING, unapplied(subject), subject),
        Standing::Missing => {
            lint::MISSING.finding(category, format!("{name} does not exist")).compare(name, "nothing")
        }
        Standing::Differs => differing(lint::DIFFERS, format!("{name} is not as declared"), subject),
        Standing::Misrecorded(recorded) if recorded.is_empty() => {
            lint::INTERRUPTED.finding(category, format!("{name} was made by a run that was interrupted"))
        }
        Standing::Misrecorded(recorded) => {
            let (expected, found) = diff::sides(recorded);
            let summary = format!("{name} is as declared, its record is not");
            lint::MISRECORDED.finding(category, summary).compare(expected, found)
        }
        Standing::Unclaimed => {
            let summary = format!("{name} is as declared and not yet recorded as charter's");
            lint::UNRECORDED.finding(category, summary)
        }
    };
    let finding = finding.at(&resource.addr);
    Some(match help {
        Some(help) => finding.help(help),
        None => finding,
    })
}

/// What is tracked has no object of a name: its address says what it is.
fn unapplied(subject: &Subject) -> String {
    format!("{} has not been applied", subject.declared.addr)
}

fn differing(code: lint::Code, summary: String, subject: &Subject) -> Finding {
    let (expected, found) = diff::sides(&subject.compared.diff);
    code.finding(subject.kind.category(), summary).compare(expected, found)
}

/// Returns what is recorded, still there and no longer declared.
fn undeclared<'a>(leftovers: &[Leftover<'a>], survey: &Survey<'a>) -> Vec<Finding> {
    let request = &survey.request;
    let mut findings = Vec::new();
    let mut kept = Vec::new();
    for leftover in leftovers {
        match (&leftover.fate, removal::outcome(leftover, survey)) {
            (Undeclared::Ended(finding) | Undeclared::Kept(finding), _) => findings.push(finding.clone()),
            (_, Outcome::Kept(why)) => kept.push(Kept::new(leftover, why)),
            (_, Outcome::Removed(_)) => findings.push(extra(leftover, "charter apply removes it")),
            (_, Outcome::Forgotten(_) | Outcome::Theirs(_)) => {
                findings.push(extra(leftover, "charter apply forgets it and leaves it alone"));
            }
            (_, Outcome::Gone | Outcome::Left) => {}
        }
    }
    findings.extend(removal::kept(&kept, &removal::begun(request), request.desired));
    findings
}

fn extra(leftover: &Leftover, help: &str) -> Finding {
    let name = format!("{} {}", leftover.entry.kind, leftover.entry.identity);
    lint::UNDECLARED
        .finding(leftover.kind.category(), format!("{name} is no longer declared and still there"))
        .at(&leftover.entry.addr)
        .compare("nothing", name)
        .help(format!("{help}; declare it again to keep it"))
}
