//! What stands between a plan and its execution: approval, and whether the plan still fits the
//! servers. Pure: whoever calls asks the person and observes again.

use std::collections::BTreeMap;

use crate::model::plan::{Action, Plan, Step};
use crate::model::rollout::Rollout;
use crate::model::{Addr, Digest};

/// Whether a plan may be executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Without a question.
    Go,
    /// If a person answers this with `yes`.
    Ask {
        /// What to ask.
        prompt: String,
    },
    /// Not: nobody can be asked.
    Refuse(String),
}

/// Returns whether a plan may be executed. `terminal` says whether a person is at standard input.
pub fn approve(plan: &Plan, auto_approve: bool, terminal: bool) -> Approval {
    if plan.steps.is_empty() || auto_approve {
        return Approval::Go;
    }
    if !terminal {
        return Approval::Refuse(
            "the plan needs approval and standard input is no terminal: pass \
             --auto-approve where the plan was reviewed"
                .into(),
        );
    }
    let prompt = format!(
        "Do you want to perform these actions?\n  They change environment {} as scope {}, on ClickHouse {}.\n  Only 'yes' will be accepted to approve.\n\n  Enter a value: ",
        plan.environment, plan.scope, plan.servers.clickhouse_version,
    );
    Approval::Ask { prompt }
}

/// Returns whether an answer approves: `yes` and nothing else.
pub fn is_yes(answer: &str) -> bool {
    answer.trim() == "yes"
}

/// Compares a plan with one that was made again just now.
///
/// # Errors
/// A line for each thing that moved since: the plan must not be executed then.
pub fn still_fits(planned: &Plan, again: &Plan) -> Result<(), Vec<String>> {
    let mut moved = foundations(planned, again);
    let (old, new) = (by_key(planned), by_key(again));
    for (key, step) in &old {
        match new.get(key) {
            None => moved.push(format!(
                "{}: no longer needs what the plan does ({})",
                step.addr,
                super::events::verb(step.action).word
            )),
            Some(other) => moved.extend(difference((planned, step), (again, other))),
        }
    }
    let unplanned = new.iter().filter(|(key, _)| !old.contains_key(*key));
    moved.extend(unplanned.map(|(_, step)| {
        format!(
            "{}: needs a change that the plan does not have ({})",
            step.addr,
            super::events::verb(step.action).word
        )
    }));
    if groups(planned) != groups(again) {
        moved.push("the roll-out: tenants are in other groups than in the plan".to_owned());
    }
    let sources = planned.slots.iter();
    let elsewhere = sources.filter(|(slot, source)| again.slots.get(slot) != Some(source));
    moved.extend(
        elsewhere
            .filter(|(slot, _)| again.slots.contains_key(slot))
            .map(|(slot, _)| format!("{}: its password comes from elsewhere than in the plan", slot.user)),
    );
    if moved.is_empty() { Ok(()) } else { Err(moved) }
}

fn foundations(planned: &Plan, again: &Plan) -> Vec<String> {
    let pairs = [
        ("the scope", &planned.scope, &again.scope),
        ("the environment", &planned.environment, &again.environment),
        ("the ClickHouse server", &planned.servers.clickhouse, &again.servers.clickhouse),
        ("the ClickHouse version", &planned.servers.clickhouse_version, &again.servers.clickhouse_version),
        ("the Kubernetes cluster", &planned.servers.kubernetes, &again.servers.kubernetes),
    ];
    let differing = pairs.into_iter().filter(|(_, old, new)| old != new);
    differing
        .map(|(what, old, new)| format!("{what}: the plan was made for {old:?}, this is {new:?}"))
        .collect()
}

/// The steps by resource and what happens to it: a replacement has two at one address.
type Key<'a> = (&'a Addr, &'static str);

fn by_key(plan: &Plan) -> BTreeMap<Key<'_>, &Step> {
    let key = |step| -> (Key<'_>, &Step) {
        let step: &Step = step;
        ((&step.addr, super::events::verb(step.action).word), step)
    };
    plan.steps.iter().map(key).collect()
}

/// Says what moved of one step, if anything did.
fn difference(planned: (&Plan, &Step), again: (&Plan, &Step)) -> Option<String> {
    let (addr, old, new) = (&planned.1.addr, planned.1, again.1);
    if old.expects != new.expects {
        Some(format!("{addr}: changed on the server since the plan was made"))
    } else if ops_digest(old) != ops_digest(new) || old.action != new.action {
        Some(format!("{addr}: needs other operations than the plan has"))
    } else if predecessors(planned) != predecessors(again) {
        Some(format!("{addr}: comes after other steps than in the plan"))
    } else {
        None
    }
}

/// Returns the tenants of each group, and how many may fail.
fn groups(plan: &Plan) -> Option<(Vec<Vec<&str>>, Option<usize>)> {
    let Rollout { groups, max_failures } = plan.rollout.as_ref()?;
    let tenants = groups.iter().map(|group| group.tenants.iter().map(|member| &*member.tenant).collect());
    Some((tenants.collect(), *max_failures))
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
    use super::*;
    use crate::apply::tests::fake::{plan, step};
    use crate::model::op::Sql;

    fn two_steps() -> Plan {
        plan(vec![
            step(0, "a").op(Sql::new("CREATE ROLE a")).build(),
            step(1, "b").after(&[0]).op(Sql::new("CREATE ROLE b")).build(),
        ])
    }

    #[test]
    fn only_a_person_or_the_flag_approves() {
        let plan = two_steps();
        assert_eq!(approve(&plan, true, false), Approval::Go);
        assert!(matches!(approve(&plan, false, false), Approval::Refuse(_)));
        assert!(matches!(approve(&plan, false, true), Approval::Ask { .. }));
        assert_eq!(approve(&Plan::default(), false, false), Approval::Go);
        assert!(is_yes("yes\n"));
        for answer in ["y", "YES", "", "yes please", "no"] {
            assert!(!is_yes(answer), "{answer}");
        }
    }

    #[test]
    fn an_equal_plan_fits() {
        assert_eq!(still_fits(&two_steps(), &two_steps()), Ok(()));
    }

    #[test]
    fn each_thing_that_moved_is_named() {
        let planned = two_steps();
        let mut again = two_steps();
        again.servers.clickhouse = "another".into();
        again.steps[0].expects = Digest::of_bytes(b"moved");
        again.steps[1].ops = vec![Sql::new("CREATE ROLE other").into()];
        again.steps.push(step(2, "c").build());
        let moved = still_fits(&planned, &again).unwrap_err();
        assert_eq!(
            moved,
            [
                "the ClickHouse server: the plan was made for \"server\", this is \"another\"",
                "role.a: changed on the server since the plan was made",
                "role.b: needs other operations than the plan has",
                "role.c: needs a change that the plan does not have (create)",
            ]
        );
    }

    #[test]
    fn what_was_done_meanwhile_is_named() {
        let planned = two_steps();
        let mut again = two_steps();
        again.steps.remove(0);
        again.steps[0].id = 0;
        again.steps[0].after.clear();
        let moved = still_fits(&planned, &again).unwrap_err();
        assert_eq!(
            moved,
            [
                "role.a: no longer needs what the plan does (create)",
                "role.b: comes after other steps than in the plan",
            ]
        );
    }
}
