//! Saved plans against servers that moved, of each kind of object; and in the end applied.

use std::fs;

use serde_json::json;

use super::NEWEST;
use crate::Scenario;
use crate::command::Output;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "a_saved_plan_against_servers_that_moved_is_refused",
        cluster: true,
        engines: NEWEST,
        run: moved,
    }]
}

/// What there is of each kind before the plans are made (`VALUE` is 1), and what they are to make of it.
const DECLARED: &str = r#"
database "@_dc" { comment = "VALUE" }
database "@_dd" { comment = "VALUE" }
role "c" {
  name     = "@_rc"
  settings = { max_threads = VALUE }
}
role "d" {
  name     = "@_rd"
  settings = { max_threads = VALUE }
}
role "g" {
  name = "@_g"
  grant {
    privileges = ["SELECT", "GRANT"]
    on         = "@_x.*"
  }
}
user "c" {
  name     = "@_uc"
  settings = { max_threads = VALUE }
  authentication {
    method = "sha256_hash"
    hash   = var.hash
  }
}
user "d" {
  name     = "@_ud"
  settings = { max_threads = VALUE }
  authentication {
    method = "sha256_hash"
    hash   = var.hash
  }
}
settings_profile "c" {
  name     = "@_pc"
  settings = { max_threads = VALUE }
}
settings_profile "d" {
  name     = "@_pd"
  settings = { max_threads = VALUE }
}
quota "c" {
  name = "@_qc"
  interval {
    duration = "1h"
    queries  = VALUE
  }
}
quota "d" {
  name = "@_qd"
  interval {
    duration = "1h"
    queries  = VALUE
  }
}
row_policy "c" {
  name     = "@_wc"
  database = "@_x"
  table    = "t"
  using    = "id = VALUE"
  to_all_except = [role.g]
}
row_policy "d" {
  name     = "@_wd"
  database = "@_x"
  table    = "t"
  using    = "id = VALUE"
  to_all_except = [role.g]
}
tenant "@_t" {
  limits {
    max_threads = VALUE
  }
}
tenant "@_m" {}
secret "c" {
  name = "@-c"
  data = { token = var.token, note = "VALUE" }
}
secret "d" {
  name = "@-d"
  data = { note = "VALUE" }
}
superset_tenant "c" {
  organization = "@-sc"
  connection_name = "VALUE"
}
superset_tenant "d" {
  organization = "@-sd"
  connection_name = "VALUE"
}
variable "token" { sensitive = true }
variable "hash" { sensitive = true }
"#;

/// What the plans are to make besides.
const NEW: &str = r#"
database "@_dn" {}
role "n" { name = "@_rn" }
user "n" {
  name = "@_un"
  authentication {
    method = "sha256_hash"
    hash   = var.hash
  }
}
settings_profile "n" {
  name     = "@_pn"
  settings = { max_threads = 2 }
}
quota "n" { name = "@_qn" }
row_policy "n" {
  name     = "@_wn"
  database = "@_x"
  table    = "t"
  using    = "id = 2"
  to_all_except = [role.g]
}
tenant "@_tn" {}
secret "n" {
  name = "@-n"
  data = { note = "2" }
}
superset_tenant "n" { organization = "@-sn" }
"#;

/// Objects of one kind, and how they are moved.
struct Case {
    /// What is planned.
    targets: &'static [&'static str],
    /// What is done by hand: with ClickHouse, and with the cluster.
    by_hand: &'static [&'static str],
    in_cluster: fn(&Project),
    /// What has to be told.
    told: &'static [&'static str],
    /// What undoes what cannot be adopted.
    undone: &'static [&'static str],
}

const NOTHING: fn(&Project) = |_| ();

