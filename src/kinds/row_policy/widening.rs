//! What a plan does to the rows that somebody reads: a policy that shows more, or goes away. What was
//! declared and applied before and was only changed by hand is no news.

use std::collections::BTreeSet;

use super::{NAME, RESTRICTIVE, USING, attrs, condition, identity_of, policies};
use crate::kinds::common::principals::{TO, TO_ALL_EXCEPT};
use crate::kinds::{Effects, World};
use crate::model::access::listed;
use crate::model::finding::{Category, Finding, Severity};
use crate::model::registry::{Entry, Status};
use crate::model::{Action, Attrs, Resource, Step, Value};

/// How many roles and users are named.
const NAMED: usize = 4;

/// Returns what the steps do.
pub fn effects(steps: &[Step], world: &World) -> Effects {
    let findings = steps.iter().filter(|step| step.kind == NAME).filter_map(|step| of(step, world));
    Effects { findings: findings.collect(), ..Effects::default() }
}

fn of(step: &Step, world: &World) -> Option<Finding> {
    let entry = world.registry.mine(NAME, &step.identity).filter(|entry| entry.status == Status::Applied);
    match (step.action, world.desired.resources.get(&step.addr)) {
        (Action::Delete, _) => Some(gone(step)),
        (Action::Create, Some(wanted)) if entry.is_none() => {
            let shows = shows(&wanted.attrs) && is_beside(wanted, world);
            shows.then(|| more(step, "it adds to what others show"))
        }
        (Action::Update, Some(wanted)) => {
            let reasons = reasons(step, wanted, &entry.map(recorded).unwrap_or_default(), world);
            (!reasons.is_empty()).then(|| more(step, &reasons.join("; ")))
        }
        _ => None,
    }
}

fn recorded(entry: &Entry) -> Attrs {
    match entry.spec.get("attrs").map(Value::from_json) {
        Some(Value::Map(attrs)) => attrs,
        _ => Attrs::new(),
    }
}

fn more(step: &Step, why: &str) -> Finding {
    let summary = format!("row policy {} may show rows that it did not show: {why}", step.identity);
    Finding::new("CH160", Severity::Warning, Category::Access, summary).at(&step.addr)
}

fn gone(step: &Step) -> Finding {
    let summary =
        format!("row policy {} goes away: whoever it filters may read the rows that it hides", step.identity);
    Finding::new("CH161", Severity::Warning, Category::Access, summary).at(&step.addr)
}

/// Returns why a change may show more.
fn reasons(step: &Step, wanted: &Resource, recorded: &Attrs, world: &World) -> Vec<String> {
    let before = |attr: &str| step.diff.iter().find(|diff| diff.attr == attr).map(|diff| &diff.before);
    let news = |attr: &str| recorded.get(attr) != wanted.attrs.get(attr);
    let mut reasons = Vec::new();
    let using = recorded.get(USING).and_then(Value::as_str);
    let same = using
        .is_some_and(|using| condition::same(wanted.text(USING), using, world.snapshot.rows(super::READ)));
    let filtered = before(USING).is_some_and(|was| !is_one_of(was, ALL));
    if filtered && !same && shows(&wanted.attrs) {
        reasons.push("its condition changes".to_owned());
    }
    let restrictive = is_restrictive(&wanted.attrs);
    if before(RESTRICTIVE).is_some() && news(RESTRICTIVE) && !restrictive {
        reasons.push("it no longer narrows what others show".to_owned());
    }
    if (before(TO).is_some() || before(TO_ALL_EXCEPT).is_some()) && (news(TO) || news(TO_ALL_EXCEPT)) {
        let was: Attrs = [TO, TO_ALL_EXCEPT]
            .into_iter()
            .filter_map(|attr| Some((attr.to_owned(), before(attr).or(wanted.attrs.get(attr))?.clone())))
            .collect();
        let (was, is) = (Whom::of(&was), Whom::of(&wanted.attrs));
        reasons.extend(was.less(&is).map(|whom| format!("it no longer filters {whom}")));
        let gained = is.less(&was).filter(|_| !restrictive && shows(&wanted.attrs));
        reasons.extend(gained.map(|whom| format!("it is for {whom}, too")));
    }
    reasons
}

/// Returns whether a condition shows any row at all.
fn shows(attrs: &Attrs) -> bool {
    attrs.get(USING).is_none_or(|using| !is_one_of(using, NONE))
}

/// The conditions that show every row, and those that show none.
const ALL: [&str; 2] = ["1", "true"];
const NONE: [&str; 2] = ["0", "false"];

fn is_one_of(using: &Value, conditions: [&str; 2]) -> bool {
    conditions.iter().any(|one| condition::same(using.as_str().unwrap_or_default(), one, &[]))
}

fn is_restrictive(attrs: &Attrs) -> bool {
    attrs.get(RESTRICTIVE).and_then(Value::as_bool).unwrap_or_default()
}

/// Returns whether a new policy adds to a permissive one that is there.
fn is_beside(wanted: &Resource, world: &World) -> bool {
    let text =
        |attrs: &Attrs, attr: &str| attrs.get(attr).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut live = policies(world).filter(|row| identity_of(row) != wanted.identity).map(attrs);
    let (database, table) = (wanted.text("database"), wanted.text("table"));
    let on = |attrs: &Attrs| {
        let other = text(attrs, "table");
        text(attrs, "database") == database && (other.is_empty() || table.is_empty() || other == table)
    };
    !is_restrictive(&wanted.attrs) && live.any(|attrs| on(&attrs) && !is_restrictive(&attrs))
}

/// Whom a policy is for.
enum Whom {
    Some(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

impl Whom {
    fn of(attrs: &Attrs) -> Self {
        let names =
            |value: &Value| value.items().iter().filter_map(Value::as_str).map(str::to_owned).collect();
        match attrs.get(TO_ALL_EXCEPT).filter(|value| !value.is_null()) {
            Some(except) => Self::AllBut(names(except)),
            None => Self::Some(attrs.get(TO).map(names).unwrap_or_default()),
        }
    }

    /// Returns those whom `other` is not for; none where it is for all of these.
    fn less(&self, other: &Self) -> Option<String> {
        let left: Vec<String> = match (self, other) {
            (Self::Some(all), Self::Some(kept)) => all.difference(kept).cloned().collect(),
            (Self::Some(all), Self::AllBut(except)) => all.intersection(except).cloned().collect(),
            (Self::AllBut(_), Self::Some(_)) => vec!["everybody else".to_owned()],
            (Self::AllBut(out), Self::AllBut(except)) => except.difference(out).cloned().collect(),
        };
        (!left.is_empty()).then(|| listed(&left, NAMED))
    }
}
