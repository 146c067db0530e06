//! An apply that is killed: the next one completes the work.

use std::time::Duration;

use super::NEWEST;
use crate::Scenario;
use crate::command;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "a_killed_apply_is_completed_by_the_next",
        cluster: true,
        engines: NEWEST,
        run: killed,
    }]
}

/// What may be repeated after a kill: every statement is idempotent.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS t (id UInt64) ENGINE = MergeTree ORDER BY id;\n\
                      ALTER TABLE t ADD COLUMN IF NOT EXISTS n UInt8;\n";

fn killed(project: &mut Project) {
    let (mut killed, rounds) = (0, if crate::full_matrix() { 6 } else { 3 });
    for round in 0..rounds {
        let tenants: String =
            (0..3).map(|n| format!("tenant \"@_r{round}n{n}\" {{\n  superset {{}}\n}}\n")).collect();
        project.write("tenants.hcl", &tenants);
        for n in 0..3 {
            project.schema(&format!("r{round}n{n}"), "V1__t.sql", SCHEMA);
        }
        let after = Duration::from_millis(250 + 1020 / rounds * round);
        let args = ["apply", "--auto-approve", "--parallelism", "2"];
        killed += usize::from(command::kill(project.path(), &project.env, &args, after));
        // Who is dead needs no lock; otherwise it would lapse by itself.
        let _ = project.charter(&["unlock", "--force"]).exits(0);
        let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
        let _ = project.charter(&["plan", "--detailed-exitcode"]).exits(0);
        let _ = project.charter(&["check"]).exits(0);
        let login = project.as_tenant(&format!("r{round}n0"), "SELECT count() FROM t");
        assert_eq!(login.body.trim(), "0");
    }
    assert!(killed >= 2, "only {killed} of the applies were killed while they ran");
    project.write("tenants.hcl", "role \"@_end\" {}\n");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
}
