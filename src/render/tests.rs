//! How plans and checks look, for people and for programs.

use serde_json::{Value as Json, json};

use super::check::Report;
use super::{check, json, text};
use crate::model::access::{
    AccessChange, Doing, Fate, GrantOption, Holders, Principal, Right, Widening, Widens,
};
use crate::model::op::{KubeApply, KubeWrite, Login, Op, Slot, SlotSource, Sql, Text};
use crate::model::snapshot::Api;
use crate::model::{Action, Category, Finding, Plan, Resource, Secret, Severity, Value};
use crate::plan::testing::{Fake, addr, script, thing};

const NARROW: text::Options = text::Options { color: false, width: 80, sql: false, expand: false };

fn of_tenant(mut resource: Resource, slug: &str) -> Resource {
    resource.tenant = Some(slug.to_owned());
    resource
}

/// A tenant to create, a role to change, one to remove, one that is retained, a migration.
fn small() -> Fake {
    let mut fake = Fake::new();
    let mut kept = thing("tenant.initech.database");
    kept.retained = true;
    kept.identity = "tenant_initech".into();
    let analyst = |comment: &str, hosts: &[&str]| {
        let hosts = Value::strings(hosts.iter().copied());
        thing("role.analyst").with("comment", comment).with("hosts", hosts)
    };
    fake.declare([kept, thing("role.gone"), analyst("reads", &["10.0.0.0/8"])]);
    fake.apply();
    let role = thing("tenant.acme.role");
    let user = thing("tenant.acme.user")
        .with("password", Value::Secret(Secret::new("hunter5")))
        .with("roles", Value::strings(["role_tenant_acme"]))
        .after(addr("tenant.acme.role"));
    let migration =
        script("tenant.acme.migration[\"schema/V1002__events.sql\"]").after(addr("tenant.acme.user"));
    let all = [role, user, migration].map(|resource| of_tenant(resource, "acme"));
    fake.declare(
        all.into_iter().chain([analyst("reads\nand writes", &["10.0.0.0/8", "192.168.0.0/16", "::1"])]),
    );
    fake
}

#[test]
fn a_plan_reads_like_terraforms() {
    insta::assert_snapshot!(text::plan(&small().plan(), &NARROW), @r#"
    Scope platform, environment development, ClickHouse 25.8.2.29.
    + create   ~ change   - destroy   > run

    Tenant acme

      + tenant.acme.role                                   thing   role
      + tenant.acme.user                                   thing   user
          password: (sensitive value)
          roles: ["role_tenant_acme"]
      > tenant.acme.migration["schema/V1002__events.sql"]  script  1 statement

    Outside of tenants

      ~ role.analyst  thing  analyst
          ~ comment:
              @@ -1 +1,2 @@
                reads
              + and writes
          ~ hosts: ["10.0.0.0/8"] -> ["10.0.0.0/8", "192.168.0.0/16", "::1"]
      - role.gone     thing  gone

    No longer declared, kept on the servers

      tenant.initech.database  thing  tenant_initech
      help: to bring it back, declare tenant.initech again
      help: to remove it: removed { from = tenant.initech }

    Plan: 2 to create, 1 to change, 1 to destroy; 1 migration (1 statement).
    "#);
}

#[test]
fn every_operation_is_shown_as_it_will_be_run() {
    let mut plan = Fake::new().plan();
    let slot = Slot::of(addr("tenant.acme.user"));
    let source = SlotSource::Generate { length: 32 };
    plan.slots.insert(slot.clone(), source);
    let mut fake = Fake::new();
    fake.declare([thing("user.a")]);
    let mut step = fake.plan().steps.remove(0);
    let mut sql =
        Sql::new("CREATE TABLE t (\n\tid UInt8\u{1b}\n)").param("p", Text::Plain("it's \"x\"".into()));
    sql.login = Login::User { name: "user_tenant_acme".into(), slot: slot.clone() };
    sql.database = Some("tenant_acme".into());
    let apply = KubeApply {
        api: Api::secrets(),
        namespace: "operations".into(),
        name: "a".into(),
        manager: "charter".into(),
        object: json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}),
        data: [
            ("password".to_owned(), Text::Slot(slot, crate::model::op::Part::Password)),
            ("database".to_owned(), Text::Plain("tenant_acme".into())),
            ("key".to_owned(), Text::Sensitive(Secret::new("hunter5"))),
        ]
        .into(),
        mode: KubeWrite::Create,
        prune: Vec::new(),
    };
    step.ops.splice(1..2, [Op::from(sql), Op::from(apply)]);
    plan.steps = vec![step];
    let shown = text::plan(&plan, &text::Options { sql: true, ..NARROW });
    assert!(!shown.contains("hunter5") && !shown.contains('\u{1b}'));
    insta::assert_snapshot!(shown, @r#"
    Scope platform, environment development, ClickHouse 25.8.2.29.
    + create

      + user.a  thing  a
          1. record in ops.charter_resources: digest=d38465…417ea9
             spec={"after":[],"attrs":…alse,"tenant":null} status=claimed
          2. ClickHouse, as user_tenant_acme in tenant_acme:
             CREATE TABLE t (
             	id UInt8\u{1b}
             )
               p = "it's \"x\""
          3. create Secret operations/a, field manager charter:
             apiVersion: v1
             kind: Secret
             metadata:
               name: a
             stringData:
               database: tenant_acme
               key: (sensitive value)
               password: (made when applying)
          4. record in ops.charter_resources: digest=d38465…417ea9
             spec={"after":[],"attrs":…alse,"tenant":null} status=applied

    Plan: 1 to create, 0 to change, 0 to destroy.
    "#);
}

