//! The three-way comparison over toy kinds: each difference is put down to the side that moved.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::model::cause::{Cause, Moved};
use crate::model::{Action, AttrDiff, Plan, Value};
use crate::plan::cause::{compare, sensitive, words};
use crate::plan::testing::{Fake, thing};

/// Returns a plan of `declared` where `applied` was applied and `live` is there.
fn plan_of(
    applied: &BTreeMap<String, Value>,
    live: Option<&Json>,
    declared: &BTreeMap<String, Value>,
) -> (Fake, Plan) {
    let with = |attrs: &BTreeMap<String, Value>| {
        attrs.iter().fold(thing("role.a"), |thing, (name, value)| thing.with(name, value.clone()))
    };
    let mut fake = Fake::new();
    fake.declare([with(applied)]);
    fake.apply();
    match live {
        Some(live) => fake.put("thing", "a", live.clone()),
        None => fake.live.clear(),
    }
    fake.declare([with(declared)]);
    let plan = fake.plan();
    (fake, plan)
}

fn attrs(pairs: &[(&str, &str)]) -> BTreeMap<String, Value> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}

fn cause_of(applied: &[(&str, &str)], live: Option<Json>, declared: &[(&str, &str)]) -> (Action, Cause) {
    let (_, plan) = plan_of(&attrs(applied), live.as_ref(), &attrs(declared));
    (plan.steps[0].action, plan.steps[0].cause.clone())
}

#[test]
fn one_side_moved_or_both() {
    for (applied, live, declared, expected) in
        [("1", "1", "2", Moved::Configuration), ("1", "2", "1", Moved::Server), ("1", "2", "3", Moved::Both)]
    {
        let (_, cause) = cause_of(&[("size", applied)], Some(json!({"size": live})), &[("size", declared)]);
        assert_eq!(cause.moved, expected, "{applied} {live} {declared}");
        assert_eq!(cause.drift.len(), usize::from(expected.by_server()));
    }
}

#[test]
fn attributes_of_one_object_are_told_apart() {
    let (_, cause) = cause_of(
        &[("size", "1"), ("color", "red")],
        Some(json!({"size": "1", "color": "blue"})),
        &[("size", "2"), ("color", "red")],
    );
    let moved: Vec<Moved> = cause.differences.iter().map(|difference| difference.moved).collect();
    assert_eq!((cause.moved, moved), (Moved::Both, vec![Moved::Server, Moved::Configuration]));
    assert_eq!((&cause.drift[0].applied, &cause.drift[0].live), (&json!("red"), &json!("blue")));
}

#[test]
fn what_was_applied_and_is_gone_was_removed_on_the_server() {
    let (action, cause) = cause_of(&[("size", "1")], None, &[("size", "1")]);
    assert_eq!((action, cause.moved), (Action::Create, Moved::Server));
    assert_eq!(cause.drift[0].applied, json!("1"));
    let (_, cause) = cause_of(&[("size", "1")], None, &[("size", "2")]);
    assert_eq!(cause.moved, Moved::Both);
}

#[test]
fn what_is_new_or_no_longer_declared_is_the_configuration_s() {
    let mut fake = Fake::new();
    fake.declare([thing("role.a")]);
    assert_eq!(fake.plan().steps[0].cause.moved, Moved::Configuration);
    fake.apply();
    fake.declare([]);
    assert_eq!(fake.plan().steps[0].cause.moved, Moved::Configuration);
    fake.live.clear();
    assert_eq!(fake.plan().steps[0].cause.moved, Moved::Both);
}

