use super::*;
use crate::diag::{SourceMap, Span};
use crate::model::op::Op;
use crate::model::{Action, Resource};
use crate::plan::testing::{Fake, addr, codes, outline, thing};

fn removal(from: &str, fate: Fate) -> Removal {
    let span = Span::new(SourceMap::default().add("tenants.hcl", ""), 0..0);
    Removal { from: addr(from), fate, overrides: false, span }
}

/// A thing that is named by its whole address.
fn named(at: &str) -> Resource {
    Resource { identity: at.to_owned(), ..thing(at) }
}

/// Two things of a block that are kept when it goes, as a tenant's are, and one of another block.
fn estate() -> Fake {
    let kept = |at: &str| Resource { retained: true, ..named(at) };
    let mut fake = Fake::new();
    fake.declare([
        kept("tenant.a.role"),
        kept("tenant.a.user").after(addr("tenant.a.role")),
        kept("tenant.b.role"),
        Resource { protected: true, ..named("role.audit") },
    ]);
    fake.apply();
    fake.desired.resources.retain(|at, _| at.is_within(&addr("tenant.b")));
    fake
}

#[test]
fn a_block_removes_what_is_kept_without_it_and_nothing_else() {
    let mut fake = estate();
    assert_eq!(codes(&fake.plan().findings), ["CH210 role.audit", "CH210 tenant.a"]);
    assert!(fake.plan().steps.is_empty());
    fake.desired.removals = vec![removal("tenant.a", Fate::Access)];
    let plan = fake.apply();
    assert_eq!(outline(&plan), ["0 delete tenant.a.user []", "1 delete tenant.a.role [0]"]);
    assert!(fake.live.contains_key(&("thing".into(), "role.audit".into())));
    let again = fake.plan();
    assert_eq!((again.steps.len(), codes(&again.findings)), (0, vec!["CH210 role.audit".to_owned()]));
}

#[test]
fn a_removal_that_ended_anywhere_is_completed_by_the_next_plan() {
    let mut fake = estate();
    fake.desired.removals = vec![removal("tenant.a", Fate::Access)];
    let count: usize = fake.plan().steps.iter().map(|step| step.ops.len()).sum();
    assert_eq!(count, 6);
    for done in 0..count {
        let mut fake = fake.clone();
        let plan = fake.plan();
        fake.run(&plan, done);
        let completed = fake.apply();
        assert!(!completed.steps.is_empty(), "{done} operations were done");
        assert!(fake.plan().steps.is_empty(), "{done} operations were done");
        assert_eq!(fake.live.keys().filter(|(_, name)| name.starts_with("tenant.a.")).count(), 0);
        for part in ["tenant.a.role", "tenant.a.user"] {
            assert_eq!(fake.recorded("thing", part, "status"), "removed");
        }
    }
}

#[test]
fn a_removal_whose_block_went_away_is_told_wherever_it_ended() {
    let mut fake = estate();
    fake.desired.removals = vec![removal("tenant.a", Fate::Access)];
    let plan = fake.plan();
    let count: usize = plan.steps.iter().map(|step| step.ops.len()).sum();
    for done in 1..count {
        let mut fake = fake.clone();
        fake.run(&plan, done);
        fake.desired.removals.clear();
        let told = codes(&fake.plan().findings);
        let gone = fake.plan().retained.iter().all(|object| !object.addr.is_within(&addr("tenant.a")));
        assert!(gone || told.contains(&"CH153 tenant.a".to_owned()), "{done}: {told:?}");
        let checked = codes(&fake.check());
        assert!(gone || checked.contains(&"CH153 tenant.a".to_owned()), "{done}: {checked:?}");
    }
}

#[test]
fn what_is_declared_again_after_a_removal_is_no_longer_part_of_it() {
    let mut fake = estate();
    let declared = fake.desired.resources.clone();
    fake.desired.removals = vec![removal("tenant.a", Fate::Access)];
    let plan = fake.plan();
    fake.run(&plan, 3);
    fake.desired.removals.clear();
    let kept = |at: &str| Resource { retained: true, ..named(at) };
    fake.declare([
        kept("tenant.a.role"),
        kept("tenant.a.user").after(addr("tenant.a.role")),
        kept("tenant.b.role"),
    ]);
    fake.apply();
    assert!(fake.plan().steps.is_empty());
    fake.desired.resources = declared;
    assert!(codes(&fake.plan().findings).contains(&"CH210 tenant.a".to_owned()));
}

#[test]
fn forgetting_touches_the_record_alone() {
    let mut fake = estate();
    fake.desired.removals =
        vec![removal("tenant.a", Fate::Forgotten), removal("role.audit", Fate::Forgotten)];
    let plan = fake.plan();
    assert!(plan.steps.iter().all(|step| step.action == Action::Forget));
    assert!(plan.steps.iter().flat_map(|step| &step.ops).all(|op| matches!(op, Op::Ledger(_))));
    assert!(plan.gates.is_empty());
    let before = fake.live.clone();
    fake.apply();
    assert_eq!(fake.live, before);
    assert_eq!((fake.plan().steps.len(), fake.plan().findings.len()), (0, 0));
}

#[test]
fn what_is_protected_goes_with_an_override_or_when_it_is_protected_no_more() {
    let mut fake = estate();
    let block = |overrides| vec![Removal { overrides, ..removal("role.audit", Fate::Access) }];
    fake.desired.removals = block(false);
    assert_eq!(codes(&fake.plan().findings), ["CH152 role.audit", "CH210 tenant.a"]);
    assert!(!fake.plan().may_apply() && fake.plan().steps.is_empty());
    fake.desired.removals = block(true);
    assert_eq!(outline(&fake.plan()), ["0 delete role.audit []"]);
    fake.desired.removals.clear();
    let mut unprotected = fake.clone();
    unprotected.desired.resources.insert(addr("role.audit"), named("role.audit"));
    assert_eq!(outline(&unprotected.apply()), ["0 update role.audit []"]);
    unprotected.desired.resources.remove(&addr("role.audit"));
    assert_eq!(outline(&unprotected.plan()), ["0 delete role.audit []"]);
}

#[test]
fn the_block_that_names_an_address_most_closely_decides() {
    let mut fake = estate();
    fake.desired.removals =
        vec![removal("tenant.a", Fate::Access), removal("tenant.a.role", Fate::Forgotten)];
    assert_eq!(outline(&fake.plan()), ["0 delete tenant.a.user []", "1 forget tenant.a.role [0]"]);
}

#[test]
fn a_block_for_what_was_never_there_is_told_unless_the_targets_leave_it_out() {
    let mut fake = estate();
    fake.desired.removals = vec![removal("tenant.aa", Fate::Access)];
    assert!(codes(&fake.plan().findings).contains(&"CH150 tenant.aa".to_owned()));
    assert!(!codes(&fake.plan_for(&[addr("tenant.b")]).findings).contains(&"CH150 tenant.aa".to_owned()));
}
