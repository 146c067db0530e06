//! Comments of plans: what they hold, how long they are, and what a parser makes of them.

use comrak::nodes::NodeValue;
use comrak::{Arena, parse_document};

use super::escape::tests::{github, references};
use super::{LIMIT, Level, Rung, View, compose, plan};
use crate::model::op::Sql;
use crate::model::{Action, Category, Finding, Plan, Resource, Severity, Value};
use crate::plan::testing::{Fake, addr, script, thing};

/// A role and a migration for each tenant, the same for all.
fn tenants(count: usize) -> Fake {
    let mut fake = Fake::new();
    fake.declare((0..count).flat_map(|at| tenant(&format!("t{at:04}"))));
    fake
}

fn tenant(slug: &str) -> [Resource; 2] {
    let mut role = thing(&format!("tenant.{slug}.role")).with("name", format!("role_tenant_{slug}").as_str());
    role.identity = format!("role_tenant_{slug}");
    let file = script(&format!("tenant.{slug}.migration[\"events/V3__x.sql\"]")).after(role.addr.clone());
    [role, file].map(|mut resource| {
        resource.tenant = Some(slug.to_owned());
        resource
    })
}

/// Makes the migration of a tenant drop a table.
fn drop_table(plan: &mut Plan, slug: &str) {
    let mine = |step: &&mut crate::model::Step| step.tenant.as_deref() == Some(slug);
    let steps = plan.steps.iter_mut().filter(mine);
    for step in steps.filter(|step| matches!(step.action, Action::Execute { .. })) {
        let mut sql = Sql::new("DROP TABLE events_old SYNC");
        sql.database = Some(format!("tenant_{slug}"));
        step.ops = vec![sql.into()];
    }
}

/// Makes each tenant differ, so that nothing folds.
fn differ(plan: &mut Plan) {
    for (at, step) in plan.steps.iter_mut().enumerate() {
        step.notes.push(format!("note {at}"));
    }
}

/// Returns the comment as a parser sees it: the kinds of top-level blocks, checked for anything that
/// is not ours.
fn blocks(comment: &str) -> Vec<&'static str> {
    let arena = Arena::new();
    let root = parse_document(&arena, comment, &github());
    let mut open = 0;
    for node in root.descendants() {
        match &node.data.borrow().value {
            NodeValue::Link(link) => panic!("a link to {}", link.url),
            NodeValue::Image(_) | NodeValue::Emph | NodeValue::Strikethrough | NodeValue::BlockQuote => {
                panic!("{:?}", node.data.borrow().value)
            }
            NodeValue::HtmlInline(html) => assert_eq!(html, "<br>"),
            NodeValue::HtmlBlock(block) => {
                let html = &block.literal;
                open += html.matches("<details>").count();
                assert!(open >= html.matches("</details>").count(), "{html}");
                open -= html.matches("</details>").count();
                let ours = ["<details><summary>", "</details>\n", "<!-- charter:"];
                assert!(ours.iter().any(|start| html.starts_with(start)), "{html}");
            }
            NodeValue::Text(text) => assert_eq!(references(text), [""; 0], "{text}"),
            _ => {}
        }
    }
    assert_eq!(open, 0, "folded sections are closed");
    let kind = |value: &NodeValue| match value {
        NodeValue::HtmlBlock(_) => "html",
        NodeValue::Heading(_) => "heading",
        NodeValue::Table(_) => "table",
        NodeValue::List(_) => "list",
        NodeValue::CodeBlock(_) => "code",
        _ => "paragraph",
    };
    root.children().map(|node| kind(&node.data.borrow().value)).collect()
}

#[test]
fn one_dropped_table_among_five_thousand_tenants_stands_at_the_top() {
    let mut plan = tenants(5_000).plan();
    drop_table(&mut plan, "t3217");
    for folded in [true, false] {
        if !folded {
            differ(&mut plan);
        }
        let comment = super::plan(&plan, false);
        assert!(comment.len() <= LIMIT, "{}", comment.len());
        let at = comment.find("**drops table** `tenant_t3217.events_old`");
        let at = at.unwrap_or_else(|| panic!("{comment:.2000}"));
        assert!(at < 800, "{at}");
        assert!(comment.find("<details>").is_none_or(|fold| fold > at));
        assert!(comment[at..].contains("`DROP TABLE events_old SYNC`"));
        assert_eq!(comment.contains("4999 tenants, the same for each"), folded);
        assert_eq!(comment.contains("Not everything is shown"), !folded);
        blocks(&comment);
    }
}

