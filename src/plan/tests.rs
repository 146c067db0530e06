//! What a plan says and does, over toy kinds and a world that only plans change.

use proptest::prelude::*;
use serde_json::json;

use super::testing::{Fake, addr, codes, outline, script, settings, thing};
use crate::model::op::Op;
use crate::model::{Action, Plan, Resource, Secret, Severity, Value};

fn assert_settled(fake: &Fake) {
    let plan = fake.plan();
    assert_eq!(outline(&plan), [""; 0]);
    assert!(plan.may_apply());
    assert_eq!(plan.unchanged, fake.desired.resources.len());
}

fn statuses(plan: &Plan, step: usize) -> Vec<String> {
    let ops = plan.steps[step].ops.iter();
    ops.map(|op| match op {
        Op::Ledger(row) => row.row["status"].as_str().unwrap().to_owned(),
        Op::Sql(sql) => sql.statement.split(' ').next().unwrap().to_owned(),
        other => panic!("{other:?}"),
    })
    .collect()
}

#[test]
fn what_is_missing_is_claimed_created_and_recorded() {
    let mut fake = Fake::new();
    fake.declare([thing("role.a").with("size", "1"), script("job.s")]);
    let plan = fake.apply();
    assert_eq!(outline(&plan), ["0 execute job.s []", "1 create role.a []"]);
    assert_eq!(statuses(&plan, 0), ["PUT"]);
    assert_eq!(statuses(&plan, 1), ["claimed", "PUT", "applied"]);
    assert_eq!(fake.recorded("thing", "a", "status"), "applied");
    assert_eq!(
        fake.recorded("thing", "a", "spec"),
        r#"{"after":[],"attrs":{"size":"1"},"retained":false,"tenant":null}"#
    );
    assert_settled(&fake);
}

#[test]
fn what_differs_is_updated() {
    let mut fake = Fake::new();
    fake.declare([thing("role.a").with("size", "1")]);
    fake.apply();
    fake.declare([thing("role.a").with("size", "2")]);
    let plan = fake.apply();
    assert_eq!(outline(&plan), ["0 update role.a []"]);
    assert_eq!(statuses(&plan, 0), ["PUT", "applied"]);
    let diff = &plan.steps[0].diff[0];
    assert_eq!((&diff.before, &diff.after), (&Value::from("1"), &Value::from("2")));
    assert_settled(&fake);
}

#[test]
fn what_was_removed_by_hand_is_created_again() {
    let mut fake = Fake::new();
    fake.declare([thing("role.a")]);
    fake.apply();
    fake.live.clear();
    let plan = fake.apply();
    assert_eq!(outline(&plan), ["0 create role.a []"]);
    assert_eq!(plan.steps[0].notes, ["was removed outside of charter"]);
    assert_settled(&fake);
}

#[test]
fn what_exists_as_declared_is_adopted_and_else_refused() {
    let mut fake = Fake::new();
    fake.put("thing", "a", json!({"size": "1"}));
    fake.declare([thing("role.a").with("size", "2")]);
    let refused = fake.plan();
    assert_eq!(codes(&refused.findings), ["CH201 role.a"]);
    assert!(!refused.may_apply() && refused.steps.is_empty());
    assert_eq!(refused.findings[0].expected, "size: \"2\"");
    assert_eq!(refused.findings[0].found, "size: \"1\"");

    fake.declare([thing("role.a").with("size", "1")]);
    let plan = fake.apply();
    assert_eq!(outline(&plan), ["0 adopt role.a []"]);
    assert_eq!(statuses(&plan, 0), ["applied"]);
    assert_settled(&fake);
}

#[test]
fn what_another_scope_or_environment_owns_is_refused() {
    let mut fake = Fake::new();
    fake.declare([thing("role.a")]);
    fake.apply();
    fake.settings = settings("other");
    let plan = fake.plan();
    assert_eq!(codes(&plan.findings), ["CH202 role.a"]);
    assert!(plan.findings[0].summary.contains("scope platform, environment development"));
    fake.settings = settings("platform");
    fake.settings.environment = "production".into();
    assert_eq!(codes(&fake.plan().findings), ["CH203 role.a"]);
    fake.declare([]);
    assert!(fake.plan().steps.is_empty(), "another environment's is left alone");
}

#[test]
fn an_interrupted_run_is_completed_wherever_it_stopped() {
    for stop in 0..3 {
        let mut fake = Fake::new();
        fake.declare([thing("role.a").with("size", "1")]);
        let plan = fake.plan();
        fake.run(&plan, stop);
        let next = fake.apply();
        assert_eq!(next.steps.len(), 1, "after {stop} operations");
        assert!(next.may_apply());
        if stop == 2 {
            assert_eq!(outline(&next), ["0 update role.a []"]);
            assert_eq!(statuses(&next, 0), ["applied"]);
            assert_eq!(next.steps[0].notes, ["an earlier run was interrupted after creating it"]);
        }
        assert_settled(&fake);
    }
}

