//! From nothing to a tenant that works, and a second one added to a living configuration.

use serde_json::json;

use super::{ENDS, NEWEST};
use crate::Scenario;
use crate::project::{Project, secret_name};
use crate::schema;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "onboarding_end_to_end", cluster: true, engines: ENDS, run: end_to_end },
        Scenario { name: "onboarding_with_manifests", cluster: false, engines: NEWEST, run: with_manifests },
    ]
}

const EVENTS: &str = "CREATE TABLE events (id UInt64, kind String) ENGINE = MergeTree ORDER BY id;\n\
                      INSERT INTO events VALUES (1, 'a;b'), (2, 'it''s -- not a comment');\n";

fn end_to_end(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_acme\" {\n  superset {}\n}\n");
    project.schema("acme", "V1002__events.sql", EVENTS);
    let _ = project.charter(&["plan"]).exits(0).says("tenant_@_acme".replace('@', &project.prefix).as_str());
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0);

    let slug = project.name("acme");
    assert_eq!(project.as_tenant("acme", "SELECT count() FROM events").body.trim(), "2");
    let secret = secret_name(&slug);
    assert_eq!(project.cluster().secret_key(&secret, "username"), format!("user_tenant_{slug}"));
    assert_eq!(project.cluster().secret_key(&secret, "database"), format!("tenant_{slug}"));
    let organization = slug.replace('_', "-");
    let object = project.cluster().get("SupersetTenant", &organization).expect("a SupersetTenant");
    assert_eq!(object["spec"]["supersetConfig"]["clickhouseEnabled"], json!(true));

    second_tenant(project);
    one_more_file(project);
    readiness(project, &organization);
}

/// A second tenant: only its objects appear in the plan.
fn second_tenant(project: &Project) {
    project.write("second.hcl", "tenant \"@_globex\" {\n  organization = \"@-globex-corp\"\n}\n");
    project.schema(
        "globex",
        "V1__orders.sql",
        "CREATE TABLE orders (id UInt64) ENGINE = MergeTree ORDER BY id",
    );
    let plan = project.charter(&["plan", "--detailed-exitcode"]).exits(2);
    let acme = project.name("acme");
    let plan = plan.says(&project.name("globex")).never_says(&acme);
    let _ = plan.says("Plan: 5 to create, 0 to change, 0 to destroy; 1 migration (1 statement).");
    let _ = project.apply();
    let refused =
        project.as_tenant_of("globex", "@-globex-corp", &format!("SELECT * FROM tenant_{acme}.events"));
    assert_eq!(refused.code, 497, "{}", refused.body);
}

/// One schema file: exactly its statements appear.
fn one_more_file(project: &Project) {
    project.schema(
        "acme",
        "V1003__source.sql",
        "ALTER TABLE events ADD COLUMN source String;\nALTER TABLE events ADD COLUMN n UInt8",
    );
    let plan = project.charter(&["plan", "--sql"]).exits(0);
    let plan =
        plan.says("ADD COLUMN source String").says("ADD COLUMN n UInt8").never_says("CREATE TABLE events");
    let _ = plan.says("Plan: 0 to create, 0 to change, 0 to destroy; 1 migration (2 statements).");
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0);
}

/// The operator's word counts; none yet is unknown, and no drift.
fn readiness(project: &Project, organization: &str) {
    let status = |status: &str| {
        json!({"conditions": [{"type": "Ready", "status": status, "reason": "Tested", "message": "by hand",
                               "lastTransitionTime": "2026-01-01T00:00:00Z"}]})
    };
    project.cluster().set_status("SupersetTenant", organization, &status("False"));
    let _ = project.charter(&["check"]).exits(2).says("Ready is False").says("by hand");
    project.cluster().set_status("SupersetTenant", organization, &status("True"));
    let _ = project.charter(&["check"]).exits(0);
    json_lines(project);
    project.unchanged();
}

/// With `--json` everything on standard output is an object a line.
fn json_lines(project: &Project) {
    project.write("third.hcl", "role \"@_third\" {}\n");
    let mut types = Vec::new();
    let both = ["--json", "--json-into", "events.json"];
    for command in [&["plan"][..], &["apply", "--auto-approve"], &["check"], &["migrate", "status"]] {
        let stdout = project.charter(&[command, &both].concat()).exits(0).stdout;
        let wrong = schema::wrong_events(&stdout);
        assert!(wrong.is_empty(), "{command:?}: {wrong:#?}");
        assert_eq!(std::fs::read_to_string(project.file("events.json")).unwrap(), stdout);
        let found = stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let found: Vec<String> = found.map(|event| event["type"].as_str().unwrap().to_owned()).collect();
        assert_eq!((&*found[0], &*found[found.len() - 1]), ("version", "exit"));
        types.extend(found);
    }
    for expected in
        ["planned_change", "change_summary", "apply_complete", "report", "check_summary", "migration_summary"]
    {
        assert!(types.iter().any(|found| found == expected), "no {expected} in {types:?}");
    }
}

fn with_manifests(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\ntenant \"@_b\" {}\n");
    project.schema(
        "a",
        "V1__t.sql",
        "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id; INSERT INTO t VALUES (7)",
    );
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0);
    assert_eq!(project.as_tenant("a", "SELECT id FROM t").body.trim(), "7");
    let refused = project.as_tenant("b", &format!("SELECT * FROM tenant_{}.t", project.name("a")));
    assert_eq!(refused.code, 497, "{}", refused.body);
    let path =
        project.file(&format!("out/manifests/operations/secret-{}.yaml", secret_name(&project.name("a"))));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    project.unchanged();
}
