//! Migration files on the real engine.

use super::{ENDS, NEWEST};
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "rows_are_there_at_once_where_inserts_are_asynchronous",
            cluster: false,
            engines: NEWEST,
            run: asynchronous,
        },
        Scenario {
            name: "a_failed_file_goes_on_where_it_stopped",
            cluster: false,
            engines: ENDS,
            run: resume,
        },
        Scenario {
            name: "migrations_are_confined_to_the_tenant",
            cluster: false,
            engines: ENDS,
            run: confined,
        },
        Scenario {
            name: "todays_bootstrap_is_recorded_and_not_run",
            cluster: false,
            engines: ENDS,
            run: bootstrap,
        },
        Scenario { name: "a_shared_folder_and_placeholders", cluster: false, engines: NEWEST, run: shared },
        Scenario {
            name: "sql_mistakes_are_told_at_their_place",
            cluster: false,
            engines: &["26.9"],
            run: mistakes,
        },
        Scenario {
            name: "an_unparsable_statement_stops_the_plan",
            cluster: false,
            engines: ENDS,
            run: preflight,
        },
        Scenario {
            name: "tables_renamed_and_dropped_by_migrations_are_no_drift",
            cluster: false,
            engines: ENDS,
            run: renamed,
        },
    ]
}

const TABLE: &str = "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id";

fn resume(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    // What pre-flight cannot see: the conversion fails when it runs.
    let file = |last: &str| format!("{TABLE};\nINSERT INTO t VALUES (1);\n{last};\n");
    project.schema("a", "V1__t.sql", &file("INSERT INTO t SELECT throwIf(1, 'broken at run time')"));
    project.schema("a", "V2__u.sql", "CREATE TABLE u (id UInt64) ENGINE = MergeTree ORDER BY id");
    let output = project.charter(&["apply", "--auto-approve"]).exits(3);
    assert!(output.all().contains("broken at run time"), "{}", output.all());
    assert!(output.all().contains("V2__u.sql"), "what was not started is named: {}", output.all());
    let _ = project.charter(&["check"]).exits(2);
    project.schema("a", "V1__t.sql", &file("INSERT INTO t VALUES (2)"));
    let _ = project.charter(&["plan"]).exits(0).says("2 migrations (2 statements)");
    let _ = project.apply();
    assert_eq!(project.as_tenant("a", "SELECT id FROM t ORDER BY id").body.trim(), "1\n2");
    let _ = project.charter(&["check"]).exits(0);
}

fn confined(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\ntenant \"@_b\" {}\n");
    project.schema("a", "V1__t.sql", TABLE);
    let _ = project.apply();
    let reach = format!("INSERT INTO tenant_{}.t VALUES (666)", project.name("a"));
    for (version, statement) in [
        reach.as_str(),
        "CREATE TABLE x ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
        "GRANT SELECT ON *.* TO user_tenant_@_b",
        "CREATE USER intruder_@",
    ]
    .iter()
    .enumerate()
    {
        let file = format!("V{}__escape.sql", version + 1);
        project.schema("b", &file, statement);
        let output = project.charter(&["apply", "--auto-approve"]).exits(1);
        assert!(output.all().contains("CH452"), "{statement}: {}", output.all());
        let answer = project.as_tenant("b", &statement.replace('@', &project.prefix));
        assert_eq!(answer.code, 497, "{statement}: {}", answer.body);
        project.remove(&format!("migrations/development/tenants/@_b/schema/{file}"));
    }
    assert_eq!(project.as_tenant("a", "SELECT count() FROM t").body.trim(), "0");
    project.unchanged();
}

fn bootstrap(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let bootstrap = |file: &str, sql: &str| {
        project.write(&format!("migrations/development/tenants/@_a/bootstrap/{file}"), sql);
    };
    bootstrap("V1000__create_tenant_database.sql", "CREATE DATABASE never_run_@;");
    bootstrap("V1001__create_tenant_access.sql", "CREATE USER never_run_@ IDENTIFIED BY 'x';");
    bootstrap("V1002__extra.sql", "CREATE TABLE made_by_platform (id UInt64) ENGINE = MergeTree ORDER BY id");
    let _ = project.apply();
    let names = project
        .clickhouse
        .admin(&format!("SELECT count() FROM system.databases WHERE name = 'never_run_{}'", project.prefix));
    assert_eq!(names, "0");
    assert_eq!(project.as_tenant("a", "SELECT count() FROM made_by_platform").body.trim(), "0");
}