#[test]
fn a_move_only_changes_the_record() {
    let mut fake = Fake::new();
    fake.declare([thing("tenant.old.role")]);
    fake.apply();
    fake.declare([thing("tenant.new.role")]);
    let plan = fake.apply();
    assert_eq!(outline(&plan), ["0 update tenant.new.role []"]);
    assert_eq!(statuses(&plan, 0), ["applied"]);
    assert_eq!(plan.steps[0].diff[0].attr, "address");
    assert_settled(&fake);
}

#[test]
fn what_is_no_longer_declared_goes_dependents_first() {
    let mut fake = Fake::new();
    fake.declare([
        thing("role.a"),
        thing("user.b").after(addr("role.a")),
        thing("user.c").after(addr("user.b")),
    ]);
    let plan = fake.apply();
    assert_eq!(outline(&plan), ["0 create role.a []", "1 create user.b [0]", "2 create user.c [1]"]);
    fake.declare([]);
    fake.live.remove(&("thing".into(), "b".into()));
    let plan = fake.apply();
    assert_eq!(outline(&plan), ["0 delete user.c []", "1 forget user.b [0]", "2 delete role.a [0, 1]"]);
    assert_eq!(statuses(&plan, 0), ["DELETE", "removed"]);
    assert_eq!(statuses(&plan, 1), ["removed"]);
    assert!(plan.steps[1].notes[0].starts_with("already gone"));
    assert_settled(&fake);
}

#[test]
fn what_needed_a_removed_object_is_changed_before() {
    let mut fake = Fake::new();
    let user = thing("user.b").with("roles", "a");
    fake.declare([thing("role.a"), user.after(addr("role.a"))]);
    fake.apply();
    fake.declare([thing("user.b").with("roles", "")]);
    let plan = fake.apply();
    assert_eq!(outline(&plan), ["0 update user.b []", "1 delete role.a [0]"]);
    assert_settled(&fake);
}

#[test]
fn what_is_retained_is_kept_and_told() {
    let mut fake = Fake::new();
    let mut database = thing("tenant.acme.database");
    database.retained = true;
    fake.declare([database.clone()]);
    fake.apply();
    fake.declare([]);
    let plan = fake.plan();
    assert!(plan.steps.is_empty());
    assert_eq!(plan.retained[0].identity, "database");
    assert_eq!(codes(&plan.findings), ["CH210 tenant.acme"]);
    assert!(plan.may_apply());
    let mut renamed = database.clone();
    renamed.identity = "other".into();
    fake.declare([renamed]);
    let plan = fake.plan();
    assert_eq!(codes(&plan.findings), ["CH210 tenant.acme.database"]);
    assert_eq!(
        plan.findings[0].summary,
        "tenant.acme.database names another object now; thing database is kept on the servers"
    );
    fake.declare([database]);
    assert_settled(&fake);
}

#[test]
fn a_record_that_cannot_be_read_is_kept() {
    let mut fake = Fake::new();
    fake.declare([thing("role.a")]);
    fake.apply();
    for row in fake.rows.values_mut() {
        row.insert("spec".into(), "no json".into());
    }
    fake.declare([]);
    assert_eq!(fake.plan().retained.len(), 1);
}

#[test]
fn targets_take_what_they_depend_on_and_nothing_else() {
    let mut fake = Fake::new();
    let declared = || [thing("role.a"), thing("user.b").after(addr("role.a")), thing("role.other")];
    fake.declare(declared());
    assert_eq!(outline(&fake.plan_for(&[addr("user.b")])), ["0 create role.a []", "1 create user.b [0]"]);
    fake.apply();
    fake.declare([thing("role.new")]);
    assert_eq!(outline(&fake.plan_for(&[addr("role.other")])), ["0 delete role.other []"]);
}

#[test]
fn an_unknown_target_is_an_error_with_the_nearest_address() {
    let mut fake = Fake::new();
    fake.declare([thing("tenant.acme.role")]);
    let plan = fake.plan_for(&[addr("tenant.acmee")]);
    assert_eq!(codes(&plan.findings), ["CH200 tenant.acmee"]);
    assert_eq!(plan.findings[0].help, ["did you mean tenant.acme?"]);
    assert!(plan.steps.is_empty() && !plan.may_apply());
}