const CASES: &[Case] = &[
    Case {
        targets: &["database.@_dc", "database.@_dd", "database.@_dn"],
        by_hand: &[
            "ALTER DATABASE @_dc MODIFY COMMENT 'by hand'",
            "DROP DATABASE @_dd SYNC",
            "CREATE DATABASE @_dn",
        ],
        in_cluster: NOTHING,
        told: &[
            "database.@_dc: changed on the server",
            "comment: \"1\" when planned, \"by hand\" now",
            "database.@_dd: the plan has to update it",
            "now: not there",
            "database.@_dn: the plan has to create it",
            "when planned: not there",
        ],
        undone: &[],
    },
    Case {
        targets: &["role.c", "role.d", "role.n"],
        by_hand: &["ALTER ROLE @_rc SETTINGS max_threads = 7", "DROP ROLE @_rd", "CREATE ROLE @_rn"],
        in_cluster: NOTHING,
        told: &[
            "role.c: ",
            "{\"max_threads\":\"1\"} when planned, {\"max_threads\":\"7\"} now",
            "role.d: ",
            "now: not there",
            "role.n: ",
        ],
        undone: &["DROP ROLE @_rn"],
    },
    Case {
        targets: &["role.g"],
        by_hand: &["GRANT ALTER ON @_x.* TO @_g", "REVOKE SELECT ON @_x.* FROM @_g"],
        in_cluster: NOTHING,
        told: &["role.g.grants: ", "SELECT", "ALTER", " when planned, "],
        undone: &[],
    },
    Case {
        targets: &["user.c", "user.d", "user.n"],
        by_hand: &[
            "ALTER USER @_uc SETTINGS max_threads = 7",
            "DROP USER @_ud",
            "CREATE USER @_un IDENTIFIED WITH sha256_password BY 'by-hand-password'",
        ],
        in_cluster: NOTHING,
        told: &["user.c: ", "{\"max_threads\":\"7\"} now", "user.d: ", "now: not there", "user.n: "],
        undone: &["DROP USER @_un"],
    },
    Case {
        targets: &["settings_profile.c", "settings_profile.d", "settings_profile.n"],
        by_hand: &[
            "ALTER SETTINGS PROFILE @_pc SETTINGS max_threads = 7",
            "DROP SETTINGS PROFILE @_pd",
            "CREATE SETTINGS PROFILE @_pn",
        ],
        in_cluster: NOTHING,
        told: &[
            "settings_profile.c: ",
            "7",
            "settings_profile.d: ",
            "now: not there",
            "settings_profile.n: ",
        ],
        undone: &["DROP SETTINGS PROFILE @_pn"],
    },
    Case {
        targets: &["quota.c", "quota.d", "quota.n"],
        by_hand: &[
            "ALTER QUOTA @_qc FOR INTERVAL 1 hour MAX queries = 7",
            "DROP QUOTA @_qd",
            "CREATE QUOTA @_qn FOR INTERVAL 1 hour MAX queries = 7",
        ],
        in_cluster: NOTHING,
        told: &["quota.c: ", "7", "quota.d: ", "now: not there", "quota.n: "],
        undone: &["DROP QUOTA @_qn"],
    },
    Case {
        targets: &["row_policy.c", "row_policy.d", "row_policy.n"],
        by_hand: &[
            "ALTER ROW POLICY @_wc ON @_x.t USING id = 7",
            "DROP ROW POLICY @_wd ON @_x.t",
            "CREATE ROW POLICY @_wn ON @_x.t USING id = 7",
        ],
        in_cluster: NOTHING,
        told: &["row_policy.c: ", "7", "row_policy.d: ", "now: not there", "row_policy.n: "],
        undone: &["DROP ROW POLICY @_wn ON @_x.t"],
    },
    Case {
        targets: &["tenant.@_t", "tenant.@_tn"],
        by_hand: &["DROP ROLE role_tenant_@_t", "CREATE DATABASE tenant_@_tn"],
        in_cluster: NOTHING,
        told: &["tenant.@_t.role: ", "now: not there", "tenant.@_tn.database: ", "when planned: not there"],
        undone: &["DROP DATABASE tenant_@_tn SYNC"],
    },
    Case {
        targets: &["tenant.@_m"],
        by_hand: &[
            "INSERT INTO ops.schema_migrations_tenant (scope, tenant, folder, version, name, checksum, algorithm, status, run_id) \
             SELECT scope, tenant, folder, 2, 'V2__n.sql', checksum, algorithm, status, 'by hand' \
             FROM ops.schema_migrations_tenant WHERE scope = '@' AND version = 1",
        ],
        in_cluster: NOTHING,
        told: &["tenant.@_m.migration[\"schema/V2__n.sql\"]: no longer needs", "when planned"],
        undone: &[
            "ALTER TABLE ops.schema_migrations_tenant DELETE WHERE run_id = 'by hand' AND scope = '@' SETTINGS mutations_sync = 2",
        ],
    },
    Case {
        targets: &["secret.c", "secret.d", "secret.n"],
        by_hand: &[],
        in_cluster: |project| {
            let named = |name: &str| format!("{}-{name}", project.prefix);
            project.cluster().edit("Secret", &named("c"), &json!({"data": {"note": "N3=="}}));
            project.cluster().delete("Secret", &named("d"));
            project.cluster().create(
                "Secret",
                &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": named("n")}, "data": {}}),
            );
        },
        told: &["secret.c: ", "secret.d: ", "now: not there", "secret.n: ", "when planned: not there"],
        undone: &[],
    },
    Case {
        targets: &["superset_tenant.c", "superset_tenant.d", "superset_tenant.n"],
        by_hand: &[],
        in_cluster: |project| {
            let named = |name: &str| format!("{}-{name}", project.prefix);
            let patch = json!({"spec": {"supersetConfig": {"clickhouseConnectionName": "by hand"}}});
            project.cluster().edit("SupersetTenant", &named("sc"), &patch);
            project.cluster().delete("SupersetTenant", &named("sd"));
            let spec = json!({"organization": named("sn"), "supersetConfig": {"clickhouseEnabled": true, "clickhouseConnectionName": "by hand"}});
            project.cluster().create("SupersetTenant", &json!({
                "apiVersion": "superset.charter.dev/v1alpha1", "kind": "SupersetTenant", "metadata": {"name": named("sn")}, "spec": spec,
            }));
        },
        told: &[
            "superset_tenant.c: ",
            "by hand",
            "superset_tenant.d: ",
            "now: not there",
            "superset_tenant.n: ",
        ],
        undone: &[],
    },
];

