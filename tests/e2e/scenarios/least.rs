//! Users with the rights of docs/privileges.md and nothing more do their jobs; one that lacks some is
//! told which, before anything is written, and running what it is told makes it work.

use serde_json::Value;

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "the_documented_rights_suffice", cluster: false, engines: NEWEST, run: documented },
        Scenario { name: "missing_rights_are_told_at_once", cluster: false, engines: NEWEST, run: told },
        Scenario {
            name: "a_plan_needs_no_right_to_read_secrets",
            cluster: true,
            engines: &["26.9", "server"],
            run: without_secrets,
        },
    ]
}

const PASSWORD: &str = "Least-Privilege-1";

/// Runs the statements of a section of docs/privileges.md, its user renamed, and returns the name.
fn make(project: &Project, section: &str) -> String {
    let page = std::fs::read_to_string(crate::servers::root().join("docs/privileges.md")).unwrap();
    let start = format!("<!-- begin {section} -->\n```sql\n");
    let body = page.split_once(&start).unwrap().1.split_once("```").unwrap().0;
    let documented = if section == "plan" { "charter_plan" } else { "charter_apply" };
    let name = project.name(documented);
    let body = body.replace(documented, &name).replace('…', PASSWORD);
    let statements = body.split(';').map(str::trim).filter(|statement| !statement.is_empty());
    statements.for_each(|statement| _ = project.clickhouse.admin(statement));
    name
}

fn applying(project: &Project) -> &'static str {
    let version = project.clickhouse.admin("SELECT version()");
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap());
    if (parts.next().unwrap(), parts.next().unwrap()) >= (25, 1) { "apply" } else { "apply-old" }
}

fn documented(project: &mut Project) {
    let (reader, writer) = (make(project, "plan"), make(project, applying(project)));
    project.write("tenants.hcl", "tenant \"@_a\" {}\ntenant \"@_b\" {}\n");
    project.schema("a", "V1__t.sql", "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
    project.schema("b", "V1__t.sql", "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
    project.log_in(&reader, PASSWORD);
    let _ = project.charter(&["plan"]).exits(0).says("CH351").says("to create");
    let refused = project.charter(&["apply", "--auto-approve"]).exits(1);
    assert!(refused.stdout.contains("CH351") && refused.stdout.contains("INSERT"), "{}", refused.all());
    project.log_in(&writer, PASSWORD);
    let _ = project.apply().never_says("CH350");
    let _ = project.charter(&["check"]).exits(0);
    project.log_in(&reader, PASSWORD);
    project.unchanged();
    let _ = project.charter(&["check"]).exits(0);
    assert_eq!(project.as_tenant("a", "SELECT count() FROM t").body.trim(), "0");
    // A change, an issued user, and the removal of what is no longer declared.
    project.log_in(&writer, PASSWORD);
    let role = format!("tenant.{}", project.name("a"));
    let issued = project.charter(&["credentials", "issue", &role, "--ttl", "1h", "--json"]).exits(0);
    let issued: Value = serde_json::from_str(&issued.stdout).unwrap();
    let _ = project.charter(&["credentials", "revoke", issued["user"].as_str().unwrap()]).exits(0);
    project.write("tenants.hcl", "tenant \"@_a\" {\n  privileges = [\"SELECT\"]\n}\ntenant \"@_b\" {}\n");
    let _ = project.apply();
    for user in [reader, writer] {
        project.clickhouse.admin(&format!("DROP USER {user}"));
    }
}

fn told(project: &mut Project) {
    let user = make(project, "plan").clone();
    project.write(
        "main.hcl",
        "tenant \"@_a\" {}\nrole \"@_analyst\" {\n  grant {\n    privileges = [\"SELECT\"]\n    on = \"${tenant.@_a.database}.*\"\n  }\n}\n",
    );
    let administrator = (project.clickhouse.user.clone(), project.clickhouse.password.clone());
    // The administrator's rights are never taken for too few.
    let _ = project.charter(&["plan"]).exits(0).never_says("CH35");
    project.log_in(&user, PASSWORD);
    project.clickhouse.admin(&format!("GRANT INSERT ON ops.* TO {user}"));
    let _ = project.charter(&["plan"]).exits(0).says("warning CH350");
    let refused = project.charter(&["apply", "--auto-approve"]).exits(1).says("error CH350");
    assert!(refused.stdout.contains("WITH GRANT OPTION"), "{}", refused.all());
    let made = format!("SELECT count() FROM system.databases WHERE name LIKE 'tenant_{}%'", project.prefix);
    assert_eq!(project.clickhouse.admin(&made), "0", "nothing is half done");
    let plan = project.charter(&["plan", "--format", "json"]).exits(0);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let finding =
        plan["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "CH350").unwrap();
    for statement in finding["help"].as_array().unwrap() {
        project.clickhouse.admin(statement.as_str().unwrap());
    }
    let _ = project.charter(&["plan"]).exits(0).never_says("CH35");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    project.unchanged();
    project.log_in(&administrator.0, &administrator.1);
    project.unchanged();
    project.clickhouse.admin(&format!("DROP USER {user}"));
}

fn without_secrets(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\nvariable \"token\" {\n  sensitive = true\n  default = \"one-token-1\"\n}\nsecret \"@-x\" {\n  data   = { token = var.token, host = \"a\" }\n  labels = { team = \"one\" }\n}\n");
    let _ = project.apply();
    let config = std::fs::read_to_string(project.file("charter.hcl")).unwrap();
    // A service account that may not list Secrets, or anything else.
    project.write("reader.kubeconfig", &project.cluster().account("reader"));
    let account = project.file("reader.kubeconfig");
    let text = config.lines().map(|line| match line.trim_start().starts_with("kubeconfig") {
        true => format!("  kubeconfig = {:?}", account.display().to_string()),
        false => line.to_owned(),
    });
    project.write("charter.hcl", &text.collect::<Vec<_>>().join("\n"));
    let denied = project.charter(&["plan"]).exits(1);
    assert!(
        denied.stderr.contains("secrets") && denied.stderr.contains("verbs: [get, list]"),
        "{}",
        denied.all()
    );
    let quiet = project.charter(&["plan", "--no-secrets", "--detailed-exitcode"]).exits(0);
    let _ = quiet.says("No changes.").says("CH343");
    let _ = project.charter(&["check", "--no-secrets"]).exits(0).says("CH343");
    // What the record tells shows; what only the Secret would tell does not.
    project.write(
        "tenants.hcl",
        "tenant \"@_a\" {}\ntenant \"@_b\" {}\nsecret \"@-x\" {\n  data = { host = \"b\" }\n}\n",
    );
    let changed = project.charter(&["plan", "--no-secrets", "--detailed-exitcode"]).exits(2);
    let _ = changed
        .says("data.host")
        .says("data.token")
        .says("labels.team")
        .says("_b.user")
        .never_says("_a.user");
    // Apply reads them, always.
    let _ = project.charter(&["apply", "--auto-approve", "--no-secrets"]).exits(64);
    project.write("charter.hcl", &config);
    let _ = project.apply();
}
