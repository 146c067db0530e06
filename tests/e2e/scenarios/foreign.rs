//! Tracking tables that cannot be taken over: never touched, never hidden.

use crate::Scenario;
use crate::project::Project;
use crate::servers;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "tracking_tables_that_cannot_be_taken_over_are_a_clear_error",
        cluster: false,
        engines: &["26.9"],
        run: tracking,
    }]
}

fn tracking(project: &mut Project) {
    let data = project.file("engine");
    project.use_clickhouse(servers::own_sandbox(&data, &[]));
    project.clickhouse.admin("CREATE DATABASE ops");
    let table = "ops.schema_migrations_tenant";
    project.clickhouse.admin(&format!(
        "CREATE TABLE {table} (version String, checksum String, applied_at DateTime) ENGINE = MergeTree ORDER BY version"
    ));
    project.clickhouse.admin(&format!("INSERT INTO {table} VALUES ('V1', 'x', now())"));
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.schema("a", "V1__t.sql", "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
    let output = project.charter(&["apply", "--auto-approve"]).exits(1);
    for word in ["CH401", "no column tells the tenant", "applied_at", "RENAME TABLE"] {
        assert!(output.all().contains(word), "no {word}: {}", output.all());
    }
    assert_eq!(project.clickhouse.admin(&format!("SELECT count() FROM {table}")), "1");
    assert_eq!(project.clickhouse.admin("SELECT count() FROM system.tables WHERE database = 'ops'"), "1");
    // The way out is what it says.
    project.clickhouse.admin(&format!("RENAME TABLE {table} TO {table}_before_charter"));
    let _ = project.apply();
}
