//! `check --isolation`: holes are planted in a clean estate one by one; each is named with its way, and
//! what mends it leaves the estate proved again. Each scenario has a server of its own, with a password
//! for the administrator, for the proof is of everybody who is there.

use serde_json::Value;

use crate::Scenario;
use crate::project::Project;
use crate::servers::{self, ClickHouse};

const SANDBOXES: &[&str] = &["26.9", "~24.8", "~25.8"];

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "isolation_names_each_of_seven_holes",
            cluster: false,
            engines: SANDBOXES,
            run: holes,
        },
        Scenario {
            name: "isolation_follows_views_and_sources",
            cluster: false,
            engines: SANDBOXES,
            run: objects,
        },
        Scenario {
            name: "isolation_tells_an_administrator_without_a_password",
            cluster: false,
            engines: &["26.9", "24.8"],
            run: passwordless,
        },
        Scenario {
            name: "isolation_says_what_it_may_not_read",
            cluster: false,
            engines: &["26.9"],
            run: denied,
        },
    ]
}

const PASSWORD: &str = "isolation-password-1";

const TENANTS: &str = r#"
tenant "@_a" {
  privileges = charter.presets.confined
}
tenant "@_a_b" {
  privileges = charter.presets.confined
}
tenant "@_c" {
  privileges = charter.presets.confined
}
role "analyst" {
  name = "@_analyst"
  grant {
    privileges = ["SELECT"]
    on         = "${tenant.@_c.database}.events"
  }
}
"#;

/// Starts a server whose administrator has a password, and applies the tenants there.
fn estate(project: &mut Project, main: &str) {
    let data = project.file("engine");
    let options = ["--engine", project.engine.name, "--password", PASSWORD];
    let started = servers::own_sandbox(&data, &options);
    project.use_clickhouse(ClickHouse { password: PASSWORD.into(), ..started });
    project.env.retain(|(name, _)| name != "CLICKHOUSE_PASSWORD");
    project.env.push(("CLICKHOUSE_PASSWORD".into(), PASSWORD.into()));
    project.write("main.hcl", main);
    let _ = project.apply();
}

/// Runs statements as the administrator; `@` stands for the scenario's prefix.
fn run(project: &Project, statements: &[&str]) {
    for statement in statements {
        project.clickhouse.admin(&statement.replace('@', &project.prefix));
    }
}

#[track_caller]
fn proved(project: &Project) {
    let _ = project.charter(&["check", "--isolation"]).exits(0).says("nobody reaches what is not declared");
}

/// Returns the holes that are more than a note.
#[track_caller]
fn found(project: &Project) -> Vec<Value> {
    let output = project.charter(&["check", "--isolation", "--format", "json"]).exits(2);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let holes = report["isolation"]["holes"].as_array().unwrap().clone();
    holes.into_iter().filter(|hole| hole["severity"] != "note").collect()
}

/// Asserts that a hole of this way is there, for this database and this path of principals.
#[track_caller]
fn names(project: &Project, holes: &[Value], way: &str, database: &str, path: &[&str]) {
    let path: Vec<String> = path.iter().map(|step| step.replace('@', &project.prefix)).collect();
    let database = database.replace('@', &project.prefix);
    let of_path = |hole: &Value| {
        let mut holders = hole["holders"].as_array().unwrap().iter();
        holders.any(|holder| holder["path"] == serde_json::json!(path))
    };
    let there = holes.iter().any(|hole| {
        let databases = hole["tenants"]["databases"].as_array().unwrap();
        hole["way"] == way && databases.contains(&Value::from(database.clone())) && of_path(hole)
    });
    assert!(there, "no {way} to {database} by {path:?}:\n{}", serde_json::to_string_pretty(holes).unwrap());
}

/// What is planted, the way that it is, to which database, by which path, and what mends it.
struct Hole {
    planted: &'static [&'static str],
    way: &'static str,
    database: &'static str,
    path: &'static [&'static str],
    mended: &'static [&'static str],
    wildcard: bool,
}