#[test]
fn a_record_without_attributes_tells_nothing_and_makes_no_step() {
    let (mut fake, _) =
        plan_of(&attrs(&[("size", "1")]), Some(&json!({"size": "2"})), &attrs(&[("size", "1")]));
    for row in fake.rows.values_mut() {
        row.insert("spec".into(), json!(r#"{"after":[],"retained":false,"tenant":null}"#));
    }
    let plan = fake.plan();
    assert_eq!(plan.steps[0].cause.moved, Moved::Unknown);
    assert_eq!(plan.steps[0].cause.reason, super::OLD_RECORD);
    fake.put("thing", "a", json!({"size": "1"}));
    assert!(fake.plan().steps.is_empty(), "an old record alone is no change");
}

#[test]
fn a_run_that_did_not_end_tells_nothing() {
    let mut fake = Fake::new();
    fake.declare([thing("role.a").with("size", "1")]);
    let plan = fake.plan();
    fake.run(&plan, 2);
    fake.declare([thing("role.a").with("size", "2")]);
    assert_eq!(fake.plan().steps[0].cause.moved, Moved::Unknown);
}

#[test]
fn a_cause_is_no_part_of_the_digest() {
    let (_, mut plan) =
        plan_of(&attrs(&[("size", "1")]), Some(&json!({"size": "2"})), &attrs(&[("size", "1")]));
    let digest = plan.digest();
    plan.steps[0].cause = Cause::default();
    assert_eq!(plan.digest(), digest);
}

#[test]
fn sensitive_values_are_judged_by_who_wrote_them() {
    use crate::kinds::Writer;
    let secret = |text: &str| Value::Secret(crate::model::Secret::new(text));
    let change = AttrDiff { attr: "data.k".into(), before: secret("hunter6"), after: secret("hunter5") };
    let applied = AttrDiff { after: "(sensitive value)".into(), ..change.clone() };
    let writer = |manager: &str, ours| Writer { manager: manager.into(), at: String::new(), ours };
    let moved = |writers: Option<&[Writer]>| sensitive::difference(&change, &[&applied], writers).moved;
    assert!(sensitive::concerns(&change, &[&applied]));
    assert_eq!(moved(None), Moved::Unknown);
    assert_eq!(moved(Some(&[])), Moved::Unknown);
    assert_eq!(moved(Some(&[writer("charter", true)])), Moved::Configuration);
    assert_eq!(moved(Some(&[writer("charter", true), writer("kubectl", false)])), Moved::Server);
    assert_eq!(sensitive::difference(&change, &[], None).moved, Moved::Configuration, "a new key");
}

#[test]
fn items_of_one_set_are_told_apart_and_parts_of_an_item() {
    let list = |items: &[&str]| Value::strings(items.iter().copied());
    let change =
        AttrDiff { attr: "a".into(), before: list(&["x", "hand"]), after: list(&["x", "new", "b,c"]) };
    let drift = AttrDiff { attr: "a".into(), before: list(&["x", "hand"]), after: list(&["x", "b"]) };
    let parts = |item: &str| item.split(',').map(str::to_owned).collect();
    let difference = compare::difference(&change, &[&drift], &parts);
    let items: Vec<(Json, bool, Moved)> =
        difference.items.iter().map(|item| (item.value.clone(), item.added, item.moved)).collect();
    assert_eq!(
        items,
        [
            (json!("hand"), false, Moved::Server),
            (json!("new"), true, Moved::Configuration),
            (json!("b,c"), true, Moved::Both),
        ]
    );
    let told = compare::drift(&change, &[&drift], &difference);
    assert_eq!((&told[0].applied, &told[0].live), (&json!(["b,c"]), &json!(["hand"])));
}

#[test]
fn words_say_who_and_what() {
    let (_, cause) = cause_of(
        &[("size", "1"), ("color", "red")],
        Some(json!({"size": "1", "color": "blue"})),
        &[("size", "2"), ("color", "red")],
    );
    let diff = [
        AttrDiff { attr: "color".into(), before: "blue".into(), after: "red".into() },
        AttrDiff { attr: "size".into(), before: "1".into(), after: "2".into() },
    ];
    let told = words::of(&cause, &diff, Action::Update, true);
    assert_eq!(
        told,
        ["changed on the server since the last apply: color: red -> blue", "newly declared: size"]
    );
}

fn value() -> impl Strategy<Value = Value> {
    let text = "[abc]".prop_map(Value::from);
    let list = prop::collection::btree_set("[abcd]", 0..4).prop_map(Value::strings);
    prop_oneof![text, list]
}

fn some_attrs() -> impl Strategy<Value = BTreeMap<String, Value>> {
    prop::collection::btree_map("[xyz]", value(), 0..4)
}

fn as_set(value: Option<&Value>) -> Option<BTreeSet<String>> {
    match value? {
        Value::List(items) => Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    }
}

proptest! {
    /// For any three states an apply of the plan gives what is declared, each difference has a cause, and
    /// it is the configuration's if and only if the server still has what was applied of it.
    #[test]
    fn each_difference_has_its_cause(applied in some_attrs(), live in some_attrs(), declared in some_attrs()) {
        let there = crate::model::value::attrs_json(&live);
        let (mut fake, plan) = plan_of(&applied, Some(&there), &declared);
        for step in &plan.steps {
            prop_assert_eq!(step.diff.len(), step.cause.differences.len());
            for (change, difference) in step.diff.iter().zip(&step.cause.differences) {
                let [was, is, will] = [&applied, &live, &declared].map(|attrs| attrs.get(&change.attr));
                let sets = (as_set(was), as_set(is), as_set(will));
                let expected = match sets {
                    _ if was.is_none() || was == is => Moved::Configuration,
                    (Some(was), is, Some(will)) if matches!(live.get(&change.attr), None | Some(Value::List(_))) => {
                        let is = is.unwrap_or_default();
                        let hand = is.symmetric_difference(&will).filter(|item| was.contains(*item) != is.contains(*item));
                        let all = is.symmetric_difference(&will).count();
                        match hand.count() {
                            // An empty set that is not there at all.
                            0 if all == 0 => if was == will { Moved::Server } else { Moved::Both },
                            0 => Moved::Configuration,
                            some if some == all => Moved::Server,
                            _ => Moved::Both,
                        }
                    }
                    _ if was == will => Moved::Server,
                    _ => Moved::Both,
                };
                prop_assert_eq!(difference.moved, expected, "{:?}: {:?} {:?} {:?}", change.attr, was, is, will);
            }
        }
        fake.apply();
        prop_assert!(fake.plan().steps.is_empty());
        let plan = plan.steps.iter().all(|step| step.cause.moved != Moved::Unknown);
        prop_assert!(plan, "what is recorded is known");
    }
}
