//! Checking: what is not as declared, told as findings. It plans nothing and changes nothing.

use super::build::{kept, sort};
use super::survey::{Leftover, Standing, Subject, Survey};
use super::{Request, diff, lint, registry};
use crate::model::plan::Retained;
use crate::model::{AttrDiff, Category, Finding, Severity};

/// What to do about what an apply mends.
const MENDED: &str = "charter apply mends this; charter plan shows how";

/// Returns every difference between what is declared and what is there, one finding a resource,
/// and what else the kinds find.
pub fn check(request: &Request) -> Vec<Finding> {
    let survey = Survey::of(request);
    let (subjects, mut findings) = survey.subjects();
    for subject in &subjects {
        let own = subject
            .kind
            .findings(subject.declared, subject.live, &survey.world);
        // What a kind that keeps its own books says of itself is better than what can be said here.
        let told = !subject.kind.registered()
            && own
                .iter()
                .any(|finding| finding.severity <= Severity::Drift);
        findings.extend(own);
        if !told {
            findings.extend(drift(subject, Some(MENDED)));
        }
    }
    findings.extend(survey.of_kinds(&subjects));
    let (leftovers, unknown) = survey.leftovers();
    findings.extend(unknown);
    findings.extend(undeclared(&leftovers));
    sort(&mut findings);
    findings
}

/// Returns what is not as it should be with a resource; none where all is.
pub(super) fn drift(subject: &Subject, help: Option<&str>) -> Option<Finding> {
    let resource = subject.declared;
    let name = format!("{} {}", resource.kind, resource.identity);
    let category = subject.kind.category();
    let finding = match &subject.standing {
        Standing::Settled => return None,
        Standing::Refused(finding) => return Some(finding.clone()),
        Standing::Missing if category == Category::Tracking => lint::MISSING
            .finding(category, format!("{name} has not been applied"))
            .compare("applied", "not applied"),
        Standing::Missing => lint::MISSING
            .finding(category, format!("{name} does not exist"))
            .compare(wanted(subject), "nothing"),
        Standing::Differs => {
            let (expected, found) = diff::sides(&subject.compared.diff);
            lint::DIFFERS
                .finding(category, format!("{name} is not as declared"))
                .compare(expected, found)
        }
        Standing::Misrecorded(recorded) if recorded.is_empty() => lint::INTERRUPTED.finding(
            category,
            format!("{name} was made by a run that was interrupted"),
        ),
        Standing::Misrecorded(recorded) => {
            let (expected, found) = diff::sides(recorded);
            lint::MISRECORDED
                .finding(
                    category,
                    format!("{name} is as declared, its record is not"),
                )
                .compare(expected, found)
        }
        Standing::Unclaimed => lint::UNRECORDED.finding(
            category,
            format!("{name} is as declared and not yet recorded as charter's"),
        ),
    };
    let finding = finding.at(&resource.addr);
    Some(match help {
        Some(help) => finding.help(help),
        None => finding,
    })
}

/// Returns what is declared of a resource, a line an attribute.
fn wanted(subject: &Subject) -> String {
    let attrs = subject.declared.attrs.iter();
    let declared: Vec<AttrDiff> = attrs
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| AttrDiff {
            attr: name.clone(),
            before: crate::model::Value::Null,
            after: value.clone(),
        })
        .collect();
    if declared.is_empty() {
        return "it exists".to_owned();
    }
    diff::sides(&declared).0
}

/// Returns what is recorded, still there and no longer declared.
fn undeclared(leftovers: &[Leftover]) -> Vec<Finding> {
    let there = leftovers.iter().filter(|leftover| leftover.live.is_some());
    let (retained, extra): (Vec<&Leftover>, Vec<&Leftover>) =
        there.partition(|leftover| registry::is_retained(leftover.entry));
    let retained: Vec<Retained> = retained
        .iter()
        .map(|leftover| Retained {
            addr: leftover.entry.addr.clone(),
            kind: leftover.entry.kind.clone(),
            identity: leftover.entry.identity.clone(),
        })
        .collect();
    let extra = extra.iter().map(|leftover| {
        let entry = leftover.entry;
        let name = format!("{} {}", entry.kind, entry.identity);
        lint::UNDECLARED
            .finding(
                leftover.kind.category(),
                format!("{name} is no longer declared and still there"),
            )
            .at(&entry.addr)
            .compare("nothing", name)
            .help("charter apply removes it; declare it again to keep it")
    });
    extra.chain(kept(&retained)).collect()
}
