//! What a plan tells of access, on the live engines: drift that is mended, a widening, a tenant's
//! hands on another one; and that what is told is what the engine then allows.

use serde_json::Value as Json;

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "access_made_by_hand_is_told_as_lost", cluster: false, engines: NEWEST, run: drift },
        Scenario {
            name: "what_widens_is_told_before_it_does",
            cluster: false,
            engines: NEWEST,
            run: widening,
        },
        Scenario { name: "a_confined_tenant_has_no_holes", cluster: false, engines: NEWEST, run: confined },
    ]
}

const TENANTS: &str = "tenant \"@_a\" {\n  privileges = charter.presets.confined\n}\ntenant \"@_b\" {}\n";

/// Returns what the JSON plan tells of a role's or user's access.
#[track_caller]
fn access(project: &Project, principal: &str) -> Json {
    let output = project.charter(&["plan", "--format", "json"]).exits(0);
    let plan: Json = serde_json::from_str(&output.stdout).unwrap();
    let all = plan["access"].as_array().expect("access is an array").clone();
    all.into_iter().find(|change| change["principal"] == principal).expect("the principal is told")
}

fn drift(project: &mut Project) {
    project.write("tenants.hcl", TENANTS);
    project.schema("b", "V1__t.sql", "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
    let _ = project.apply();
    let (a, b) = (project.name("a"), project.name("b"));
    let (role, user) = (format!("role_tenant_{a}"), format!("user_tenant_{a}"));
    let by_hand = |statement: &str| _ = project.clickhouse.admin(statement);
    by_hand(&format!("GRANT SELECT(id), INSERT ON tenant_{b}.t TO {role}"));
    by_hand(&format!("REVOKE INSERT ON tenant_{a}.* FROM {role}"));
    assert_eq!(project.as_tenant("a", &format!("SELECT count(id) FROM tenant_{b}.t")).status, 200);

    let _ = project
        .charter(&["plan"])
        .exits(0)
        .says(&format!("access of role {role}, held by user {user}:"))
        .says(&format!("gains  write tenant_{a}.* (INSERT)"))
        .says(&format!("loses  read and write tenant_{b}.t (SELECT(id), INSERT)"))
        .never_says("Access that widens");
    let change = access(project, &role);
    assert_eq!((&change["type"], &change["fate"]), (&"role".into(), &"changed".into()), "{change}");
    assert_eq!(change["gains"][0]["privileges"], serde_json::json!(["INSERT"]), "{change}");
    assert_eq!(change["loses"][0]["on"], serde_json::json!([format!("tenant_{b}.t")]), "{change}");
    assert_eq!(change["held_by"]["users"], serde_json::json!([user]), "{change}");
    assert_eq!(change["widens"], serde_json::json!([]), "{change}");

    let _ = project.apply();
    assert_ne!(project.as_tenant("a", &format!("SELECT count(id) FROM tenant_{b}.t")).status, 200);
    let none = project.charter(&["plan", "--format", "json"]).exits(0);
    let plan: Json = serde_json::from_str(&none.stdout).unwrap();
    assert_eq!((&plan["access"], &plan["findings"]), (&serde_json::json!([]), &serde_json::json!([])));
    project.unchanged();
}

const GRANTS: &str =
    "role \"r\" {\n  name = \"@_r\"\n  grant {\n    privileges = [PRIVILEGES]\n    on = \"ON\"\n  }\n}\n";

fn widening(project: &mut Project) {
    let role = |privileges: &str, on: &str| {
        let text = GRANTS.replace("PRIVILEGES", privileges).replace("ON\"", &format!("{on}\""));
        format!(
            "{TENANTS}database \"@_d\" {{}}\n{text}user \"u\" {{\n  name = \"@_u\"\n  roles = [role.r]\n  credentials {{}}\n}}\nsecret \"u\" {{\n  name = \"@-u\"\n  credentials = user.u\n}}\n"
        )
    };
    project.write("tenants.hcl", &role("\"SELECT\"", "@_d.*"));
    let first = project.charter(&["plan"]).exits(0);
    let _ = first.says("gains  read").says("through").never_says("Access that widens");
    let _ = project.apply();
    let (name, user, b) = (project.name("r"), project.name("u"), project.name("b"));

    project.write("tenants.hcl", &role("\"SELECT\", \"INSERT\"", "@_d.*"));
    let text = project.charter(&["plan"]).exits(0);
    let _ = text
        .says("Access that widens")
        .says("CH243")
        .says(&format!(
            "role {name} may change what it could not change: write {}.* (INSERT)",
            project.name("d")
        ))
        .says(&format!("held by user {user}"));
    let _ = project.apply();

    project.write("tenants.hcl", &role("\"SELECT\"", "tenant_@_b.*"));
    let _ = project.charter(&["plan"]).exits(0).says("CH247").says(&format!("the data of tenant {b}"));
    let change = access(project, &name);
    assert_eq!(change["widens"][0]["way"], "crosses_tenants", "{change}");
    assert_eq!(change["widens"][0]["tenants"], serde_json::json!([b]), "{change}");
    let _ = project.apply();

    project.write("tenants.hcl", &role("\"ALL\"", "@_d.*"));
    let _ = project.charter(&["plan"]).exits(0).says("CH245").says("(ALL)");
    let _ = project.apply();
    project.unchanged();
}

fn confined(project: &mut Project) {
    project.write("tenants.hcl", TENANTS);
    let b = project.name("b");
    let plan = project.charter(&["plan"]).exits(0).says("CH250").says("charter.presets.confined");
    assert_eq!(plan.stdout.matches("CH250").count(), 1, "{}", plan.stdout);
    let _ = plan.says(&format!("CH250 tenant.{b} may CREATE DICTIONARY"));
    let _ = project.apply();
    let _ = project.charter(&["plan"]).exits(0).says("No changes.").never_says("CH250");
    let _ = project.charter(&["check"]).exits(0).says("note CH250").says("note CH252");
    let dictionary =
        "CREATE DICTIONARY d (id UInt64) PRIMARY KEY id SOURCE(NULL()) LAYOUT(FLAT()) LIFETIME(0)";
    for (statement, allowed) in [
        ("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id", true),
        ("INSERT INTO t VALUES (1)", true),
        ("ALTER TABLE t ADD COLUMN note String", true),
        ("CREATE VIEW v AS SELECT id FROM t", true),
        ("TRUNCATE TABLE t", true),
        ("DROP VIEW v", true),
        (dictionary, false),
        ("DROP DATABASE DB", false),
    ] {
        let database = format!("tenant_{}", project.name("a"));
        let answer = project.as_tenant("a", &statement.replace("DB", &database));
        assert_eq!(answer.status == 200, allowed, "{statement}: {}", answer.body);
    }
    project.unchanged();
}