const HOLES: [Hole; 7] = [
    Hole {
        planted: &["CREATE USER @_direct IDENTIFIED BY 'x-1'", "GRANT SELECT ON tenant_@_a.* TO @_direct"],
        way: "direct",
        database: "tenant_@_a",
        path: &["user @_direct"],
        mended: &["DROP USER @_direct"],
        wildcard: false,
    },
    Hole {
        planted: &[
            "CREATE ROLE @_inner, @_outer",
            "CREATE USER @_chained IDENTIFIED BY 'x-1'",
            "GRANT SELECT ON tenant_@_c.* TO @_inner",
            "GRANT @_inner TO @_outer",
            "GRANT @_outer TO @_chained",
        ],
        way: "role_chain",
        database: "tenant_@_c",
        path: &["user @_chained", "role @_outer", "role @_inner"],
        mended: &["DROP USER @_chained", "DROP ROLE @_outer, @_inner"],
        wildcard: false,
    },
    Hole {
        planted: &["GRANT SELECT ON tenant_@_a*.* TO role_tenant_@_a"],
        way: "wildcard",
        database: "tenant_@_a_b",
        path: &["role role_tenant_@_a"],
        mended: &[
            "REVOKE SELECT ON tenant_@_a*.* FROM role_tenant_@_a",
            "GRANT SELECT ON tenant_@_a.* TO role_tenant_@_a",
        ],
        wildcard: true,
    },
    Hole {
        planted: &["GRANT SELECT ON tenant_@_a.* TO role_tenant_@_a WITH GRANT OPTION"],
        way: "grant_option",
        database: "tenant_@_a",
        path: &["user user_tenant_@_a", "role role_tenant_@_a"],
        mended: &["REVOKE GRANT OPTION FOR SELECT ON tenant_@_a.* FROM role_tenant_@_a"],
        wildcard: false,
    },
    Hole {
        planted: &["CREATE ROLE @_all", "GRANT ALL ON *.* TO @_all"],
        way: "everything",
        database: "tenant_@_c",
        path: &["role @_all"],
        mended: &["DROP ROLE @_all"],
        wildcard: false,
    },
    Hole {
        planted: &[
            "CREATE USER @_open IDENTIFIED WITH no_password HOST LOCAL",
            "GRANT SELECT ON tenant_@_c.* TO @_open",
            "GRANT CREATE DICTIONARY ON tenant_@_a.* TO role_tenant_@_a",
        ],
        way: "create_dictionary",
        database: "tenant_@_c",
        path: &["user user_tenant_@_a", "role role_tenant_@_a"],
        mended: &["DROP USER @_open", "REVOKE CREATE DICTIONARY ON tenant_@_a.* FROM role_tenant_@_a"],
        wildcard: false,
    },
    Hole {
        planted: &["ALTER USER user_tenant_@_c GRANTEES ANY"],
        way: "open_grantees",
        database: "tenant_@_c",
        path: &["user user_tenant_@_c"],
        mended: &["ALTER USER user_tenant_@_c GRANTEES NONE"],
        wildcard: false,
    },
];

fn holes(project: &mut Project) {
    estate(project, TENANTS);
    proved(project);
    // Wildcards came with 24.10.
    let known = |hole: &&Hole| !hole.wildcard || project.engine.name != "24.8";
    for hole in HOLES.iter().filter(known) {
        run(project, hole.planted);
        names(project, &found(project), hole.way, hole.database, hole.path);
        run(project, hole.mended);
        proved(project);
    }
    // All at once, and told for people.
    for hole in HOLES.iter().filter(known) {
        run(project, hole.planted);
    }
    let all = found(project);
    for hole in HOLES.iter().filter(known) {
        names(project, &all, hole.way, hole.database, hole.path);
    }
    let told = project.charter(&["check", "--isolation"]).exits(2);
    let chain = "user @_chained -> role @_outer -> role @_inner".replace('@', &project.prefix);
    let _ = told.says(&chain).says("FAIL isolation");
    // Without the flag nothing of it is told.
    let _ = project.charter(&["check"]).exits(2).never_says("CH28").never_says("isolation");
    HOLES.iter().filter(known).for_each(|hole| run(project, hole.mended));
    proved(project);

    // Whoever is to be trusted is declared so, by name.
    run(project, &["CREATE USER @_root IDENTIFIED BY 'x-1'", "GRANT ALL ON *.* TO @_root WITH GRANT OPTION"]);
    names(project, &found(project), "everything", "tenant_@_a", &["user @_root"]);
    project.write("isolation.hcl", "isolation {\n  administrators = [\"@_root\", \"@_gone\"]\n}\n");
    let clean = project.charter(&["check", "--isolation"]).exits(0);
    let _ = clean.says("CH297").says("2 of them trusted");
    project.unchanged();
}

