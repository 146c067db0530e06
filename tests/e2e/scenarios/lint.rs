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
    project.write("tenants.hcl", "tenant \"@_a\" {}\nlint {\n  deny = [\"CH104\"]\n}\n");
    let table = "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id;\nINSERT INTO t VALUES (1), (2)";
    project.schema("a", "V1__t.sql", table);
    let _ = project.apply();
    let rows = |project: &Project| {
        project.clickhouse.admin(&format!("SELECT count() FROM tenant_{}.t", project.name("a")))
    };
    let written = |project: &Project| {
        project.clickhouse.admin("SELECT sum(rows) FROM system.parts WHERE database = 'ops' AND active")
    };
    let before = written(project);
    project.schema("a", "V2__empty.sql", "TRUNCATE TABLE t");
    let _ = project.charter(&["plan"]).exits(7).says("denied CH431").says("the lint block denies CH431");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(7).says("This plan cannot be applied");
    let _ = project.charter(&["lint"]).exits(7).says("denied CH104");
    assert_eq!((rows(project).trim(), written(project)), ("2", before), "nothing was written");

    let allowed = "-- charter:allow CH104 the rows of a test\nTRUNCATE TABLE t";
    project.schema("a", "V2__empty.sql", allowed);
    let _ = project.charter(&["plan"]).exits(0).says("Allowed findings").says("the rows of a test");
    let _ = project.apply();
    assert_eq!(rows(project).trim(), "0");
    // A comment counts for no checksum: a file that is applied may get one.
    let commented = format!("-- charter:allow CH431 seen\n{table}");
    project.schema("a", "V1__t.sql", &commented);
    let _ = project.charter(&["plan", "--detailed-exitcode"]).exits(0).says("No changes.");
}
