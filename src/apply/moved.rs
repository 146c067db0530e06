//! What moved between a plan and one that was made again: each object with what the plan saw of it
//! and what is there now.

use std::collections::BTreeSet;

use crate::diag::escape;
use crate::model::plan::{Action, Plan, Step};
use crate::model::{Addr, Attrs, Digest, Finding, Severity, Value};

/// How many characters of a value are told.
const LONGEST: usize = 160;

/// How many differences of one object are told.
const MOST: usize = 8;

/// Says what moved at an address: of the steps there in a plan, and in the one made again.
pub(super) fn at(
    addr: &Addr,
    (planned, old): (&Plan, &[&Step]),
    (again, new): (&Plan, &[&Step]),
) -> Vec<String> {
    let same = |a: &Step, b: &Step| word(a) == word(b);
    let mut lines = Vec::new();
    for step in old {
        match new.iter().find(|other| same(step, other)) {
            Some(other) => lines.extend(difference((planned, step), (again, other))),
            None => lines.push(match new.iter().find(|other| !old.iter().any(|step| same(step, other))) {
                Some(other) => replaced(step, other),
                None => gone(step, again),
            }),
        }
    }
    // What replaces a step is told with it.
    if lines.is_empty() || old.iter().all(|step| new.iter().any(|other| same(step, other))) {
        let unplanned = new.iter().filter(|step| !old.iter().any(|other| same(step, other)));
        lines.extend(unplanned.map(|step| appeared(step)));
    }
    lines.into_iter().map(|line| format!("{}: {line}", escape::line(&addr.to_string()))).collect()
}

/// Says which problems keep the plan made again from being applied.
pub(super) fn problems(planned: &Plan, again: &Plan) -> Vec<String> {
    let told = |finding: &&Finding| {
        finding.severity <= Severity::Decision && !planned.findings.iter().any(|known| known == *finding)
    };
    again.findings.iter().filter(told).map(problem).collect()
}

fn problem(finding: &Finding) -> String {
    let whom = finding.addr.as_ref().map(|addr| format!("{}: ", escape::line(&addr.to_string())));
    let found = Some(&finding.found).filter(|found| !found.is_empty());
    let found = found.map(|found| format!(" (found: {})", elided(found))).unwrap_or_default();
    format!("{}{} {}{found}", whom.unwrap_or_default(), finding.code, escape::line(&finding.summary))
}

/// Says what moved of a step that both plans have.
fn difference(planned: (&Plan, &Step), again: (&Plan, &Step)) -> Option<String> {
    let (old, new) = (planned.1, again.1);
    if old.expects != new.expects {
        Some(told("changed on the server since the plan was made", between(old, new)))
    } else if ops_digest(old) != ops_digest(new) || old.action != new.action {
        let states = states(&old.before, &new.before);
        let states = if old.before == new.before { Vec::new() } else { states };
        Some(told("needs other operations than the plan has", states))
    } else if predecessors(planned) != predecessors(again) {
        Some("comes after other steps than in the plan".to_owned())
    } else {
        None
    }
}

/// Returns what differs between what two steps found.
fn between(old: &Step, new: &Step) -> Vec<String> {
    if old.before != new.before || old.before.is_none() {
        return states(&old.before, &new.before);
    }
    // Grants are compared by what they come to: what is there shows in what is to be done.
    let attrs = old.diff.iter().chain(&new.diff).map(|diff| &diff.attr).collect::<BTreeSet<_>>();
    let change = |step: &Step, attr: &String| {
        let found = step.diff.iter().filter(|diff| diff.attr == *attr);
        let all: Vec<String> =
            found.map(|diff| format!("{} -> {}", text(&diff.before), text(&diff.after))).collect();
        if all.is_empty() { "no change".to_owned() } else { all.join(", ") }
    };
    let pairs = attrs.into_iter().map(|attr| (attr, change(old, attr), change(new, attr)));
    let differing: Vec<String> = pairs
        .filter(|(_, old, new)| old != new)
        .map(|(attr, old, new)| format!("{}: {old} when planned, {new} now", escape::line(attr)))
        .take(MOST)
        .collect();
    if differing.is_empty() { states(&old.before, &new.before) } else { differing }
}