#[test]
fn names_of_what_goes_away_outlast_everything_else() {
    let mut plan = tenants(400).plan();
    (0..400).for_each(|at| drop_table(&mut plan, &format!("t{at:04}")));
    differ(&mut plan);
    let comment = super::plan(&plan, false);
    assert!(comment.len() <= LIMIT);
    for at in 0..400 {
        assert!(comment.contains(&format!("`tenant_t{at:04}.events_old`")), "{at}");
    }
    let mut plan = tenants(5_000).plan();
    (0..5_000).for_each(|at| drop_table(&mut plan, &format!("t{at:04}")));
    let comment = super::plan(&plan, false);
    assert!(comment.len() <= LIMIT && comment.len() > LIMIT - 2_000, "{}", comment.len());
    let shown = comment.matches(".events_old`").count();
    assert!(shown > 1_000, "{shown}");
    assert!(comment.contains("**drops table** (5000): `tenant_t0000.events_old`, "));
    assert!(comment.contains(&format!("left out are {} of the objects", 5_000 - shown)), "{comment:.1000}");
    blocks(&comment);
}

#[test]
fn each_level_says_what_it_leaves_out() {
    let mut plan = tenants(6).plan();
    differ(&mut plan);
    drop_table(&mut plan, "t0001");
    let view = View::new(&plan, false);
    let mut longest = usize::MAX;
    for level in Level::ALL {
        let comment = compose(&view, level, Rung::Statements);
        assert!(comment.len() < longest, "{level:?}");
        longest = comment.len();
        assert_eq!(comment.contains("Not everything is shown here"), level > Level::Full);
        assert!(comment.contains("**drops table** `tenant_t0001.events_old`"), "{level:?}");
        assert!(comment.contains("digest"));
        blocks(&comment);
    }
}

#[test]
fn equal_work_is_told_once_and_a_tenant_that_differs_by_itself() {
    let mut plan = tenants(6).plan();
    let other = plan.steps.iter_mut().find(|step| step.tenant.as_deref() == Some("t0004")).unwrap();
    other.notes.push("an old name".into());
    let comment = super::plan(&plan, false);
    assert!(
        comment.contains("| 5 tenants, the same for each: `t0000`, `t0001`, `t0002`, `t0003`, `t0005` |"),
        "{comment}"
    );
    assert!(comment.contains("| `t0004` |"));
    assert!(comment.contains("+ tenant.<tenant>.role  thing  role_tenant_<tenant>"));
    assert!(comment.contains("- `events/V3__x.sql`: 6 tenants"));
    assert!(comment.starts_with("<!-- charter:plan scope=platform environment=development digest="));
    let expanded = super::plan(&plan, true);
    assert_eq!(expanded.matches("<details><summary>Tenant <code>").count(), 6, "{expanded}");
    let kinds = blocks(&comment);
    assert_eq!(kinds[..4], ["html", "heading", "paragraph", "paragraph"]);
    assert_eq!(kinds.iter().filter(|kind| **kind == "table").count(), 1);
}

#[test]
fn hostile_texts_stay_text() {
    let nasty =
        "x\n\n# y @org/team #12 GH-3 <b> </details> ``` | [a](http://b.c) \u{202e} 1234567 --> ```mermaid";
    let mut fake = Fake::new();
    fake.settings.scope = nasty.into();
    let resource = |name: &str| {
        let mut resource = thing("role.a").with("comment", nasty).with(nasty, Value::strings([nasty]));
        resource.addr = addr("tenant.x").instance(name);
        resource.identity = format!("{nasty}{name}");
        resource.tenant = Some(format!("{nasty}{name}"));
        resource
    };
    let first = resource("one");
    let second = resource(nasty).after(first.addr.clone());
    fake.declare([first.clone(), second]);
    let mut plan = fake.plan();
    plan.steps[0].notes.push(nasty.into());
    plan.steps[1].ops.push(Sql::new(format!("DROP TABLE `{}`", nasty.replace('`', "``"))).into());
    let finding = Finding::new("CH201", Severity::Error, Category::Access, nasty);
    plan.findings.push(finding.at(&first.addr).compare(nasty, nasty).help(nasty));
    for level in Level::ALL {
        let comment = compose(&View::new(&plan, false), level, Rung::Statements);
        blocks(&comment);
        assert!(comment.chars().all(|c| c == '\n' || !c.is_control()) && !comment.contains('\u{202e}'));
    }
    let comment = super::plan(&plan, false);
    let graph = comment.split("```mermaid\nflowchart LR\n").nth(1).expect("a graph");
    let graph = graph.split("\n```").next().unwrap();
    assert!(graph.lines().all(|line| line.starts_with("  s") && line.matches('"').count() != 1), "{graph}");
}

#[test]
fn a_plan_that_changes_nothing_is_short() {
    let comment = plan(&Fake::new().plan(), false);
    assert!(
        comment.contains("## No changes. ClickHouse and Kubernetes match the configuration."),
        "{comment}"
    );
    assert!(comment.len() < 400, "{comment}");
    blocks(&comment);
}
