//! The groups in which a plan migrates tenants: the canaries, then the others by address, so many at
//! a time. What a tenant needs of another one comes no later than itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::rollout::{Group, Member, Policy, Rollout};
use crate::model::{Action, Addr, Step};

/// Returns the groups of the steps that run tenants' migrations; none without a policy, or where
/// there is no such step. The steps are numbered, each after those that it needs.
pub fn of(policy: Option<&Policy>, steps: &[Step]) -> Option<Rollout> {
    let policy = policy?;
    let mut tenants: BTreeMap<&str, (Addr, Vec<usize>)> = BTreeMap::new();
    for step in steps.iter().filter(|step| matches!(step.action, Action::Execute { .. })) {
        if let Some(tenant) = step.tenant.as_deref() {
            tenants.entry(tenant).or_insert_with(|| (step.addr.block(), Vec::new())).1.push(step.id);
        }
    }
    if tenants.is_empty() {
        return None;
    }
    let is_canary = |tenant: &str| policy.canary.iter().any(|canary| canary == tenant);
    let mut order: Vec<&str> = tenants.keys().copied().collect();
    order.sort_by_key(|tenant| &tenants[tenant].0);
    let (canaries, others): (Vec<&str>, Vec<&str>) = order.into_iter().partition(|tenant| is_canary(tenant));
    let batch = policy.batch.unwrap_or(usize::MAX).max(1);
    // The first place is the canaries', also where none of them has anything to run.
    let mut place: BTreeMap<&str, usize> = canaries.iter().map(|tenant| (*tenant, 0)).collect();
    place.extend(others.iter().enumerate().map(|(index, tenant)| (*tenant, 1 + index / batch)));
    advance(&mut place, &tenants, steps);
    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    for tenant in canaries.iter().chain(&others) {
        let group = groups.entry(place[tenant]).or_default();
        group.canary = place[tenant] == 0;
        let steps = tenants[tenant].1.clone();
        group.tenants.push(Member { tenant: (*tenant).to_owned(), steps });
    }
    Some(Rollout { groups: groups.into_values().collect(), max_failures: policy.max_failures })
}

/// Moves tenants to earlier groups where something there waits for them: a group that waited for a
/// later one would never end.
fn advance<'a>(
    place: &mut BTreeMap<&'a str, usize>,
    tenants: &BTreeMap<&'a str, (Addr, Vec<usize>)>,
    steps: &[Step],
) {
    let owner: BTreeMap<usize, &str> =
        tenants.iter().flat_map(|(tenant, (_, ids))| ids.iter().map(|id| (*id, *tenant))).collect();
    loop {
        let mut needed: BTreeMap<usize, usize> = BTreeMap::new();
        let mut moved: BTreeSet<(&str, usize)> = BTreeSet::new();
        // A step comes after those that it needs, so that from the end each is complete when met.
        for step in steps.iter().rev() {
            let own = owner.get(&step.id).map(|tenant| (*tenant, place[tenant]));
            let wanted = needed.get(&step.id).copied();
            if let (Some((tenant, at)), Some(earlier)) = (own, wanted)
                && earlier < at
            {
                moved.insert((tenant, earlier));
            }
            let by = wanted.into_iter().chain(own.map(|(_, at)| at)).min();
            for other in by.iter().flat_map(|_| &step.after) {
                let least = needed.entry(*other).or_insert(usize::MAX);
                *least = by.unwrap_or(usize::MAX).min(*least);
            }
        }
        if moved.is_empty() {
            return;
        }
        for (tenant, earlier) in moved {
            let at = place.entry(tenant).or_insert(earlier);
            *at = earlier.min(*at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{SourceMap, Span};
    use crate::model::Digest;

    fn policy(canary: &[&str], batch: Option<usize>) -> Policy {
        let canary = canary.iter().map(|name| (*name).to_owned()).collect();
        let span = Span::new(SourceMap::default().add("main.hcl", ""), 0..0);
        Policy { canary, batch, max_failures: Some(3), span }
    }

    /// Returns a step that creates something; of no tenant where the name is empty.
    fn step(id: usize, tenant: &str, after: &[usize]) -> Step {
        Step {
            id,
            after: after.to_vec(),
            addr: Addr::new("tenant", if tenant.is_empty() { "none" } else { tenant }).part("x"),
            kind: "x".into(),
            identity: tenant.into(),
            tenant: Some(tenant.to_owned()).filter(|tenant| !tenant.is_empty()),
            action: Action::Create,
            before: None,
            desired: None,
            diff: Vec::new(),
            ops: Vec::new(),
            costs: Vec::new(),
            notes: Vec::new(),
            expects: Digest::of_bytes(b""),
            cause: crate::model::Cause::default(),
        }
    }

    fn file(id: usize, tenant: &str, after: &[usize]) -> Step {
        Step { action: Action::Execute { statements: 1 }, ..step(id, tenant, after) }
    }

    fn groups(policy: &Policy, steps: &[Step]) -> Vec<String> {
        let rollout = of(Some(policy), steps).expect("groups");
        let member = |member: &Member| format!("{}{:?}", member.tenant, member.steps);
        let all = rollout.groups.iter().map(|group| {
            let members: Vec<String> = group.tenants.iter().map(member).collect();
            format!("{}{}", if group.canary { "canary " } else { "" }, members.join(" "))
        });
        all.collect()
    }

    #[test]
    fn canaries_come_first_then_the_others_by_address() {
        let steps =
            [file(0, "a", &[]), file(1, "b", &[]), file(2, "b", &[1]), file(3, "c", &[]), file(4, "d", &[])];
        assert_eq!(groups(&policy(&["c"], Some(2)), &steps), ["canary c[3]", "a[0] b[1, 2]", "d[4]"]);
        assert_eq!(groups(&policy(&["c"], None), &steps), ["canary c[3]", "a[0] b[1, 2] d[4]"]);
        assert_eq!(groups(&policy(&[], Some(3)), &steps), ["a[0] b[1, 2] c[3]", "d[4]"]);
    }

    #[test]
    fn what_is_no_tenants_migration_is_in_no_group() {
        assert_eq!(of(Some(&policy(&["a"], None)), &[file(0, "", &[]), step(1, "a", &[])]), None);
        assert_eq!(of(None, &[file(0, "a", &[])]), None);
    }

    #[test]
    fn a_canary_that_has_nothing_to_run_holds_nobody_up() {
        assert_eq!(
            groups(&policy(&["z"], Some(1)), &[file(0, "a", &[]), file(1, "b", &[])]),
            ["a[0]", "b[1]"]
        );
    }

    #[test]
    fn what_a_tenant_needs_comes_no_later_than_itself() {
        let between = step(2, "", &[1]);
        let steps = [file(0, "d", &[]), file(1, "c", &[0]), between, file(3, "a", &[2]), file(4, "b", &[])];
        assert_eq!(groups(&policy(&["a"], Some(1)), &steps), ["canary a[3] c[1] d[0]", "b[4]"]);
    }
}
