//! Saved plans that were used, expired or forged, or are of another configuration; and approval by digest.

use std::fs;

use serde_json::json;

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "a_saved_plan_is_applied_once_in_time_and_as_it_is",
        cluster: false,
        engines: NEWEST,
        run: once,
    }]
}

fn once(project: &mut Project) {
    let secret = |note: &str| {
        format!(
            "variable \"token\" {{ sensitive = true }}\nvariable \"plain\" {{ default = 1 }}\nsecret \"c\" {{\n  name = \"@-c\"\n  data = {{ token = var.token, note = \"{note}\" }}\n}}\nrole \"r\" {{ name = \"@_r\" }}\n"
        )
    };
    let token = |project: &mut Project, value: &str| {
        project.env.retain(|(name, _)| name != "CHARTER_VAR_token");
        project.env.push(("CHARTER_VAR_token".into(), value.into()));
    };
    let stale = |project: &Project, args: &[&str], told: &str| {
        let output = project.charter(args).exits(4);
        assert!(output.stderr.contains(told), "no {told:?}: {}", output.stderr);
    };
    token(project, "hunter5-one");
    project.write("main.hcl", &secret("one"));
    // The digest of a plan approves it and no other.
    let plan = project.charter(&["plan", "--format", "json"]).exits(0);
    let digest: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let digest = &digest["digest"].as_str().unwrap()[..12];
    stale(project, &["apply", "--approve", "0123456789ab"], digest);
    let _ = project.charter(&["apply", "--approve", &digest[..8]]).exits(0);
    project.unchanged();

    // The manifests folder moved.
    project.write("main.hcl", &secret("two"));
    let _ = project.charter(&["plan", "-o", "p.plan"]).exits(0);
    let manifest = project.file("out/manifests/operations/secret-@-c.yaml");
    let kept = fs::read(&manifest).unwrap();
    fs::remove_file(&manifest).unwrap();
    stale(project, &["apply", "p.plan"], "now: not there");
    assert!(!manifest.exists());
    fs::write(&manifest, &kept).unwrap();

    // Another sensitive value, another value, another file, another plan file.
    token(project, "hunter5-two");
    stale(project, &["apply", "p.plan"], "sensitive values is another: secret.c: token");
    token(project, "hunter5-one");
    stale(project, &["apply", "p.plan", "--var", "plain=2"], "variable plain: has another value");
    project.write("other.hcl", "locals {}\n");
    stale(project, &["apply", "p.plan"], "other.hcl: is new");
    project.remove("other.hcl");
    forged(project);
    project.env.push(("CHARTER_PLAN_KEY".into(), "k".repeat(32)));
    for args in [["apply", "p.plan"], ["show", "p.plan"]] {
        let refused = project.charter(&args).exits(1);
        assert!(refused.stderr.contains("nobody vouches for it"), "{}", refused.stderr);
    }
    let _ = project.charter(&["plan", "-o", "p.plan"]).exits(0);
    token(project, "hunter5-two");
    stale(
        project,
        &["apply", "p.plan"],
        "secret.c: token (update, operation 1): the sensitive value is another",
    );
    token(project, "hunter5-one");
    let _ = project.charter(&["apply", "p.plan", "--target", "role.r"]).exits(64);

    // With everything as it was it is applied: once.
    let _ = project.charter(&["apply", "p.plan"]).exits(0);
    project.unchanged();
    stale(project, &["apply", "p.plan"], "which did all of it: 1 step");
    let runs = format!(
        "SELECT count() FROM ops.charter_runs WHERE scope = '{}' AND plan_id != '' AND event = 'finished'",
        project.prefix
    );
    assert_eq!(project.clickhouse.admin(&runs), "1");

    project.write("main.hcl", &secret("three"));
    let _ = project.charter(&["plan", "-o", "p.plan", "--expires", "1s"]).exits(0);
    std::thread::sleep(std::time::Duration::from_secs(1));
    stale(project, &["apply", "p.plan"], "it expired at");
    let shown = project.charter(&["show", "p.plan"]).exits(0).says("It expired at");
    assert!(!shown.all().contains("hunter5"));
    let _ = project.apply();
}

/// Adds a statement of somebody else's to the plan, with digests that are right.
fn forged(project: &Project) {
    let text = fs::read_to_string(project.file("p.plan")).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut plan: charter::model::Plan = serde_json::from_value(document["saved"]["plan"].take()).unwrap();
    let statement = format!("CREATE USER {} IDENTIFIED WITH no_password", project.name("evil"));
    plan.steps[0].ops.push(charter::model::op::Sql::new(statement).into());
    document["saved"]["digest"] = json!(plan.digest());
    document["saved"]["plan"] = json!(plan);
    let body = serde_json::to_vec(&document["saved"]).unwrap();
    fs::write(
        project.file("forged.plan"),
        charter::plan_file::frame::seal(env!("CARGO_PKG_VERSION"), &body, None),
    )
    .unwrap();
    let shown = project.charter(&["show", "forged.plan", "--sql"]).exits(0);
    assert!(shown.stdout.contains("no_password"), "{}", shown.stdout);
    let output = project.charter(&["apply", "forged.plan"]).exits(4);
    assert!(
        output.stderr.contains("secret.c: needs other operations than the plan has"),
        "{}",
        output.stderr
    );
}
