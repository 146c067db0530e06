//! `charter plan --record`: what was read of a live server gives the same plan without it.

use serde_json::{Value as Json, json};

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "a_recording_of_a_server_gives_its_plan_offline",
        cluster: false,
        engines: NEWEST,
        run: drifted,
    }]
}

/// Compares what is planned offline with the plan of the server that was recorded.
const CASE: &str = r#"
run "as_planned" {
  observed = "recorded.json"

  assert {
    condition     = jsonencode(plan.changes) == jsonencode(jsondecode(file("tests/planned.json")).changes)
    error_message = "Planned: ${jsonencode(plan.changes)}"
  }

  assert {
    condition     = jsonencode(plan.sql) == jsonencode(jsondecode(file("tests/planned.json")).sql)
    error_message = "Planned: ${jsonencode(plan.sql)}"
  }

  assert {
    condition     = jsonencode(plan.summary) == jsonencode(jsondecode(file("tests/planned.json")).summary)
    error_message = "Planned: ${jsonencode(plan.summary)}"
  }
}
"#;

fn drifted(project: &mut Project) {
    project.write(
        "tenants.hcl",
        "tenant \"@_a\" {}\nrole \"@_r\" {\n  grant {\n    privileges = [\"SELECT\"]\n    \
         on         = \"${tenant.@_a.database}.*\"\n  }\n}\n",
    );
    project.schema("a", "V1__t.sql", "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
    let _ = project.apply();
    let (slug, role) = (project.name("a"), project.name("r"));
    let password = project.password(&slug);
    for statement in [
        format!("REVOKE INSERT ON tenant_{slug}.* FROM role_tenant_{slug}"),
        format!("GRANT INSERT ON tenant_{slug}.* TO {role}"),
        format!("REVOKE SELECT ON tenant_{slug}.* FROM {role}"),
    ] {
        project.clickhouse.admin(&statement);
    }

    project.write("tests/recorded.test.hcl", CASE);
    let planned = project.charter(&["plan", "--format", "json", "--record", "tests/recorded.json"]);
    let plan: Json = serde_json::from_str(&planned.exits(0).stdout).unwrap();
    let steps = plan["steps"].as_array().unwrap();
    let sql: Vec<&Json> = steps
        .iter()
        .flat_map(|step| step["operations"].as_array().unwrap())
        .filter_map(|operation| operation.get("sql")?.get("statement"))
        .collect();
    assert!(steps.len() >= 2 && sql.len() >= 3, "{plan:#}");
    let changes: Vec<&Json> = steps.iter().map(|step| &step["address"]).collect();
    let expected = json!({"changes": changes, "sql": sql, "summary": plan["summary"]});
    project.write("tests/planned.json", &expected.to_string());

    let recording = std::fs::read_to_string(project.file("tests/recorded.json")).unwrap();
    assert!(recording.contains(&format!("role_tenant_{slug}")), "{recording}");
    let admin = &project.clickhouse.password;
    for secret in [&password, admin].into_iter().filter(|secret| secret.len() >= 6) {
        assert!(!recording.contains(&**secret), "a password is in the recording");
    }

    // The server is mended, and cannot be reached: neither changes what is planned from the recording.
    let _ = project.apply();
    let url = std::mem::replace(&mut project.clickhouse.url, "http://127.0.0.1:1".to_owned());
    for (name, value) in &mut project.env {
        if name == "CLICKHOUSE_URL" {
            value.clone_from(&project.clickhouse.url);
        }
    }
    let _ = project.charter(&["test"]).exits(0).says("Success! 1 passed, 0 failed.");
    project.clickhouse.url = url;
}
