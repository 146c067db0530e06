//! One runner a scope: the lock.

use std::thread;

use super::NEWEST;
use crate::Scenario;
use crate::command::{self, Output};
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "of_two_runners_one_runs_each_statement",
            cluster: false,
            engines: &["26.9"],
            run: two,
        },
        Scenario {
            name: "a_held_lock_is_told_and_can_be_taken_away",
            cluster: false,
            engines: NEWEST,
            run: held,
        },
    ]
}

/// How often two runners start together: fifty times with the full matrix.
fn rounds() -> usize {
    if crate::full_matrix() { 50 } else { 6 }
}

/// Two runners are started together, again and again: each INSERT runs once.
fn two(project: &mut Project) {
    project.write("main.hcl", "tenant \"@_a\" {}\n");
    project.schema("a", "V1__t.sql", "CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
    let _ = project.apply();
    // The one that comes second does not wait: it is told.
    project.env.push(("CHARTER_LOCK_TIMEOUT".into(), "0s".into()));
    let mut refused = 0;
    let rounds = rounds();
    for round in 0..rounds {
        project.schema("a", &format!("V{}__n.sql", round + 2), &format!("INSERT INTO t VALUES ({round})"));
        let (first, second) = together(project);
        let codes = [first.code, second.code];
        assert!(codes.contains(&0), "{}\n{}", first.all(), second.all());
        assert!(codes.iter().all(|code| [0, 4, 5].contains(code)), "{}\n{}", first.all(), second.all());
        refused += usize::from(codes != [0, 0]);
    }
    let count = project.as_tenant("a", "SELECT count(), uniqExact(n) FROM t").body;
    assert_eq!(count.trim(), format!("{rounds}\t{rounds}"), "{refused} rounds had a loser");
    assert!(refused > 0, "they never met");
    let started = project.clickhouse.admin(&format!(
        "SELECT count(), uniqExact(version, statement) FROM ops.charter_migration_events \
         WHERE scope = '{}' AND status = 'started'",
        project.prefix
    ));
    assert_eq!(started, format!("{0}\t{0}", rounds + 1), "no statement was begun twice");
    project.unchanged();
}

fn together(project: &Project) -> (Output, Output) {
    let run = || command::charter(project.path(), &project.env, &["apply", "--auto-approve"]);
    thread::scope(|scope| {
        let other = scope.spawn(run);
        (run(), other.join().unwrap())
    })
}

/// A run that was killed leaves its lock: the next is told who has it, waits, or takes it away.
fn held(project: &mut Project) {
    project.write("main.hcl", "role \"r\" {\n  name = \"@_r\"\n}\n");
    let _ = project.apply();
    let lock = format!(
        "SELECT name FROM system.tables WHERE database = 'ops' AND name LIKE 'charter_lock_%' AND comment LIKE '%{}%' \
         ORDER BY toUInt64OrZero(extract(name, '[0-9]+$')) DESC LIMIT 1",
        project.prefix
    );
    project.env.push(("CHARTER_ACTOR".into(), project.prefix.clone()));
    let _ = project.charter(&["unlock"]).exits(0).says("is free");
    project.write("main.hcl", "role \"r\" {\n  name = \"@_r\"\n}\nrole \"s\" {\n  name = \"@_s\"\n}\n");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let name = project.clickhouse.admin(&lock);
    let number: u64 = name.rsplit_once('_').unwrap().1.trim().parse().unwrap();
    let next = name.trim().replace(&format!("_{number}"), &format!("_{}", number + 1));
    let comment = r#"{"run":"R","actor":"somebody","host":"ci-7","purpose":"apply","ttl_ms":600000}"#;
    let _ = project.clickhouse.admin(&format!(
        "CREATE TABLE ops.`{next}` (event LowCardinality(String), at DateTime64(3, 'UTC') DEFAULT now64(3)) \
         ENGINE = MergeTree ORDER BY at COMMENT '{comment}'"
    ));
    project.write("main.hcl", "role \"r\" {\n  name = \"@_r\"\n}\n");
    let _ = project.charter(&["plan"]).exits(0).says("2 to destroy");
    let refused = project.charter(&["apply", "--auto-approve", "--lock-timeout", "1s"]).exits(5);
    let _ = refused.warns("somebody on ci-7 holds the lock").warns("charter unlock");
    let _ = project.charter(&["unlock"]).exits(8).warns("somebody on ci-7");
    let _ = project.charter(&["unlock", "--force"]).exits(0).says("taken from run R");
    let _ = project.apply();
}
