//! Many tenants: the cost of a plan in queries does not depend on their number, and the failure of one
//! is not the others'.

use std::fmt::Write as _;

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;
use crate::servers;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "a_plan_takes_at_most_fifteen_queries",
            cluster: false,
            engines: NEWEST,
            run: queries,
        },
        Scenario {
            name: "of_many_tenants_three_fail_and_a_second_run_completes_them",
            cluster: false,
            engines: &["26.9"],
            run: broken,
        },
        Scenario {
            name: "a_canary_that_fails_stops_the_rollout",
            cluster: false,
            engines: NEWEST,
            run: canary,
        },
    ]
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

/// How many tenants share a folder: of 500, the engine takes a minute.
fn many() -> usize {
    if crate::full_matrix() { 500 } else { 100 }
}

/// A file whose second statement fails when it runs where a table is in the way: nothing that can be
/// seen before.
const FILE: &str = "CREATE TABLE orders (id UInt64) ENGINE = MergeTree ORDER BY id;\n\
    INSERT INTO orders SELECT throwIf(count() > 0, 'the legacy table is still there') FROM system.tables \
    WHERE database = currentDatabase() AND name = 'legacy';\n";

/// Declares tenants with a shared folder, and makes them: the files come later.
fn tenants(project: &Project, count: usize, rollout: &str) {
    let all = format!("toset([for n in range({count}) : format(\"@_%03d\", n)])");
    let tenants = format!(
        "tenant \"all\" {{\n  for_each = {all}\n  slug = each.key\n  migrations = [\"migrations/shared\"]\n}}\n"
    );
    project.write("migrations/shared/README", "");
    project.write("main.hcl", &format!("{rollout}\n{tenants}"));
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
}

fn slug(project: &Project, number: usize) -> String {
    project.name(&format!("{number:03}"))
}

/// Of many tenants three fail at run time: the others are done, and a second run completes just those.
fn broken(project: &mut Project) {
    let data = tempfile::tempdir().unwrap();
    project.use_clickhouse(servers::own_sandbox(data.path(), &[]));
    let (count, last) = (many(), many() - 1);
    let batch = count / 5;
    let rollout = format!("rollout {{\n  canary = [\"@_000\"]\n  batch = {batch}\n  max_failures = 3\n}}\n");
    tenants(project, count, &rollout);
    let bad: Vec<String> = [7, 23, last].map(|number| slug(project, number)).into();
    for slug in &bad {
        let _ =
            project.clickhouse.admin(&format!("CREATE TABLE tenant_{slug}.legacy (a UInt8) ENGINE = Memory"));
    }
    project.write("migrations/shared/V1__orders.sql", FILE);
    let first = project
        .charter(&["apply", "--auto-approve"])
        .exits(3)
        .says(&format!("Rollout: 1 canary, then {last} tenants in 5 groups of up to {batch}; stops when more than 3 tenants have failed."))
        .says(&format!("migrations/shared/V1__orders.sql for {} tenants: applied", count - 3))
        .says("Failed (3):")
        .never_says("Not started");
    for slug in &bad {
        let step =
            format!("tenant.all[\"{slug}\"].migration[\"migrations/shared/V1__orders.sql\"] (applying)");
        let (_, after) = first.stdout.split_once(&step).unwrap_or_else(|| panic!("{step}\n{}", first.stdout));
        let told: Vec<&str> = after.lines().skip(1).take(2).collect();
        assert!(told[0].contains("statement: 2 of 2"), "{told:?}");
        assert!(told[1].contains("the legacy table is still there"), "{told:?}");
    }
    let _ = project.charter(&["plan"]).exits(0).says("3 migrations (3 statements)");
    for slug in &bad {
        let _ = project.clickhouse.admin(&format!("DROP TABLE tenant_{slug}.legacy"));
    }
    let _ = project.apply().says("3 migrations (3 statements) applied");
    let (scope, applied) = (&project.prefix, "status = 'applied'");
    let once = project.clickhouse.admin(&format!(
        "SELECT count(), uniqExact(tenant, statement) FROM ops.charter_migration_events WHERE scope = '{scope}' AND {applied}"
    ));
    let statements = 2 * count;
    assert_eq!(once, format!("{statements}\t{statements}"), "each statement was applied once");
}

/// Where the canary fails, no other tenant begins; when it is mended, all are done.
fn canary(project: &mut Project) {
    tenants(project, 5, "rollout {\n  canary = [\"@_003\"]\n  batch = 2\n}\n");
    let slug = slug(project, 3);
    let _ = project.clickhouse.admin(&format!("CREATE TABLE tenant_{slug}.legacy (a UInt8) ENGINE = Memory"));
    project.write("migrations/shared/V1__orders.sql", FILE);
    let _ = project
        .charter(&["apply", "--auto-approve"])
        .exits(3)
        .says("statement: 2 of 2")
        .says(&format!("migrations/shared/V1__orders.sql for 4 tenants: the canary {slug} failed"));
    let begun = format!(
        "SELECT uniqExact(tenant) FROM ops.charter_migration_events WHERE scope = '{}'",
        project.prefix
    );
    assert_eq!(project.clickhouse.admin(&begun), "1");
    let _ = project.clickhouse.admin(&format!("DROP TABLE tenant_{slug}.legacy"));
    let _ = project.apply().says("5 migrations (9 statements) applied");
    assert_eq!(project.clickhouse.admin(&begun), "5");
}
