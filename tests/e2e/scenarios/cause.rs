//! A change declared and a change by hand in one plan: told apart, on ClickHouse and in Kubernetes, with
//! who made it where the server keeps that.

use serde_json::{Value, json};

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "drift_is_told_apart_from_change",
        cluster: true,
        engines: NEWEST,
        run: told_apart,
    }]
}

fn declare(project: &Project, columns: &str, host: &str, threads: u8) {
    project.write(
        "tenants.hcl",
        &format!(
            r#"database "@_d" {{}}
role "analyst" {{
  name = "@_analyst"
  grant {{
    privileges = ["SELECT({columns})"]
    on         = "@_d.daily"
  }}
}}
role "batch" {{
  name     = "@_batch"
  settings = {{ max_threads = {threads} }}
}}
role "dropped" {{
  name = "@_dropped"
}}
secret "app" {{
  name   = "@-app"
  data   = {{ host = "{host}", mode = "fast" }}
  labels = {{ team = "data" }}
}}
"#
        ),
    );
}

/// Returns the cause of the step at an address.
fn cause<'a>(plan: &'a Value, addr: &str) -> &'a Value {
    let steps = plan["steps"].as_array().unwrap();
    &steps.iter().find(|step| step["address"] == addr).unwrap_or_else(|| panic!("no {addr} in {plan:#}"))["cause"]
}

fn told_apart(project: &mut Project) {
    declare(project, "day", "ch.example", 4);
    let _ = project.apply();

    // By hand: a grant, a setting, a dropped role, a label and a value of a Secret.
    let by_hand = |statement: &str| _ = project.clickhouse.admin(&statement.replace('@', &project.prefix));
    by_hand("GRANT INSERT ON @_d.daily TO @_analyst");
    by_hand("ALTER ROLE @_batch SETTINGS max_threads = 64");
    by_hand("DROP ROLE @_dropped");
    let secret = format!("{}-app", project.prefix.replace('_', "-"));
    let patch = json!({"metadata": {"labels": {"team": "web"}}, "data": {"mode": "c2xvdw=="}});
    project.cluster().edit("Secret", &secret, &patch);
    let _ = project
        .charter(&["check"])
        .exits(2)
        .says("changed on the server since the apply of")
        .says("kubectl-edit");

    // Declared: another column, another host.
    declare(project, "day, id", "ch2.example", 4);
    let text = project.charter(&["plan"]).exits(0);
    let text =
        text.says("newly declared").says("changed on the server since the apply of").says("by kubectl-edit");
    let _ = text.says("removed on the server since the apply of").says("made on the server");
    let plan = project.charter(&["plan", "--format", "json"]).exits(0).stdout;
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let moved = |addr: &str| cause(&plan, addr)["moved"].as_str().unwrap().to_owned();
    assert_eq!(moved("role.analyst.grants"), "both", "{plan:#}");
    assert_eq!(moved("role.batch"), "server", "{plan:#}");
    assert_eq!(moved("role.dropped"), "server", "{plan:#}");
    assert_eq!(moved("secret.app"), "both", "{plan:#}");
    let grants = cause(&plan, "role.analyst.grants");
    let insert = format!("INSERT ON {}_d.daily", project.prefix);
    assert_eq!(grants["drift"][0]["live"], json!([insert]), "{plan:#}");
    assert!(!grants["since"]["by"].as_str().unwrap().is_empty(), "who applied is known: {grants:#}");
    let traces = cause(&plan, "secret.app")["traces"].as_array().unwrap();
    assert!(traces.iter().any(|trace| trace["by"] == "kubectl-edit" && trace["at"] != ""), "{plan:#}");
    assert!(traces.iter().all(|trace| trace["what"] != "data.host"), "nobody else wrote it: {plan:#}");
    assert!(plan["resource_drift"].as_array().unwrap().len() >= 4, "{plan:#}");

    let _ = project.apply();
    project.unchanged();
}