#[test]
fn ignored_attributes_are_left_alone_by_other_changes() {
    let mut fake = Fake::new();
    let declared = |size: &str| {
        let mut resource = thing("role.a").with("comment", "x").with("size", size);
        resource.ignore_changes.insert("comment".into());
        resource
    };
    fake.declare([declared("1")]);
    fake.apply();
    fake.put("thing", "a", json!({"size": "1", "comment": "by hand"}));
    assert_settled(&fake);
    fake.declare([declared("2")]);
    fake.apply();
    assert_eq!(fake.live[&("thing".into(), "a".into())], json!({"size": "2", "comment": "by hand"}));
    assert_settled(&fake);
}

#[test]
fn order_goes_through_what_is_unchanged() {
    let mut fake = Fake::new();
    let chain = |size: &str| {
        [
            thing("role.z").with("size", size),
            thing("role.m").after(addr("role.z")),
            thing("role.a").with("size", size).after(addr("role.m")),
        ]
    };
    fake.declare(chain("1"));
    fake.apply();
    fake.declare(chain("2"));
    assert_eq!(outline(&fake.plan()), ["0 update role.z []", "1 update role.a [0]"]);
}

#[test]
fn one_object_declared_twice_is_an_error() {
    let mut fake = Fake::new();
    fake.declare([thing("role.a"), thing("user.a")]);
    let plan = fake.plan();
    assert_eq!(codes(&plan.findings), ["CH205 user.a"]);
    assert!(!plan.may_apply());
}

#[test]
fn a_new_credential_is_fingerprinted_and_the_fingerprint_carried_on() {
    let mut fake = Fake::new();
    let user = |size: &str| thing("user.b").with("password", "made").with("size", size);
    fake.declare([user("1")]);
    let plan = fake.apply();
    assert_eq!(plan.slots.len(), 1);
    assert_eq!(fake.recorded("thing", "b", "fingerprint"), "Hash of user.b");
    fake.declare([user("2")]);
    fake.apply();
    assert_eq!(fake.recorded("thing", "b", "fingerprint"), "Hash of user.b");
    assert_eq!(fake.recorded("thing", "b", "salt"), "Salt of user.b");
    fake.declare([]);
    fake.apply();
    assert_eq!(fake.recorded("thing", "b", "fingerprint"), "");
}

#[test]
fn what_only_finds_something_has_no_step() {
    let mut fake = Fake::new();
    fake.declare([
        thing("role.a").with("broken", "yes"),
        script("job.s").with("broken", "yes"),
        thing("role.b").with("remark", "look here"),
    ]);
    let plan = fake.plan();
    assert_eq!(outline(&plan), ["0 create role.b []"]);
    assert_eq!(codes(&plan.findings), ["CH999 job.s", "CH999 role.a"]);
    assert!(codes(&fake.check()).contains(&"CH998 role.b".to_owned()), "notes are a check's");
    assert_eq!(plan.worst(), Some(Severity::Error));
}

#[test]
fn a_saved_digest_tells_another_state_from_the_same() {
    let mut fake = Fake::new();
    fake.declare([thing("role.a").with("size", "1")]);
    fake.apply();
    fake.put("thing", "a", json!({"size": "7"}));
    let (first, again) = (fake.plan(), fake.plan());
    assert_eq!(first.digest(), again.digest());
    fake.put("thing", "a", json!({"size": "8"}));
    assert_ne!(first.steps[0].expects, fake.plan().steps[0].expects);
}

#[test]
fn no_secret_is_recorded_or_shown() {
    let mut fake = Fake::new();
    let secret = Value::Secret(Secret::new("hunter5"));
    fake.declare([thing("role.a").with("key", secret)]);
    let plan = fake.plan();
    assert!(!format!("{plan:?}").contains("hunter5"));
    fake.run(&plan, usize::MAX);
    assert!(!format!("{:?}", fake.rows).contains("hunter5"));
}

#[test]
fn check_tells_each_difference_once() {
    let mut fake = Fake::new();
    assert!(fake.check().is_empty());
    fake.declare([
        thing("role.changed").with("size", "1"),
        thing("role.gone"),
        thing("role.extra"),
        thing("role.right"),
    ]);
    fake.apply();
    assert!(fake.check().is_empty());
    fake.put("thing", "changed", json!({"size": "9"}));
    fake.live.remove(&("thing".into(), "gone".into()));
    fake.put("thing", "new", json!({}));
    let sized = ["role.changed", "role.gone", "role.new"].map(|at| thing(at).with("size", "1"));
    fake.declare(sized.into_iter().chain([thing("role.right"), script("job.s")]));
    let findings = fake.check();
    assert_eq!(
        codes(&findings),
        ["CH201 role.new", "CH211 job.s", "CH212 role.changed", "CH213 role.extra", "CH211 role.gone",]
    );
    assert_eq!(findings[1].summary, "job.s has not been applied");
    assert_eq!(findings[2].found, "size: \"9\"");
}

