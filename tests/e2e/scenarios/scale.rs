//! The cost of a plan in queries: it does not depend on the number of tenants.

use std::fmt::Write as _;

use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "a_plan_takes_at_most_fifteen_queries",
        cluster: false,
        engines: &[],
        run: queries,
    }]
}

fn queries(project: &mut Project) {
    project.schema("first", "V1__t.sql", "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
    project.write("main.hcl", "tenant \"@_first\" {}\ntenant \"@_second\" {\n  superset {}\n}\n");
    let _ = project.apply();
    // One file is pending, so that the pre-flight is counted, too.
    project.schema("first", "V2__t.sql", "ALTER TABLE t ADD COLUMN n UInt8");
    // The queries are told apart by who sends them.
    let user = project.name("counter");
    project
        .clickhouse
        .admin(&format!("CREATE USER {user} IDENTIFIED WITH sha256_password BY 'counter-password-1'"));
    project.clickhouse.admin(&format!("GRANT ALL ON *.* TO {user} WITH GRANT OPTION"));
    let administrator = std::mem::take(&mut project.env);
    project.env = vec![
        ("CLICKHOUSE_URL".into(), project.clickhouse.url.clone()),
        ("CLICKHOUSE_USER".into(), user.clone()),
        ("CLICKHOUSE_PASSWORD".into(), "counter-password-1".into()),
    ];
    let few = count(project, &user);
    let limited = "tenant \"@_first\" {\n  limits {\n    max_threads = 4\n    quota {\n      duration = \"1h\"\n    }\n  }\n}\ntenant \"@_second\" {\n  superset {}\n}\n";
    let plain = std::fs::read_to_string(project.file("main.hcl")).unwrap();
    project.write("main.hcl", limited);
    let two_kinds_more = count(project, &user);
    assert!(two_kinds_more <= few + 2, "{few} queries, and {two_kinds_more} with profiles and quotas");
    project.write("main.hcl", &plain);
    let mut many = std::fs::read_to_string(project.file("main.hcl")).unwrap();
    for index in 0..498 {
        let _ = writeln!(many, "tenant \"@_n{index}\" {{}}");
    }
    project.write("main.hcl", &many);
    let at_scale = count(project, &user);
    assert!((1..=15).contains(&few), "{few} queries");
    assert_eq!(few, at_scale);
    project.env = administrator;
    project.clickhouse.admin(&format!("DROP USER {user}"));
}

/// Returns how many queries a plan sends, as the server counts them.
fn count(project: &Project, user: &str) -> usize {
    let sent = || match &project.clickhouse.log {
        Some(log) => std::fs::read_to_string(log).unwrap().lines().filter(|line| line.contains(user)).count(),
        None => {
            project.clickhouse.admin("SYSTEM FLUSH LOGS");
            let sent =
                format!("SELECT count() FROM system.query_log WHERE type = 'QueryStart' AND user = '{user}'");
            project.clickhouse.admin(&sent).parse().unwrap()
        }
    };
    let before = sent();
    let _ = project.charter(&["plan"]).exits(0);
    sent() - before
}
