//! Lint on the real engine: what is denied is not applied, and a comment with a reason lets it pass.

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "what_lint_denies_is_not_applied_until_it_is_allowed",
        cluster: false,
        engines: NEWEST,
        run: denied,
    }]
}

fn denied(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\nlint {\n  deny = [\"CH102\"]\n}\n");
    let table =
        "CREATE TABLE t (id UInt64, s String) ENGINE = MergeTree ORDER BY id;\nINSERT INTO t VALUES (1, 'a')";
    project.schema("a", "V1__t.sql", table);
    let _ = project.apply();
    let columns = |project: &Project| {
        let table = format!("database = 'tenant_{}' AND table = 't'", project.name("a"));
        project.clickhouse.admin(&format!("SELECT count() FROM system.columns WHERE {table}"))
    };
    let written = |project: &Project| {
        // Other scenarios write to the same tables.
        let of =
            |table: &str| format!("(SELECT count() FROM ops.{table} WHERE scope = '{}')", project.prefix);
        let tables =
            ["charter_runs", "charter_steps", "charter_resources", "charter_migration_events"].map(of);
        project.clickhouse.admin(&format!("SELECT {}", tables.join(" + ")))
    };
    let before = written(project);
    project.schema("a", "V2__drop.sql", "ALTER TABLE t DROP COLUMN s");
    let _ = project.charter(&["plan"]).exits(7).says("denied CH431").says("the lint block denies CH431");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(7).says("This plan cannot be applied");
    let _ = project.charter(&["lint"]).exits(7).says("denied CH102");
    assert_eq!((columns(project).trim(), written(project)), ("2", before), "nothing was written");

    let allowed = "-- charter:allow CH102 the column of a test\nALTER TABLE t DROP COLUMN s";
    project.schema("a", "V2__drop.sql", allowed);
    let _ = project.charter(&["plan"]).exits(0).says("Allowed findings").says("the column of a test");
    let _ = project.apply();
    assert_eq!(columns(project).trim(), "1");
    // A comment counts for no checksum: a file that is applied may get one.
    let commented = format!("-- charter:allow CH431 seen\n{table}");
    project.schema("a", "V1__t.sql", &commented);
    let _ = project.charter(&["plan", "--detailed-exitcode"]).exits(0).says("No changes.");
}
