//! What steps do to access: chains of roles, dropped roles, what comes back, who holds what, and notes of a check.

use super::*;
use crate::kinds::common::grants::Declared as Words;
use crate::kinds::testing::{span, world_with};
use crate::model::access::{AccessChange, Fate, Right, Widens};
use crate::model::op::Sql;
use crate::model::registry::Registry;
use crate::model::resource::Desired;
use crate::model::snapshot::{Row, Snapshot};
use crate::model::{Digest, Op};

fn rows(json: serde_json::Value) -> Vec<Row> {
    serde_json::from_value(json).expect("rows")
}

/// A server with roles, users and the lines of `SHOW GRANTS`.
fn snapshot(roles: &[&str], users: &[&str], lines: &[&str]) -> Snapshot {
    let named = |names: &[&str]| rows(names.iter().map(|name| serde_json::json!({"name": name})).collect());
    let lines = lines.iter().map(|line| serde_json::json!({"GRANTS": line})).collect();
    let mut snapshot = Snapshot::default();
    snapshot.rows.insert(GRANTS, rows(lines));
    let privileges = include_str!("../../../tests/data/privileges-26.9.json");
    snapshot.rows.insert(PRIVILEGES, serde_json::from_str(privileges).expect("privileges"));
    snapshot.rows.insert(reads::ROLES, named(roles));
    snapshot.rows.insert(reads::USERS, named(users));
    snapshot
}

fn step(kind: &str, identity: &str, action: Action, statements: &[&str]) -> Step {
    Step {
        id: 0,
        after: Vec::new(),
        addr: Addr::new(kind, identity),
        kind: kind.into(),
        identity: identity.into(),
        tenant: None,
        action,
        before: None,
        desired: None,
        diff: Vec::new(),
        ops: statements.iter().map(|text| Op::from(Sql::new(*text))).collect(),
        notes: Vec::new(),
        costs: Vec::new(),
        expects: Digest::of_json(&serde_json::Value::Null),
        cause: crate::model::Cause::default(),
    }
}

fn changes(snapshot: &Snapshot, registry: &Registry, steps: &[Step]) -> Vec<AccessChange> {
    world_with(snapshot.clone(), registry, "26.9.1.1", |world| Grant.access(steps, world).changes)
}

fn told(changes: &[AccessChange]) -> String {
    let rights = |sign: char, rights: &[Right]| -> Vec<String> {
        rights.iter().map(|right| format!("  {sign} {}", right.words(sign == '-'))).collect()
    };
    let lines = changes.iter().flat_map(|change| {
        let held = if change.held_by.count > 0 {
            format!(" held by {}", change.held_by.words())
        } else {
            String::new()
        };
        let ways: Vec<String> = change.widens.iter().map(|widening| format!("{:?}", widening.way)).collect();
        let head =
            format!("{} {} {:?}{held} {}", change.of.word(), change.principal, change.fate, ways.join(" "));
        [vec![head.trim_end().to_owned()], rights('+', &change.gains), rights('-', &change.loses)].concat()
    });
    lines.collect::<Vec<_>>().join("\n")
}

const LIVE: [&str; 6] = [
    "GRANT SELECT ON reporting.* TO base",
    "GRANT base TO analyst",
    "GRANT INSERT ON reporting.daily TO analyst",
    "GRANT analyst TO bi",
    "GRANT SELECT ON finance.* TO bi",
    "GRANT base TO `we``ird` WITH ADMIN OPTION",
];

