//! No plan makes a comment too long, and none crowds out what goes away: whoever writes long reasons, or
//! widens much at once, hides nothing by it.

use proptest::prelude::*;

use super::{LIMIT, plan};
use crate::model::access::{AccessChange, Fate, Holders, Principal, Widening, Widens};
use crate::model::lint::Allowed;
use crate::model::op::Sql;
use crate::model::{Addr, Category, Finding, Plan, Severity};
use crate::plan::access;
use crate::plan::testing::{Fake, script};

/// A plan of which each statement is a migration's.
fn running(statements: &[String]) -> Plan {
    let mut fake = Fake::new();
    fake.declare([script("tenant.acme.migration[\"V1__x.sql\"]")]);
    let mut plan = fake.plan();
    plan.steps[0].ops = statements
        .iter()
        .map(|statement| {
            let mut sql = Sql::new(statement.clone());
            sql.database = Some("d".into());
            sql.into()
        })
        .collect();
    plan
}

fn dropping(columns: usize) -> Plan {
    let statements = (0..columns).map(|at| format!("ALTER TABLE events DROP COLUMN c{at}"));
    running(&statements.collect::<Vec<_>>())
}

fn allowed(finding: Finding, reason: &str) -> Allowed {
    Allowed { finding, reason: Some(reason.to_owned()), place: None }
}

fn warning(code: &'static str, summary: impl Into<String>) -> Finding {
    Finding::new(code, Severity::Warning, Category::Access, summary)
}

/// Roles that each gain the same, but for one of them.
fn gaining(plan: &mut Plan, roles: usize) {
    let change = |at: usize| {
        let principal = format!("analyst_of_region_{at:05}");
        let database = if at + 1 == roles { "payroll" } else { "finance" };
        AccessChange {
            addr: Addr::new("role", "team").instance(&principal).part("grants"),
            principal,
            of: Principal::Role,
            tenant: None,
            fate: Fate::Changed,
            ordinary: false,
            gains: Vec::new(),
            loses: Vec::new(),
            joins: Vec::new(),
            leaves: Vec::new(),
            widens: vec![Widening {
                way: Widens::Reads,
                what: format!("read {database}.* (SELECT)"),
                tenants: Vec::new(),
            }],
            held_by: Holders::default(),
            unread: Vec::new(),
        }
    };
    plan.access = (0..roles).map(change).collect();
    plan.findings.extend(access::widening(&plan.access));
}

#[test]
fn long_reasons_crowd_out_nothing() {
    let mut plan = dropping(25);
    let reason = |at: usize| format!("{at} {}", "because ".repeat(700));
    plan.allowed = (0..25)
        .map(|at| allowed(warning("CH102", format!("a migration removes column c{at}")), &reason(at)))
        .collect();
    let comment = super::plan(&plan, false);
    assert!(comment.len() <= LIMIT, "{}", comment.len());
    for at in 0..25 {
        assert!(comment.contains(&format!("**drops column** `c{at} of d.events`")), "{at}");
    }
    assert!(comment.contains("charter apply --approve"));
}

#[test]
fn thousands_who_gain_something_hide_neither_a_drop_nor_the_one_who_gains_something_else() {
    let mut plan = dropping(1);
    gaining(&mut plan, 4_000);
    let comment = super::plan(&plan, false);
    assert!(comment.len() <= LIMIT, "{}", comment.len());
    assert!(comment.contains("**drops column** `c0 of d.events`"), "{comment:.2000}");
    assert!(comment.contains("payroll") && comment.contains("`analyst_of_region_03999`"), "{comment:.2000}");
    let named = comment.matches("analyst_of_region_").count();
    assert!(named > 500, "{named}");
    // Who has not seen all of them is not asked to approve it.
    assert!(comment.contains("of those whose access widens"), "{comment:.2000}");
    assert!(!comment.contains("--approve") && comment.contains("`charter show`"), "{comment:.2000}");
}

#[test]
fn errors_of_many_crowd_out_nothing() {
    let mut plan = dropping(3);
    let error = |at: usize, tenant: usize| {
        let addr = Addr::new("tenant", &format!("tenant_of_region_{tenant:05}"));
        Finding::new("CH201", Severity::Error, Category::Access, format!("object {at} exists")).at(&addr)
    };
    plan.findings = (0..20).flat_map(|at| (0..1_000).map(move |tenant| error(at, tenant))).collect();
    let comment = super::plan(&plan, false);
    assert!(comment.len() <= LIMIT, "{}", comment.len());
    assert!(comment.contains("`c2 of d.events`") && comment.contains("`CH201`"), "{comment:.2000}");
}

#[test]
fn what_is_allowed_still_widens() {
    let mut plan = dropping(0);
    gaining(&mut plan, 1);
    plan.allowed =
        plan.findings.drain(..).map(|finding| Allowed { finding, reason: None, place: None }).collect();
    let comment = super::plan(&plan, false);
    assert!(comment.contains("**1 change that widens access.**"), "{comment}");
    assert!(comment.contains("- **allowed** `CH242`"), "{comment}");
    assert!(comment.contains("allowed by the lint block"), "{comment}");
}

#[test]
fn what_is_not_judged_is_not_said_to_widen_nothing() {
    let mut plan = dropping(0);
    gaining(&mut plan, 1);
    plan.findings.clear();
    plan.access[0].widens.clear();
    assert!(super::plan(&plan, false).contains("Nothing is destroyed, and no access widens."));
    plan.access[0].unread.push("GRANT what".into());
    let comment = super::plan(&plan, false);
    assert!(!comment.contains("no access widens"), "{comment}");
    assert!(comment.contains("What 1 statement does to access is not judged."), "{comment}");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_]{1,20}", "[@#<`|*\u{202e} ]{1,40}", "[a-z@]{3}".prop_map(|text| text.repeat(1_000))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn no_plan_is_too_long_and_what_goes_away_is_named_or_counted(
        drops in 0_usize..900,
        wide in 0_usize..60,
        name in text(),
        findings in prop::collection::vec((0_usize..4, text()), 0..80),
        reasons in prop::collection::vec(text(), 0..40),
        roles in 0_usize..200,
    ) {
        let ident = |at: usize| format!("n{at}_{}", if at < wide { name.replace('`', "'") } else { String::new() });
        let statements: Vec<String> = (0..drops).map(|at| format!("DROP TABLE `{}`", ident(at))).collect();
        let mut plan = running(&statements);
        gaining(&mut plan, roles);
        let severities = [Severity::Error, Severity::Decision, Severity::Warning, Severity::Drift];
        for (at, (severity, text)) in findings.iter().enumerate() {
            let finding = Finding::new("CH201", severities[*severity], Category::Access, format!("{at} {text}"));
            plan.findings.push(finding.compare(text, text).help(text));
        }
        plan.allowed = reasons.iter().map(|reason| allowed(warning("CH102", reason), reason)).collect();
        let comment = plan_of(&plan);
        prop_assert!(comment.len() <= LIMIT, "{}", comment.len());
        let named = (0..drops).filter(|at| comment.contains(&format!("d.n{at}_"))).count();
        let missing = drops - named;
        if missing > 0 {
            prop_assert!(comment.contains(&format!("left out are {missing} of the objects")), "{missing}");
            prop_assert!(!comment.contains("--approve"));
        }
    }
}

fn plan_of(one: &Plan) -> String {
    plan(one, false)
}
