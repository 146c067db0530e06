//! What folds, and what must not.

use super::super::text::{self, Options};
use super::*;
use crate::model::Category;
use crate::model::op::Sql;
use crate::plan::testing::{Fake, script, thing};

const SLUGS: [&str; 5] = ["acme", "blue", "cyan", "gold_two", "jade"];

/// A database and a migration for each of so many tenants.
fn plan_of(count: usize) -> Plan {
    let mut fake = Fake::new();
    let of_tenant = |slug: &&str| {
        let mut database = thing(&format!("tenant.{slug}.database"));
        database.identity = format!("tenant_{slug}");
        let file = script(&format!("tenant.{slug}.migration[\"V2__x.sql\"]")).after(database.addr.clone());
        [database, file].map(|mut resource| {
            resource.tenant = Some((*slug).to_owned());
            resource
        })
    };
    fake.declare(SLUGS.iter().take(count).flat_map(of_tenant));
    fake.plan()
}

fn last(plan: &mut Plan) -> &mut Step {
    plan.steps.iter_mut().rfind(|step| step.tenant.as_deref() == Some("jade")).expect("a step")
}

fn sizes(plan: &Plan) -> Vec<usize> {
    groups(plan).iter().map(|group| group.tenants.len()).collect()
}

#[test]
fn a_few_are_shown_one_by_one_and_more_at_once() {
    assert_eq!(sizes(&plan_of(3)), [1, 1, 1]);
    assert_eq!(sizes(&plan_of(4)), [4]);
    let shown = text::plan(&plan_of(5), &Options::default());
    insta::assert_snapshot!(shown, @r#"
    Scope platform, environment development, ClickHouse 25.8.2.29.
    + create   > run

    Migrations of many tenants

      > V2__x.sql  5 tenants

    5 tenants, the same for each

      acme, blue, cyan, gold_two, jade

      + tenant.<tenant>.database                thing   tenant_<tenant>
      > tenant.<tenant>.migration["V2__x.sql"]  script  1 statement

    Plan: 5 to create, 0 to change, 0 to destroy; 5 migrations (5 statements).
    "#);
    let expanded = text::plan(&plan_of(5), &Options { expand: true, ..Options::default() });
    assert_eq!(expanded.matches("\nTenant ").count(), 5, "{expanded}");
}

#[test]
fn a_tenant_that_differs_in_anything_stands_for_itself() {
    let differences: [fn(&mut Step); 6] = [
        |step| step.notes.push("a note".into()),
        |step| step.ops.push(Sql::new("SELECT 1").into()),
        |step| step.identity = "acme".into(),
        |step| step.action = Action::Execute { statements: 2 },
        |step| step.kind = "other".into(),
        |step| step.notes.push("\u{f0f01}".into()),
    ];
    for differ in differences {
        let mut plan = plan_of(5);
        differ(last(&mut plan));
        assert_eq!(sizes(&plan), [4, 1]);
    }
    let mut plan = plan_of(5);
    let slot = Slot::of(last(&mut plan).addr.clone());
    plan.slots.insert(slot, SlotSource::Generate { length: 64 });
    assert_eq!(sizes(&plan), [4, 1], "passwords are made otherwise");
}

#[test]
fn what_goes_away_is_named_for_all() {
    let mut plan = plan_of(5);
    for step in plan.steps.iter_mut().filter(|step| matches!(step.action, Action::Execute { .. })) {
        let mut sql = Sql::new("DROP TABLE old");
        sql.database = step.tenant.as_ref().map(|slug| format!("tenant_{slug}"));
        step.ops = vec![sql.into()];
    }
    let shown = text::plan(&plan, &Options { width: 200, ..Options::default() });
    let names = SLUGS.map(|slug| format!("tenant_{slug}.old")).join(", ");
    assert!(shown.contains(&format!("      drops table: {names}\n")), "{shown}");
}

#[test]
fn findings_that_say_the_same_are_told_once() {
    let mut plan = plan_of(5);
    let about = |slug: &str, code, severity| {
        let addr = Addr::new("tenant", slug).part("database");
        let summary = format!("tenant_{slug} is odd");
        Finding::new(code, severity, Category::Access, summary).at(&addr).help(format!("look at {slug}"))
    };
    for slug in SLUGS {
        plan.findings.push(about(slug, "CH998", Severity::Warning));
        plan.findings.push(about(slug, "CH999", Severity::Error));
    }
    let other = Finding::new("CH998", Severity::Warning, Category::Access, "tenant_acme is very odd");
    plan.findings.push(other.at(&Addr::new("tenant", "acme")));
    let all: Vec<&Finding> = plan.findings.iter().collect();
    let told: Vec<(String, Option<String>)> = findings(&all, &plan)
        .iter()
        .map(|told| (told.finding.summary.clone(), told.whom(usize::MAX)))
        .collect();
    let whom = Some("5: acme, blue, cyan, gold_two, jade".to_owned());
    let same = "tenant_<tenant> is odd".to_owned();
    assert_eq!(told, [(same.clone(), whom.clone()), (same, whom), ("tenant_acme is very odd".into(), None)]);
    assert_eq!(findings(&all[..6], &plan).len(), 6, "a few are told one by one");
}

#[test]
fn what_is_said_of_one_several_times_is_not_folded() {
    let plan = plan_of(5);
    let about = |slug: &str| {
        let addr = Addr::new("tenant", slug).part("database");
        Finding::new("CH998", Severity::Warning, Category::Access, "is odd").at(&addr)
    };
    let four = [about("acme"), about("acme"), about("acme"), about("acme")];
    assert_eq!(findings(&four.iter().collect::<Vec<_>>(), &plan).len(), 4);
    let all: Vec<Finding> = SLUGS.iter().flat_map(|slug| [about(slug), about(slug)]).collect();
    let told: Vec<usize> =
        findings(&all.iter().collect::<Vec<_>>(), &plan).iter().map(|told| told.names.len()).collect();
    assert_eq!(told, [5, 5]);
}