/// Says that another thing has to be done than was planned.
fn replaced(old: &Step, new: &Step) -> String {
    let what = format!("the plan has to {} it, and now it needs another change ({})", word(old), word(new));
    told(&what, states(&old.before, &new.before))
}

/// Says that nothing has to be done any more, or that it cannot be.
fn gone(step: &Step, again: &Plan) -> String {
    let stopped = again
        .findings
        .iter()
        .find(|finding| finding.severity <= Severity::Drift && finding.addr.as_ref() == Some(&step.addr));
    let what = format!("no longer needs what the plan does ({})", word(step));
    if let Some(finding) = stopped {
        let saw = seen(step.before.as_ref());
        return told(&what, vec![format!("when planned: {saw}"), format!("now: {}", problem(finding))]);
    }
    let states = match step.action {
        Action::Create => vec!["when planned: not there".to_owned(), "now: there, as declared".to_owned()],
        Action::Delete => {
            vec![format!("when planned: {}", seen(step.before.as_ref())), "now: not there".to_owned()]
        }
        Action::Adopt => {
            vec!["when planned: not charter's".to_owned(), "now: recorded as charter's".to_owned()]
        }
        Action::Forget => {
            vec!["when planned: charter's".to_owned(), "now: not recorded as charter's".to_owned()]
        }
        Action::Execute { .. } => vec!["when planned: pending".to_owned(), "now: not pending".to_owned()],
        Action::Update => {
            let lines = step.diff.iter().map(|diff| line(&diff.attr, &diff.before, &diff.after));
            lines.take(MOST).collect()
        }
    };
    told(&what, states)
}

/// Says that something has to be done that was as declared.
fn appeared(step: &Step) -> String {
    let what = format!("needs a change that the plan does not have ({})", word(step));
    let mut states: Vec<String> =
        step.diff.iter().take(MOST).map(|diff| line(&diff.attr, &diff.after, &diff.before)).collect();
    if states.is_empty() {
        let then = match step.action {
            Action::Create | Action::Update => "it was as declared",
            Action::Delete | Action::Adopt | Action::Forget | Action::Execute { .. } => {
                "nothing was to be done"
            }
        };
        states = vec![format!("when planned: {then}"), format!("now: {}", seen(step.before.as_ref()))];
    }
    told(&what, states)
}

fn told(what: &str, states: Vec<String>) -> String {
    states.into_iter().fold(what.to_owned(), |text, state| format!("{text}\n    {state}"))
}

/// Returns what differs between what was there and what is.
fn states(then: &Option<Attrs>, now: &Option<Attrs>) -> Vec<String> {
    let (Some(old), Some(new)) = (then, now) else {
        let same = then.is_none() && now.is_none();
        let (then, now) = (seen(then.as_ref()), seen(now.as_ref()));
        let recorded = "what charter recorded of it is not what it was".to_owned();
        return if same {
            vec![recorded]
        } else {
            vec![format!("when planned: {then}"), format!("now: {now}")]
        };
    };
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    let value = |attrs: &Attrs, name: &String| attrs.get(name).cloned().unwrap_or(Value::Null);
    let pairs = names.map(|name| (name, value(old, name), value(new, name)));
    let differing: Vec<String> =
        pairs.filter(|(_, old, new)| old != new).map(|(name, old, new)| line(name, &old, &new)).collect();
    match differing.len() {
        0 => vec![
            "what differs is not among its attributes: a sensitive value, or charter's own record of it"
                .to_owned(),
        ],
        count if count > MOST + 1 => {
            let more = format!("and {} more", count - MOST);
            differing.into_iter().take(MOST).chain([more]).collect()
        }
        _ => differing,
    }
}

fn line(name: &str, then: &Value, now: &Value) -> String {
    if then.is_sensitive() && now.is_sensitive() {
        return format!("{}: another sensitive value when planned than now", escape::line(name));
    }
    format!("{}: {} when planned, {} now", escape::line(name), text(then), text(now))
}

/// Returns what there is of an object in a line.
fn seen(attrs: Option<&Attrs>) -> String {
    let Some(attrs) = attrs else { return "not there".to_owned() };
    let present = attrs.iter().filter(|(_, value)| !value.is_null());
    let all: Vec<String> =
        present.map(|(name, value)| format!("{} = {}", escape::line(name), text(value))).collect();
    elided(&all.join(", "))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        value => elided(&value.to_json().to_string()),
    }
}