#[test]
fn what_is_found_is_told_with_what_to_do() {
    let mut fake = Fake::new();
    fake.put("thing", "a", json!({"size": "1"}));
    fake.declare([thing("role.a").with("size", "2").with("comment", "x")]);
    insta::assert_snapshot!(text::plan(&fake.plan(), &NARROW), @r#"
    Findings

      error CH201 role.a: thing a exists and is not charter's
        expected  comment: "x"
                  size: "2"
        found     comment: nothing
                  size: "1"
        help: to take it over and make it as declared: import { to = role.a }
        help: to take it over as it is, declare it so: charter import writes it
        help: or choose another name

    Nothing to apply, but 1 finding: 1 error.
    This plan cannot be applied before its errors are mended and its decisions made.
    "#);
}

#[test]
fn that_all_matches_is_said_only_where_it_does() {
    let mut fake = Fake::new();
    fake.declare([thing("role.a")]);
    fake.apply();
    let mut plan = fake.plan();
    plan.findings.push(Finding::new(
        "CH330",
        Severity::Note,
        Category::Secrets,
        "the old password lasts until noon",
    ));
    let noted = text::plan(&plan, &NARROW);
    assert!(noted.contains("noon") && noted.ends_with(&format!("{}\n", text::NO_CHANGES)), "{noted}");
    let drift = Finding::new("CH501", Severity::Drift, Category::Tables, "a managed table is missing");
    plan.findings.push(drift);
    let drifted = text::plan(&plan, &NARROW);
    assert!(drifted.ends_with("Nothing to apply, but 2 findings: 1 drift, 1 note.\n"), "{drifted}");
    assert_eq!(text::plan(&Fake::new().plan(), &NARROW), format!("{}\n", text::NO_CHANGES));
}

/// A plan in which every text is hostile.
fn hostile() -> Plan {
    let nasty = "x\n\u{1b}[2J\r\u{202e}\"'`🦀".to_owned() + &"é".repeat(300);
    let mut resource =
        thing("role.a").with(&nasty, nasty.as_str()).with("list", Value::strings([&nasty, &nasty]));
    resource.addr = addr("tenant.x").instance(&nasty);
    resource.identity.clone_from(&nasty);
    resource.tenant = Some(nasty.clone());
    let mut fake = Fake::new();
    fake.settings.scope.clone_from(&nasty);
    fake.declare([resource.clone()]);
    let mut plan = fake.plan();
    plan.steps[0].notes.push(nasty.clone());
    let finding = Finding::new("CH201", Severity::Error, Category::Access, nasty.as_str());
    plan.findings
        .push(finding.at(&resource.addr).compare(nasty.as_str(), nasty.as_str()).help(nasty.as_str()));
    let mut update = plan.steps[0].clone();
    update.id = 1;
    update.action = Action::Update;
    update.diff =
        super::super::kinds::diff_attrs(&resource.attrs, &[("list".to_owned(), Value::Null)].into());
    plan.steps.push(update);
    plan
}

#[test]
fn hostile_texts_stay_on_their_lines_and_within_the_width() {
    for width in [80, 200] {
        let shown = text::plan(&hostile(), &text::Options { width, ..NARROW });
        for line in shown.lines() {
            assert!(line.chars().count() <= width, "{line}");
            assert!(line.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{line}");
        }
        let starts = |sign: &str| shown.lines().filter(|line| line.starts_with(sign)).count();
        assert_eq!((starts("  + "), starts("  ~ ")), (1, 1), "{shown}");
    }
    let shown = text::plan(&hostile(), &text::Options { sql: true, ..NARROW });
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
}

#[test]
fn colour_is_added_and_changes_nothing_else() {
    let plan = small().plan();
    let plain = text::plan(&plan, &NARROW);
    let coloured = text::plan(&plan, &text::Options { color: true, ..NARROW });
    assert!(coloured.contains("\u{1b}[32m+ \u{1b}[0m"));
    let mut stripped = anstream::adapter::strip_str(&coloured).to_string();
    assert_eq!(stripped.len(), plain.len());
    stripped.truncate(plain.len());
    assert_eq!(stripped, plain);
}

#[test]
fn programs_read_terraforms_format() {
    let document = json::plan(&small().plan(), "0.1.0");
    assert!(!document.to_string().contains("hunter5"));
    let changes = document["resource_changes"].as_array().unwrap();
    let short: Vec<Json> = changes
        .iter()
        .map(|change| json!([change["address"], change["type"], change["name"], change["change"]["actions"]]))
        .collect();
    assert_eq!(
        short,
        [
            json!(["role.analyst", "thing", "analyst", ["update"]]),
            json!(["tenant.acme.role", "thing", "acme.role", ["create"]]),
            json!(["tenant.acme.user", "thing", "acme.user", ["create"]]),
            json!([
                "tenant.acme.migration[\"schema/V1002__events.sql\"]",
                "script",
                "acme.migration",
                ["create"]
            ]),
            json!(["role.gone", "thing", "gone", ["delete"]]),
        ]
    );
    assert_eq!(changes[3]["index"], "schema/V1002__events.sql");
    assert_eq!(changes[2]["change"]["after_sensitive"], json!({"password": true}));
    assert_eq!(changes[2]["change"]["before"], Json::Null);
    assert_eq!(changes[4]["change"]["after"], Json::Null);
    assert_eq!(document["format_version"], "1.2");
    assert_eq!(document["summary"]["create"], 2);
    assert_eq!(document["steps"][2]["operations"].as_array().map(Vec::len), Some(3));
    assert_eq!(document["retained"][0]["address"], "tenant.initech.database");
    assert_eq!((&document["applyable"], &document["errored"]), (&json!(true), &json!(false)));
}

#[test]
fn an_adoption_is_an_import_that_changes_nothing() {
    let mut fake = Fake::new();
    fake.put("thing", "a", json!({"size": "1"}));
    fake.declare([thing("role.a").with("size", "1")]);
    let document = json::plan(&fake.plan(), "0.1.0");
    let change = &document["resource_changes"][0]["change"];
    assert_eq!(change["actions"], json!(["no-op"]));
    assert_eq!(change["importing"], json!({"id": "a"}));
    assert_eq!(change["before"], change["after"]);
    assert!(text::plan(&fake.plan(), &NARROW).ends_with("0 to destroy, 1 to adopt.\n"));
}

#[test]
fn a_check_answers_each_question() {
    let mut fake = Fake::new();
    fake.declare([thing("role.a").with("size", "2"), thing("role.b")]);
    fake.apply();
    let servers = fake.plan().servers;
    let report = |findings| Report {
        scope: "platform",
        environment: "development",
        servers: &servers,
        resources: 2,
        findings,
        allowed: &[],
        isolation: None,
    };
    let clean = check::text(&report(&[]), &NARROW);
    assert!(clean.ends_with("Clean: 2 resources are as declared.\n"), "{clean}");
    fake.put("thing", "a", json!({"size": "7"}));
    let mut findings = fake.check();
    findings.push(Finding::new("CH501", Severity::Drift, Category::Tables, "a managed table is missing"));
    let found = report(&findings);
    insta::assert_snapshot!(check::text(&found, &NARROW), @r#"
    ok   tracking   the expected migrations were applied
    FAIL access     databases, users, roles and grants are as declared
         drift CH212 role.a: thing a is not as declared
           expected  size: "2"
           found     size: "7"
           help: changed on the server since the last apply
           help: charter apply mends this; charter plan shows how
    FAIL tables     the managed tables are there, with their columns
         drift CH501 a managed table is missing
    ok   secrets    Secrets hold what they must
    ok   readiness  other controllers' objects are ready
    ok   charter    charter's own tables are in order

    2 findings: 2 drift.
    "#);
    let document = check::json(&found, "0.1.0");
    assert_eq!(document["clean"], false);
    let failed = document["categories"].as_array().unwrap().iter().filter(|category| category["ok"] == false);
    assert_eq!(failed.map(|category| category["category"].clone()).collect::<Vec<_>>(), ["access", "tables"]);
}

/// A change of access in which every text is hostile.
fn hostile_access(addr: &crate::model::Addr) -> AccessChange {
    let nasty = "x\n\u{1b}[2J\u{202e}".to_owned() + &"é".repeat(100);
    let right = |through: Vec<String>| Right {
        does: vec![Doing::Read, Doing::Administer],
        privileges: vec!["SELECT".into(), nasty.clone()],
        on: vec![nasty.clone(); 40],
        except: vec![nasty.clone()],
        unchanged: vec!["kept.*".into()],
        grant_option: GrantOption::With,
        through,
    };
    AccessChange {
        addr: addr.clone(),
        principal: nasty.clone(),
        of: Principal::Role,
        tenant: None,
        fate: Fate::Changed,
        ordinary: false,
        gains: vec![right(Vec::new()); 30],
        loses: vec![right(vec![nasty.clone()])],
        joins: Vec::new(),
        leaves: Vec::new(),
        widens: vec![Widening { way: Widens::Reads, what: nasty.clone(), tenants: Vec::new() }],
        held_by: Holders { users: vec![nasty.clone()], count: 481 },
        unread: vec![nasty.clone()],
    }
}

#[test]
fn what_access_is_told_stays_on_its_lines_and_within_the_width() {
    let mut plan = small().plan();
    let addr = plan.steps[0].addr.clone();
    plan.access = vec![hostile_access(&addr)];
    let finding = crate::plan::lint::READS_MORE.finding(Category::Access, plan.access[0].principal.as_str());
    plan.findings.push(finding.at(&addr));
    let shown = text::plan(&plan, &NARROW);
    for line in shown.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert!(line.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{line}");
    }
    assert_eq!(shown.matches("gains  ").count(), 9, "long lists are cut");
    assert!(shown.contains("and 22 more rights") && shown.contains("and 480 more"), "{shown}");
    assert!(shown.find("Access that widens") < shown.find("Plan: "));
    let access = &json::plan(&plan, "0.1.0")["access"][0];
    assert_eq!(access["gains"].as_array().map(Vec::len), Some(30), "and whole for programs");
    assert_eq!(access["gains"][0]["grant_option"], "with");
    assert_eq!((&access["type"], &access["fate"]), (&json!("role"), &json!("changed")));
    let lines = super::lines::plan(&plan);
    let told: Vec<&Json> = lines.iter().filter(|line| line["type"] == "access_change").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(&told[0]["access"], access);
}

#[test]
fn what_is_ordinary_or_told_with_a_role_takes_no_line() {
    let mut plan = small().plan();
    let addr = plan.steps[0].addr.clone();
    let right = |through: &[&str]| Right {
        does: vec![Doing::Read],
        privileges: vec!["SELECT".into()],
        on: vec!["db.*".into()],
        except: Vec::new(),
        unchanged: Vec::new(),
        grant_option: GrantOption::No,
        through: through.iter().map(|role| (*role).to_owned()).collect(),
    };
    let change = |of: Principal, name: &str, gains: Vec<Right>| AccessChange {
        of,
        principal: name.into(),
        gains,
        loses: Vec::new(),
        unread: Vec::new(),
        held_by: Holders::default(),
        ..hostile_access(&addr)
    };
    let ordinary = AccessChange { ordinary: true, ..change(Principal::Role, "new", vec![right(&[])]) };
    let role = change(Principal::Role, "r", vec![right(&[])]);
    let user = change(Principal::User, "u", vec![right(&["r"])]);
    let other = change(Principal::User, "v", vec![right(&["q"])]);
    let same = change(Principal::User, "w", Vec::new());
    plan.access = vec![ordinary, role, user, other, same];
    let shown = text::plan(&plan, &NARROW);
    let told: Vec<&str> = shown.lines().map(str::trim).filter(|line| line.contains("access of")).collect();
    assert_eq!(told, ["access of role r:", "access of user v:", "access of user w:"], "{shown}");
    assert!(shown.contains("gains  read db.* (SELECT), through q"), "{shown}");
    assert!(shown.contains("what it may do stays the same"), "{shown}");
}