fn admin(project: &Project, statements: &[&str]) {
    for statement in statements {
        project.clickhouse.admin(&statement.replace('@', &project.prefix));
    }
}

fn moved(project: &mut Project) {
    project.env.push(("CHARTER_VAR_token".into(), "hunter5-token".into()));
    project.env.push(("CHARTER_VAR_hash".into(), "5".repeat(64)));
    project.env.push(("CHARTER_PLAN_KEY".into(), "k".repeat(32)));
    admin(project, &["CREATE DATABASE @_x", "CREATE TABLE @_x.t (id UInt64) ENGINE = MergeTree ORDER BY id"]);
    project.write("main.hcl", &DECLARED.replace("VALUE", "1").replace("\"GRANT\"", "\"SHOW\""));
    project.schema("m", "V1__t.sql", "CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
    let _ = project.apply();
    project.write("main.hcl", &(DECLARED.replace("VALUE", "2").replace("\"GRANT\"", "\"INSERT\"") + NEW));
    project.schema("m", "V2__n.sql", "INSERT INTO t VALUES (1)");
    log_in_as_one_who_is_counted(project);
    // A few kinds at a time: each of their objects has to be told.
    let untold: Vec<String> = CASES.chunks(4).flat_map(|cases| refused(project, cases)).collect();
    assert!(untold.is_empty(), "{}", untold.join("\n"));
    project.cluster().delete("Secret", &format!("{}-n", project.prefix));
    let _ = project.charter(&["plan", "-o", "all.plan"]).exits(0);
    let _ = project.charter(&["apply", "all.plan"]).exits(0);
    project.unchanged();
    let again = project.charter(&["apply", "all.plan"]).exits(4);
    assert!(again.stderr.contains("it was applied at"), "{}", again.stderr);
}

/// Plans, moves the servers, and is refused, without a write. Returns what was not told.
fn refused(project: &Project, cases: &[Case]) -> Vec<String> {
    let targets = cases.iter().flat_map(|case| case.targets);
    let targets = targets.flat_map(|target| ["--target".to_owned(), target.replace('@', &project.prefix)]);
    let arguments: Vec<String> =
        ["plan", "-o", "one.plan"].map(str::to_owned).into_iter().chain(targets).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let _ = project.charter(&arguments).exits(0);
    for case in cases {
        admin(project, case.by_hand);
        (case.in_cluster)(project);
    }
    let (before, objects) = (writes(project), objects(project));
    let output = project.charter(&["apply", "one.plan"]).exits(4);
    assert_eq!(writes(project), before, "nothing is written");
    assert_eq!(self::objects(project), objects, "nothing is written");
    no_secret(project, &output);
    cases.iter().for_each(|case| admin(project, case.undone));
    let told = cases.iter().flat_map(|case| case.told).map(|told| told.replace('@', &project.prefix));
    told.filter(|told| !output.stderr.contains(told))
        .map(|told| format!("no {told:?}: {}", output.stderr))
        .collect()
}

/// Greps what was written and printed.
fn no_secret(project: &Project, output: &Output) {
    let file = fs::read_to_string(project.file("one.plan")).unwrap();
    let shown = project.charter(&["show", "one.plan", "--sql", "--expand"]).exits(0);
    for text in [file, shown.all(), output.all()] {
        assert!(!text.contains("hunter5") && !text.contains(&"5".repeat(64)), "{text}");
    }
}

/// Makes charter log in as a user of its own, by which its statements are told from others.
fn log_in_as_one_who_is_counted(project: &mut Project) {
    let user = project.name("charter");
    admin(
        project,
        &[
            "CREATE USER @_charter IDENTIFIED WITH sha256_password BY 'charter-password-1'",
            "GRANT ALL ON *.* TO @_charter WITH GRANT OPTION",
        ],
    );
    project.log_in(&user, "charter-password-1");
}

/// Returns the statements of charter's own user that are no mere questions.
fn writes(project: &Project) -> Vec<String> {
    let Some(log) = &project.clickhouse.log else { return Vec::new() };
    let (log, user) = (fs::read_to_string(log).unwrap(), project.name("charter"));
    let lines = log.lines().filter(|line| line.contains(&user));
    let statements = lines.map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["statement"].as_str().unwrap().trim().to_uppercase()
    });
    let asks = ["SELECT", "SHOW", "CHECK", "EXISTS", "DESCRIBE", "WITH", "EXPLAIN"];
    statements.filter(|text| !asks.iter().any(|word| text.starts_with(word))).collect()
}

/// Returns the objects of the cluster, with their versions.
fn objects(project: &Project) -> Vec<Option<serde_json::Value>> {
    let named = |name: &str| format!("{}-{name}", project.prefix);
    let secrets = ["c", "d", "n"].map(|name| project.cluster().get("Secret", &named(name)));
    let tenants = ["sc", "sd", "sn"].map(|name| project.cluster().get("SupersetTenant", &named(name)));
    secrets.into_iter().chain(tenants).collect()
}