fn elided(text: &str) -> String {
    escape::elide(&escape::line(text), LONGEST).into_owned()
}

fn word(step: &Step) -> &'static str {
    super::events::verb(step.action).word
}

fn ops_digest(step: &Step) -> Digest {
    Digest::of_json(&serde_json::json!(step.ops))
}

/// Returns what a step comes after, by name: numbers move when another step goes away.
fn predecessors((plan, step): (&Plan, &Step)) -> Vec<(Addr, Action)> {
    // A plan's steps stand in the order of their numbers.
    let find = |id| plan.steps.binary_search_by_key(id, |other: &Step| other.id).ok();
    let before = step.after.iter().filter_map(|id| plan.steps.get(find(id)?));
    let mut names: Vec<_> = before.map(|other| (other.addr.clone(), other.action)).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::super::gate::still_fits;
    use super::*;
    use crate::apply::tests::fake::{plan, step};
    use crate::model::{AttrDiff, Category};

    fn attrs(comment: &str) -> Option<Attrs> {
        Some(Attrs::from([("comment".to_owned(), comment.into()), ("engine".to_owned(), "Atomic".into())]))
    }

    fn one(action: Action, before: Option<Attrs>) -> Step {
        let expects = Digest::of_json(&serde_json::json!(before));
        Step { action, before, expects, ..step(0, "a").build() }
    }

    fn update(before: &str, after: &str) -> Step {
        let diff = AttrDiff { attr: "comment".into(), before: before.into(), after: after.into() };
        Step { diff: vec![diff], desired: attrs(after), ..one(Action::Update, attrs(before)) }
    }

    fn moved(old: Vec<Step>, new: Vec<Step>) -> String {
        still_fits(&plan(old), &plan(new)).unwrap_err().join("\n")
    }

    #[test]
    fn both_states_are_told_of_each_object() {
        let all = [
            moved(vec![update("a", "z")], vec![update("b", "z")]),
            moved(vec![update("a", "z")], vec![]),
            moved(vec![update("a", "z")], vec![one(Action::Create, None)]),
            moved(vec![one(Action::Create, None)], vec![]),
            moved(vec![one(Action::Create, None)], vec![update("b", "z")]),
            moved(vec![one(Action::Delete, attrs("a"))], vec![]),
            moved(vec![], vec![update("b", "z")]),
            moved(vec![], vec![one(Action::Create, None)]),
            moved(vec![one(Action::Execute { statements: 1 }, None)], vec![]),
        ];
        insta::assert_snapshot!(all.join("\n"), @r#"
        role.a: changed on the server since the plan was made
            comment: "a" when planned, "b" now
        role.a: no longer needs what the plan does (update)
            comment: "a" when planned, "z" now
        role.a: the plan has to update it, and now it needs another change (create)
            when planned: comment = "a", engine = "Atomic"
            now: not there
        role.a: no longer needs what the plan does (create)
            when planned: not there
            now: there, as declared
        role.a: the plan has to create it, and now it needs another change (update)
            when planned: not there
            now: comment = "b", engine = "Atomic"
        role.a: no longer needs what the plan does (delete)
            when planned: comment = "a", engine = "Atomic"
            now: not there
        role.a: needs a change that the plan does not have (update)
            comment: "z" when planned, "b" now
        role.a: needs a change that the plan does not have (create)
            when planned: it was as declared
            now: not there
        role.a: no longer needs what the plan does (execute)
            when planned: pending
            now: not pending
        "#);
    }

    #[test]
    fn a_problem_that_came_up_is_told() {
        let mut again = plan(vec![]);
        let finding = Finding::new("CH301", Severity::Error, Category::Access, "it cannot be");
        again.findings = vec![finding.compare("", "gone\u{1b}[31m")];
        let told = still_fits(&plan(vec![]), &again).unwrap_err().join("\n");
        assert_eq!(told, "CH301 it cannot be (found: gone\\u{1b}[31m)");
        assert_eq!(still_fits(&again, &again), Ok(()));
    }
}