fn shared(project: &mut Project) {
    project.write(
        "tenants.hcl",
        "tenant \"@_a\" {\n  migrations = [\"shared\"]\n}\ntenant \"@_b\" {\n  migrations = [\"shared\"]\n}\n",
    );
    project.write("shared/V1__t.sql", TABLE);
    project.write("shared/V2__v.sql", "-- charter:settings max_threads=1\nCREATE VIEW v AS SELECT '${charter.tenant}' AS who, '$${charter.x}' AS kept");
    let _ = project.apply();
    for tenant in ["a", "b"] {
        let rows = project.as_tenant(tenant, "SELECT who, kept FROM v").body;
        assert_eq!(rows.trim(), format!("{}\t${{charter.x}}", project.name(tenant)));
    }
    // Writing the conventional path out changes nothing.
    project.schema("a", "V1__s.sql", "CREATE TABLE s (id UInt64) ENGINE = MergeTree ORDER BY id");
    let listed =
        "tenant \"@_a\" {\n  migrations = [\"shared\", \"migrations/development/tenants/@_a/schema\"]\n}\n";
    project.write("tenants.hcl", listed);
    project.write("b.hcl", "tenant \"@_b\" {\n  migrations = [\"shared\"]\n}\n");
    let _ = project.charter(&["plan"]).exits(0).says("1 migration (1 statement)");
    let _ = project.apply();
}

fn mistakes(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    for (sql, told) in [
        ("SELECT 'never closed", "not closed"),
        ("SELECT 1 /* never /* closed */", "not closed"),
        ("SET max_threads = 1", "charter:settings"),
        ("INSERT INTO t FORMAT CSV\n1,2\n", "FORMAT"),
        ("SELECT ${charter.nothing}", "nothing"),
    ] {
        project.schema("a", "V1__bad.sql", sql);
        let output = project.charter(&["validate"]).exits(1);
        assert!(
            output.all().contains(told) && output.all().contains("V1__bad.sql"),
            "{sql}: {}",
            output.all()
        );
    }
    project.schema("a", "V1__bad.sql", "SELECT 1");
    project.schema("a", "V01__twice.sql", "SELECT 1");
    let output = project.charter(&["validate"]).exits(1);
    assert!(
        output.all().contains("V1__bad.sql") && output.all().contains("V01__twice.sql"),
        "{}",
        output.all()
    );
}

fn preflight(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\ntenant \"@_b\" {}\n");
    project.schema("a", "V1__t.sql", TABLE);
    project.schema("b", "V1__t.sql", TABLE);
    project.schema("b", "V2__bad.sql", "CREATE TABEL u (id UInt64) ENGINE = Memory");
    let output = project.charter(&["apply", "--auto-approve"]).exits(1);
    assert!(output.all().contains("V2__bad.sql"), "{}", output.all());
    let made = format!("SELECT count() FROM system.databases WHERE name LIKE 'tenant_{}%'", project.prefix);
    assert_eq!(
        project.clickhouse.admin(&made),
        "0",
        "a mistake in the last file stops everything at the plan"
    );
    project.remove("migrations/development/tenants/@_b/schema/V2__bad.sql");
    let _ = project.apply();
}

fn renamed(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.schema("a", "V1__t.sql", TABLE);
    project.schema(
        "a",
        "V2__u.sql",
        "RENAME TABLE t TO u;\nCREATE TABLE gone (id UInt64) ENGINE = MergeTree ORDER BY id",
    );
    let _ = project.apply();
    project.schema(
        "a",
        "V3__drop.sql",
        "DROP TABLE gone SYNC;\nALTER TABLE u ADD COLUMN n Nullable(Decimal64(3)) DEFAULT 1.0",
    );
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0);
}

/// `async_insert` is the default since 26.2: what the ledger and a migration insert must not wait in
/// a buffer when the apply says that it is done.
fn asynchronous(project: &mut Project) {
    let buffered = "SETTINGS async_insert = 1, wait_for_async_insert = 0, async_insert_busy_timeout_min_ms = 60000, async_insert_busy_timeout_max_ms = 60000";
    project.write(
        "tenants.hcl",
        "tenant \"@_a\" {}\nsettings_profile \"@_buffered\" {\n  settings = { async_insert = true, wait_for_async_insert = false }\n  to = [tenant.@_a.role]\n}\n",
    );
    let user = project.name("runner");
    project
        .clickhouse
        .admin(&format!("CREATE USER {user} IDENTIFIED WITH sha256_password BY 'Runner-1' {buffered}"));
    project.clickhouse.admin(&format!("GRANT ALL ON *.* TO {user} WITH GRANT OPTION"));
    let administrator = (project.clickhouse.user.clone(), project.clickhouse.password.clone());
    project.log_in(&user, "Runner-1");
    let _ = project.apply();
    project.schema(
        "a",
        "V1__t.sql",
        "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id; INSERT INTO t VALUES (7), (8)",
    );
    let _ = project.apply();
    let slug = project.name("a");
    let count = |what: &str| project.clickhouse.admin(&format!("SELECT count() FROM {what}"));
    assert_eq!(count(&format!("tenant_{slug}.t")), "2");
    assert_eq!(count(&format!("ops.schema_migrations_tenant WHERE tenant = '{slug}'")), "1");
    let ends = format!("ops.charter_migration_events WHERE tenant = '{slug}' AND status = 'applied'");
    assert_eq!(count(&ends), "2");
    project.unchanged();
    project.log_in(&administrator.0, &administrator.1);
    project.clickhouse.admin(&format!("DROP USER {user}"));
}