fn objects(project: &mut Project) {
    estate(project, TENANTS);
    run(
        project,
        &[
            "CREATE DATABASE @_rep",
            "CREATE USER @_reader IDENTIFIED BY 'x-1'",
            "GRANT SELECT ON @_rep.* TO @_reader",
            "CREATE TABLE tenant_@_a.t (id UInt64) ENGINE = MergeTree ORDER BY id",
            "CREATE VIEW @_rep.asked SQL SECURITY INVOKER AS SELECT * FROM tenant_@_a.t",
        ],
    );
    proved(project);
    run(project, &["CREATE VIEW @_rep.shown SQL SECURITY NONE AS SELECT count() AS n FROM tenant_@_a.t"]);
    names(project, &found(project), "definer_view", "tenant_@_a", &["user @_reader"]);
    project.write("isolation.hcl", "isolation {\n  shared = [\"@_rep.shown\"]\n}\n");
    proved(project);
    run(
        project,
        &[
            "CREATE TABLE @_rep.kept (id UInt64) ENGINE = MergeTree ORDER BY id",
            "CREATE MATERIALIZED VIEW @_rep.copied TO @_rep.kept SQL SECURITY NONE AS SELECT id FROM tenant_@_a.t",
        ],
    );
    names(project, &found(project), "definer_view", "tenant_@_a", &["user @_reader"]);
    run(
        project,
        &[
            "DROP VIEW @_rep.copied",
            "CREATE DICTIONARY @_rep.d (id UInt64) PRIMARY KEY id \
             SOURCE(CLICKHOUSE(USER 'default' PASSWORD 'never-told' DB 'tenant_@_a' TABLE 't')) LAYOUT(FLAT()) LIFETIME(0)",
        ],
    );
    names(project, &found(project), "dictionary_source", "tenant_@_a", &["user @_reader"]);
    let told = project.charter(&["check", "--isolation", "-v"]).exits(2);
    assert!(!told.all().contains("never-told"), "{}", told.all());
    run(project, &["DROP DICTIONARY @_rep.d"]);
    proved(project);
    project.unchanged();
}

fn passwordless(project: &mut Project) {
    let data = project.file("engine");
    let options = ["--engine", project.engine.name];
    project.use_clickhouse(servers::own_sandbox(&data, &options));
    // The base grants hold CREATE DICTIONARY: with the administrator's empty password that is a way to all.
    project.write("main.hcl", "tenant \"@_a\" {}\ntenant \"@_b\" {}\n");
    let _ = project.apply();
    let holes = found(project);
    names(project, &holes, "passwordless_account", "tenant_@_a", &["user default"]);
    names(
        project,
        &holes,
        "create_dictionary",
        "tenant_@_b",
        &["user user_tenant_@_a", "role role_tenant_@_a"],
    );
    // Charter's own is known to be empty; of others only a login tells.
    let _ = project.charter(&["check", "--isolation", "--no-probe"]).exits(2).says("CH290");
    project.unchanged();
}

fn denied(project: &mut Project) {
    estate(project, TENANTS);
    run(
        project,
        &[
            "CREATE USER @_checker IDENTIFIED BY 'x-1'",
            "GRANT SELECT ON ops.*, SHOW DATABASES, SHOW TABLES, SHOW COLUMNS, SHOW USERS, SHOW ROLES ON *.* TO @_checker",
        ],
    );
    let checker = project.name("checker");
    for (name, value) in [("CLICKHOUSE_USER", checker.as_str()), ("CLICKHOUSE_PASSWORD", "x-1")] {
        project.env.retain(|(known, _)| known != name);
        project.env.push((name.into(), value.into()));
    }
    let output = project.charter(&["check", "--isolation", "--no-probe"]).exits(1);
    let _ = output.warns(&format!("GRANT SHOW ROW POLICIES ON *.* TO {checker}"));
}
