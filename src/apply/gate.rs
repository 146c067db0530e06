//! What stands between a plan and its execution: approval, and whether the plan still fits the
//! servers. Pure: whoever calls asks the person and observes again.

use std::collections::{BTreeMap, BTreeSet};

use super::moved;
use crate::model::Addr;
use crate::model::plan::{Plan, Step};
use crate::model::rollout::Rollout;

/// The fewest digits of a digest that approve a plan.
const APPROVED: usize = 8;

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

/// Returns whether a digest that somebody approved is that of a plan: its beginning, at least
/// [`APPROVED`] digits of it.
///
/// # Errors
/// What is wrong with it, or which digest the plan has.
pub fn is_approved(plan: &Plan, digest: &str) -> Result<(), String> {
    let given = digest.to_ascii_lowercase();
    if given.len() < APPROVED || !given.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(format!("a digest has at least {APPROVED} hexadecimal digits"));
    }
    let has = plan.digest();
    if has.as_str().starts_with(&given) {
        return Ok(());
    }
    Err(format!("digest {given} was approved, and the plan that there is now has {}", has.short()))
}

/// Compares a plan with one that was made again just now.
///
/// # Errors
/// What moved since, with what it was and what it is: the plan must not be executed then.
pub fn still_fits(planned: &Plan, again: &Plan) -> Result<(), Vec<String>> {
    let mut all = foundations(planned, again);
    let (old, new) = (by_address(planned), by_address(again));
    let addresses: BTreeSet<&Addr> = old.keys().chain(new.keys()).copied().collect();
    for addr in addresses {
        let steps = |plan: &BTreeMap<_, Vec<_>>| plan.get(addr).cloned().unwrap_or_default();
        all.extend(moved::at(addr, (planned, &steps(&old)), (again, &steps(&new))));
    }
    all.extend(moved::problems(planned, again));
    if groups(planned) != groups(again) {
        all.push("the roll-out: tenants are in other groups than in the plan".to_owned());
    }
    let sources = planned.slots.iter();
    let elsewhere = sources.filter(|(slot, source)| again.slots.get(slot).is_some_and(|now| now != *source));
    all.extend(
        elsewhere
            .map(|(slot, _)| format!("{}: its password comes from elsewhere than in the plan", slot.user)),
    );
    if all.is_empty() { Ok(()) } else { Err(all) }
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

/// Returns the steps by resource: a replacement has two at one address.
fn by_address(plan: &Plan) -> BTreeMap<&Addr, Vec<&Step>> {
    let mut all: BTreeMap<&Addr, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        all.entry(&step.addr).or_default().push(step);
    }
    all
}

/// Returns the tenants of each group, and how many may fail.
fn groups(plan: &Plan) -> Option<(Vec<Vec<&str>>, Option<usize>)> {
    let Rollout { groups, max_failures } = plan.rollout.as_ref()?;
    let tenants = groups.iter().map(|group| group.tenants.iter().map(|member| &*member.tenant).collect());
    Some((tenants.collect(), *max_failures))
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
    fn a_digest_approves_its_own_plan_alone() {
        let plan = two_steps();
        let digest = plan.digest().as_str().to_owned();
        for good in [&digest[..8], plan.digest().short(), &digest, &digest[..12].to_uppercase()] {
            assert_eq!(is_approved(&plan, good), Ok(()), "{good}");
        }
        for bad in ["", "0", &digest[..7], "zzzzzzzzzz", &format!("{digest}0")] {
            assert!(is_approved(&plan, bad).is_err(), "{bad}");
        }
        let other = is_approved(&Plan::default(), &digest[..12]).unwrap_err();
        assert!(other.contains(Plan::default().digest().short()), "{other}");
    }

    #[test]
    fn each_thing_that_moved_is_named() {
        let planned = two_steps();
        let mut again = two_steps();
        again.servers.clickhouse = "another".into();
        again.steps[1].ops = vec![Sql::new("CREATE ROLE other").into()];
        again.steps.push(step(2, "c").build());
        let moved = still_fits(&planned, &again).unwrap_err();
        insta::assert_snapshot!(moved.join("\n"), @r#"
        the ClickHouse server: the plan was made for "server", this is "another"
        role.b: needs other operations than the plan has
        role.c: needs a change that the plan does not have (create)
            when planned: it was as declared
            now: not there
        "#);
    }

    #[test]
    fn what_was_done_meanwhile_is_named() {
        let planned = two_steps();
        let mut again = two_steps();
        again.steps.remove(0);
        again.steps[0].id = 0;
        again.steps[0].after.clear();
        let moved = still_fits(&planned, &again).unwrap_err();
        insta::assert_snapshot!(moved.join("\n"), @r#"
        role.a: no longer needs what the plan does (create)
            when planned: not there
            now: there, as declared
        role.b: comes after other steps than in the plan
        "#);
    }
}