#[test]
fn a_users_access_goes_through_all_its_roles() {
    let snapshot = snapshot(&["base", "analyst"], &["bi", "new"], &LIVE);
    let steps = [
        step("grant", "base", Action::Update, &["GRANT SELECT ON sales.* TO base"]),
        step(
            "grant",
            "bi",
            Action::Update,
            &["REVOKE analyst FROM bi", "GRANT SELECT ON reporting.daily TO bi"],
        ),
        step("grant", "new", Action::Update, &["GRANT analyst TO new WITH ADMIN OPTION"]),
    ];
    insta::assert_snapshot!(told(&changes(&snapshot, &Registry::default(), &steps)), @"
    role base Changed held by user new Reads
      + read sales.* (SELECT)
    user bi Changed
      - read reporting.* (SELECT), but keeps reporting.daily, through base
      - write reporting.daily (INSERT), through analyst
    user new Changed Reads Writes GrantsOn
      + read reporting.*, sales.* (SELECT), through base
      + write reporting.daily (INSERT), through analyst
    ");
}

#[test]
fn a_role_that_goes_takes_its_rights_along() {
    let snapshot = snapshot(&["base", "analyst"], &["bi"], &LIVE);
    let steps = [
        step("grant", "base", Action::Delete, &[]),
        step("role", "base", Action::Delete, &["DROP ROLE `base`"]),
        step("grant", "analyst", Action::Update, &["REVOKE INSERT ON reporting.daily FROM analyst"]),
    ];
    insta::assert_snapshot!(told(&changes(&snapshot, &Registry::default(), &steps)), @"
    role analyst Changed held by user bi
      - read reporting.* (SELECT), through base
      - write reporting.daily (INSERT)
    role base Removed held by user bi
      - read reporting.* (SELECT)
    ");
}

fn recorded(grants: &Resource, tenant: Option<&str>) -> Registry {
    let attrs = crate::model::value::attrs_json(&grants.attrs);
    let row = serde_json::json!({
        "scope": "platform", "environment": "development", "address": grants.addr.to_string(), "kind": KIND,
        "identity": grants.identity, "status": "applied",
        "spec": serde_json::json!({"attrs": attrs, "tenant": tenant}).to_string(),
    });
    Registry::from_rows(&rows(serde_json::json!([row])), "platform")
}

fn whole(privileges: &[&str], on: &str) -> Resource {
    let privileges = privileges.iter().map(|word| (*word).to_owned()).collect();
    let words = Words { privileges, on: on.into(), ..Words::default() };
    let grantee = Grantee { privileges: vec![words], ..Grantee::new("analyst", GranteeType::Role) };
    grants::whole(Addr::new("grant", "analyst"), "analyst", vec![grantee], span())
}

#[test]
fn what_comes_back_is_gained_and_widens_nothing() {
    let snapshot = snapshot(&["analyst"], &[], &["GRANT SELECT ON reporting.* TO analyst"]);
    let registry = recorded(&whole(&["SELECT", "INSERT"], "reporting.*"), None);
    let steps =
        [step("grant", "analyst", Action::Update, &["GRANT INSERT, TRUNCATE ON reporting.* TO analyst"])];
    let changes = changes(&snapshot, &registry, &steps);
    assert_eq!(changes[0].gains[0].privileges, ["INSERT", "TRUNCATE"]);
    assert_eq!(changes[0].fate, Fate::Changed);
    assert_eq!(changes[0].widens.len(), 0, "it wrote as it was declared: {:?}", changes[0].widens);
    let without = self::changes(&snapshot, &Registry::default(), &steps);
    assert_eq!(without[0].widens[0].way, Widens::Writes);
}

#[test]
fn what_cannot_be_read_is_said() {
    let snapshot = snapshot(&["analyst"], &[], &[]);
    let steps = [step("grant", "analyst", Action::Update, &["GRANT CURRENT GRANTS TO"])];
    let changes = changes(&snapshot, &Registry::default(), &steps);
    assert_eq!(changes[0].unread, ["GRANT CURRENT GRANTS TO"]);
}

#[test]
fn a_check_notes_the_holes_of_many_tenants_once() {
    let tenant = |slug: String, privileges: &[&str]| {
        let mut resource = whole(privileges, &format!("tenant_{slug}.*"));
        resource.addr = Addr::new("tenant", &slug).part("grants");
        resource.tenant = Some(slug);
        resource
    };
    let base = ["SELECT", "INSERT", "ALTER", "CREATE", "DROP"];
    let mut wanted: Vec<Resource> = (0..4000).map(|n| tenant(format!("t{n}"), &base)).collect();
    wanted.push(tenant("loose".into(), &["SELECT", "CREATE DICTIONARY"]));
    wanted.push(tenant("confined".into(), &crate::kinds::common::convention::CONFINED));
    let wanted: Vec<&Resource> = wanted.iter().collect();
    let findings = world_with(snapshot(&[], &[], &[]), &Registry::default(), "26.9.1.1", |world| {
        Grant.survey(&wanted, world)
    });
    let lines: Vec<String> = findings
        .iter()
        .map(|found| format!("{} {:?} {}", found.code, found.severity, found.summary))
        .collect();
    assert!(findings.iter().all(|found| found.help[0].contains("charter.presets.confined")));
    insta::assert_snapshot!(lines.join("\n"), @"
    CH250 Note tenant.loose may CREATE DICTIONARY, which reads other databases through any account without a password and connects to other servers
    CH250 Note each of 4000 tenants (t0, t1, t10, t100 and 3996 more) may CREATE DICTIONARY, which reads other databases through any account without a password and connects to other servers
    CH251 Note each of 4000 tenants (t0, t1, t10, t100 and 3996 more) may drop its database as a whole, and make it anew
    CH252 Note each of 4000 tenants (t0, t1, t10, t100 and 3996 more) may alter the settings and the comment of its database
    ");
}

#[test]
fn four_thousand_new_tenants_are_told_quickly_and_shortly() {
    let mut desired = Desired::default();
    let mut steps = Vec::new();
    for slug in (0..4000).map(|n| format!("t{n}")) {
        let (role, user) = (format!("role_tenant_{slug}"), format!("user_tenant_{slug}"));
        let grant = format!("GRANT SELECT, INSERT, ALTER, CREATE, DROP ON tenant_{slug}.* TO {role}");
        steps.push(step("grant", &role, Action::Create, &[&grant, &format!("GRANT {role} TO {user}")]));
        let member = Grantee { roles: vec![role.clone()], ..Grantee::new(user, GranteeType::User) };
        let mut resource = grants::whole(Addr::new("grant", &role), &role, vec![member], span());
        resource.tenant = Some(slug);
        desired.resources.insert(resource.addr.clone(), resource);
    }
    let effects = world_with(snapshot(&[], &[], &[]), &Registry::default(), "26.9.1.1", |world| {
        Grant.access(&steps, &World { desired: &desired, ..*world })
    });
    assert_eq!(effects.changes.len(), 8000);
    assert!(effects.changes.iter().all(|change| change.ordinary && change.gains.len() == 1));
}
