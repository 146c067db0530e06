//! Servers that cannot be reached, refuse, or lack something: a message worth reading, and nothing
//! half done.

use super::ENDS;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "clickhouse_that_cannot_be_used",
            cluster: false,
            engines: &["26.9", "server"],
            run: clickhouse,
        },
        Scenario {
            name: "a_user_that_may_not_read_is_told_the_grants",
            cluster: false,
            engines: ENDS,
            run: denied,
        },
        Scenario {
            name: "kubernetes_that_cannot_be_used",
            cluster: true,
            engines: &["26.9", "server"],
            run: kubernetes,
        },
        Scenario {
            name: "secrets_with_binary_keys_and_missing_crds",
            cluster: true,
            engines: &["26.9", "server"],
            run: odd_objects,
        },
        Scenario {
            name: "approval_is_asked_for",
            cluster: false,
            engines: &["26.9", "server"],
            run: approval,
        },
    ]
}

fn set(project: &mut Project, name: &str, value: &str) {
    project.env.retain(|(key, _)| key != name);
    project.env.push((name.to_owned(), value.to_owned()));
}

#[track_caller]
fn told(project: &Project, words: &[&str]) {
    let output = project.charter(&["plan"]).exits(1);
    for word in words {
        assert!(output.stderr.contains(word), "no {word:?} in {}", output.all());
    }
}

fn clickhouse(project: &mut Project) {
    project.write("main.hcl", "role \"@_r\" {}\n");
    let url = project.clickhouse.url.clone();
    set(project, "CLICKHOUSE_URL", "http://127.0.0.1:1");
    told(project, &["127.0.0.1:1"]);
    set(project, "CLICKHOUSE_URL", &url);
    set(project, "CLICKHOUSE_PASSWORD", "hunter5-wrong");
    told(project, &["password"]);
    let output = project.charter(&["plan", "-vvv"]).exits(1);
    assert!(!output.all().contains("hunter5"), "{}", output.all());
}

fn denied(project: &mut Project) {
    let user = project.name("reader");
    project
        .clickhouse
        .admin(&format!("CREATE USER {user} IDENTIFIED WITH sha256_password BY 'reader-password-1'"));
    project.write("main.hcl", "role \"@_r\" {}\n");
    set(project, "CLICKHOUSE_USER", &user);
    set(project, "CLICKHOUSE_PASSWORD", "reader-password-1");
    told(project, &["GRANT", "SHOW ROLES", &user]);
    project.clickhouse.admin(&format!("DROP USER {user}"));
}

fn kubernetes(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let config = std::fs::read_to_string(project.file("charter.hcl")).unwrap();
    let namespace = format!("namespace = \"{}\"", project.prefix);
    project.write(
        "charter.hcl",
        &config.replace(&namespace, &format!("{namespace}\n  context = \"sandbox-limited\"")),
    );
    told(project, &["forbidden", "secrets"]);
    project
        .write("charter.hcl", &config.replace(&namespace, &format!("{namespace}\n  context = \"nowhere\"")));
    told(project, &["nowhere"]);
    project.write("charter.hcl", &config.replace(&namespace, "namespace = \"not-there-@\""));
    let output = project.charter(&["apply", "--auto-approve"]).exits(1);
    assert!(output.all().contains("CH330"), "{}", output.all());
    assert!(output.all().contains(&format!("not-there-{}", project.prefix)), "{}", output.all());
    let made = format!("SELECT count() FROM system.databases WHERE name LIKE 'tenant_{}%'", project.prefix);
    assert_eq!(project.clickhouse.admin(&made), "0", "nothing is half done");
    project.write("charter.hcl", &config);
    let _ = project.apply();
}

fn odd_objects(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let _ = project.apply();
    let secret = crate::project::secret_name(&project.name("a"));
    project.cluster().edit("Secret", &secret, &serde_json::json!({"data": {"password": "//8="}}));
    let output = project.charter(&["plan"]).exits(1);
    assert!(output.all().contains("CH310") && output.all().contains("password"), "{}", output.all());
    project.cluster().edit("Secret", &secret, &serde_json::json!({"data": {"password": null}}));
    let _ = project.apply();
    project
        .write("tenants.hcl", "tenant \"@_a\" {\n  superset {\n    group = \"nobody.example.com\"\n  }\n}\n");
    let output = project.charter(&["plan"]).exits(1);
    assert!(
        output.all().contains("CH320") && output.all().contains("nobody.example.com"),
        "{}",
        output.all()
    );
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.unchanged();
}

fn approval(project: &mut Project) {
    project.write("main.hcl", "role \"@_r\" {}\n");
    let output = project.charter(&["apply"]).exits(8);
    assert!(output.all().contains("--auto-approve"), "{}", output.all());
    let roles = format!("SELECT count() FROM system.roles WHERE name = '{}'", project.name("r"));
    assert_eq!(project.clickhouse.admin(&roles), "0");
    let _ = project.apply();
}