#[test]
fn what_goes_with_ours_is_ours() {
    let mut fake = Fake::new();
    fake.put("thing", "role", json!({}));
    fake.put("thing", "grants", json!({"size": "7"}));
    let grants = || thing("tenant.x.grants").with("of", "role").with("size", "1");
    fake.declare([grants(), thing("tenant.x.role")]);
    assert_eq!(codes(&fake.plan().findings), ["CH201 tenant.x.grants"]);
    fake.declare([thing("tenant.x.role")]);
    fake.apply();
    fake.declare([grants(), thing("tenant.x.role")]);
    assert_eq!(outline(&fake.apply()), ["0 update tenant.x.grants []"]);
    assert_settled(&fake);
}

#[test]
fn what_a_kind_says_as_a_whole_is_kept_to_the_targets() {
    let mut fake = Fake::new();
    fake.declare([thing("tenant.x.role").with("odd", "yes"), thing("role.a")]);
    let found = |targets: &[&str]| {
        let targets: Vec<_> = targets.iter().map(|target| addr(target)).collect();
        codes(&fake.plan_for(&targets).findings)
    };
    assert_eq!(found(&[]), ["CH997 tenant.x"]);
    assert_eq!(found(&["tenant.x"]), ["CH997 tenant.x"]);
    assert!(found(&["role.a"]).is_empty());
}

#[test]
fn check_does_not_promise_what_an_apply_would_refuse() {
    let mut fake = Fake::new();
    fake.declare([script("job.s").with("broken", "yes"), thing("role.a").with("broken", "yes")]);
    assert_eq!(codes(&fake.check()), ["CH999 job.s", "CH999 role.a"]);
}

/// A declaration of up to eight things and scripts with edges to smaller ones.
fn declarations() -> impl Strategy<Value = Vec<Resource>> {
    let one = (any::<bool>(), 0..3u8, any::<u8>(), any::<bool>());
    proptest::collection::btree_map(0..8u8, one, 0..8).prop_map(|all| {
        let name = |index: &u8, is_script: bool| {
            let kind = if is_script { "job" } else { "role" };
            format!("{kind}.n{index}")
        };
        let made = all.iter().map(|(index, (is_script, size, edges, retained))| {
            let at = name(index, *is_script);
            let resource = if *is_script { script(&at) } else { thing(&at) };
            let mut resource = resource.with("size", size.to_string());
            resource.retained = *retained;
            let below = all.iter().filter(|(other, _)| *other < index);
            resource.after = below
                .filter(|(other, _)| edges & (1 << **other) != 0)
                .map(|(other, (is_script, ..))| addr(&name(other, *is_script)))
                .collect();
            resource
        });
        made.collect()
    })
}

fn assert_ordered(plan: &Plan) {
    for (index, step) in plan.steps.iter().enumerate() {
        assert_eq!(step.id, index);
        assert!(step.after.iter().all(|before| *before < index));
    }
}

proptest! {
    #[test]
    fn planning_twice_is_empty(
        first in declarations(),
        second in declarations(),
        by_hand in proptest::collection::btree_map(0..8u8, 0..3u8, 0..4),
        stop in 0..20usize,
    ) {
        let mut fake = Fake::new();
        fake.declare(first);
        fake.apply();
        for (index, size) in by_hand {
            let identity = format!("n{index}");
            if fake.live.contains_key(&("thing".into(), identity.clone())) {
                fake.put("thing", &identity, json!({"size": size.to_string()}));
            }
        }
        fake.declare(second);
        let plan = fake.plan();
        prop_assert!(plan.may_apply());
        assert_ordered(&plan);
        fake.run(&plan, stop);
        assert_ordered(&fake.apply());
        let again = fake.plan();
        prop_assert_eq!(outline(&again), Vec::<String>::new());
        prop_assert!(fake.check().iter().all(|finding| finding.code == "CH210"));
    }

    #[test]
    fn the_order_of_declarations_does_not_matter(all in declarations()) {
        let mut fake = Fake::new();
        fake.declare(all.clone());
        let forward = fake.plan();
        fake.declare(all.into_iter().rev());
        prop_assert_eq!(forward.digest(), fake.plan().digest());
    }

    #[test]
    fn everything_comes_after_what_it_needs(all in declarations()) {
        let mut fake = Fake::new();
        fake.declare(all.clone());
        let plan = fake.plan();
        let place = |at: &crate::model::Addr| {
            plan.steps.iter().position(|step| step.addr == *at).unwrap()
        };
        for resource in &all {
            for needed in &resource.after {
                let after = &plan.steps[place(&resource.addr)].after;
                prop_assert!(after.contains(&place(needed)));
            }
        }
        prop_assert!(plan.steps.iter().all(|step| step.action != Action::Delete));
    }
}
