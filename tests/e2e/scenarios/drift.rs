//! Drift, made by hand on the live systems: found by `check`, mended by `apply` where a declaration
//! can, and told with what to do where it cannot.

use serde_json::json;

use super::{ENDS, NEWEST};
use crate::Scenario;
use crate::project::{Project, secret_name};

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "drift_in_access_is_mended", cluster: false, engines: NEWEST, run: access },
        Scenario { name: "drift_in_kubernetes_is_mended", cluster: true, engines: NEWEST, run: kubernetes },
        Scenario {
            name: "drift_of_tables_is_told_and_never_papered_over",
            cluster: false,
            engines: ENDS,
            run: tables,
        },
        Scenario {
            name: "an_edited_migration_is_a_hard_failure",
            cluster: false,
            engines: ENDS,
            run: edited,
        },
    ]
}

fn declared(project: &Project) -> String {
    project.write("tenants.hcl", "tenant \"@_a\" {\n  superset {}\n}\n");
    project.schema(
        "a",
        "V1__t.sql",
        "CREATE TABLE t (id UInt64, note String) ENGINE = MergeTree ORDER BY id; INSERT INTO t VALUES (7, 'kept')",
    );
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0);
    project.name("a")
}

/// Finds the drift, mends it, and proves that all is well again.
#[track_caller]
fn mended(project: &Project, told: &str) {
    let _ = project.charter(&["check"]).exits(2).says(told);
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0);
    assert_eq!(project.as_tenant("a", "SELECT note FROM t").body.trim(), "kept");
}

fn access(project: &mut Project) {
    let slug = declared(project);
    let (role, user) = (format!("role_tenant_{slug}"), format!("user_tenant_{slug}"));
    let by_hand = |statement: String| _ = project.clickhouse.admin(&statement);

    by_hand(format!("REVOKE INSERT ON tenant_{slug}.* FROM {role}"));
    mended(project, "INSERT");
    by_hand(format!("GRANT SELECT ON system.* TO {role}"));
    mended(project, "system");
    by_hand(format!("REVOKE {role} FROM {user}"));
    mended(project, &role);
    by_hand(format!("DROP USER {user}"));
    mended(project, &user);
    by_hand(format!("DROP ROLE {role}"));
    mended(project, &role);
    project.unchanged();
}

fn kubernetes(project: &mut Project) {
    let slug = declared(project);
    let (cluster, secret) = (project.cluster(), secret_name(&slug));
    let key = |key: &str, value: serde_json::Value| json!({"data": {key: value}});

    let old = project.password(&slug);
    cluster.delete("Secret", &secret);
    mended(project, &secret);
    let several = project.engine.name != "24.8";
    let answer =
        crate::clickhouse::run(&project.clickhouse, &format!("user_tenant_{slug}"), &old, "SELECT 1");
    assert_eq!(answer.status == 200, several, "running pods live on where the server can: {}", answer.body);

    cluster.edit("Secret", &secret, &key("username", json!(null)));
    mended(project, "username");
    cluster.edit("Secret", &secret, &key("password", json!(null)));
    mended(project, &secret);
    cluster.edit("Secret", &secret, &key("password", json!("YnktaGFuZC1tYWRlLXBhc3N3b3Jk")));
    mended(project, &secret);
    assert_eq!(project.password(&slug), "by-hand-made-password");

    let organization = slug.replace('_', "-");
    cluster.edit(
        "SupersetTenant",
        &organization,
        &json!({"spec": {"supersetConfig": {"clickhouseEnabled": false}}}),
    );
    mended(project, "clickhouseEnabled");
    project.unchanged();
}

fn tables(project: &mut Project) {
    let slug = declared(project);
    project.clickhouse.admin(&format!("ALTER TABLE tenant_{slug}.t DROP COLUMN note"));
    let _ = project.charter(&["check"]).exits(2).says("note String").says("CH502");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let _ = project.charter(&["check"]).exits(2).says("CH502");

    project.clickhouse.admin(&format!("DROP TABLE tenant_{slug}.t SYNC"));
    let _ = project.charter(&["check"]).exits(2).says("CH501").says("no such table");
    let _ = project.charter(&["plan"]).exits(0).says("CH501").never_says("No changes.");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let count = project
        .clickhouse
        .admin(&format!("SELECT count() FROM system.tables WHERE database = 'tenant_{slug}'"));
    assert_eq!(count, "0", "nothing is made again, empty");
}

fn edited(project: &mut Project) {
    let slug = declared(project);
    let file = "V1__t.sql";
    let original = "CREATE TABLE t (id UInt64, note String) ENGINE = MergeTree ORDER BY id; INSERT INTO t VALUES (7, 'kept')";
    project.schema(
        "a",
        file,
        &format!("-- comments, spacing and CRLF do not count\r\n{}", original.replace("; ", ";\r\n\r\n")),
    );
    project.unchanged();
    project.schema("a", file, &original.replace("'kept'", "'kePt'"));
    for command in [&["plan"][..], &["apply", "--auto-approve"]] {
        let output = project.charter(command).exits(1);
        assert!(output.all().contains("CH410") && output.all().contains(file), "{}", output.all());
    }
    let _ = project.charter(&["check"]).exits(2).says("CH410");
    assert_eq!(project.clickhouse.admin(&format!("SELECT note FROM tenant_{slug}.t")), "kept");
    project.schema("a", file, original);
    project.unchanged();
}
