//! Mutations of migrations on the real engine: one that fails, one that takes longer than its query,
//! and what the next plans say until they are decided.

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "a_failed_modify_column_is_told_as_what_it_is",
            cluster: false,
            engines: NEWEST,
            run: failed,
        },
        Scenario {
            name: "a_mutation_of_somebody_else_stands_in_the_way",
            cluster: false,
            engines: NEWEST,
            run: in_the_way,
        },
        Scenario {
            name: "a_mutation_that_outlasts_its_query_is_waited_for",
            cluster: false,
            engines: NEWEST,
            run: outlasts,
        },
    ]
}

/// One partition a row: what cannot be converted can be dropped without a mutation.
const TABLE: &str = "CREATE TABLE t (id UInt64, s String, r String) ENGINE = MergeTree PARTITION BY id ORDER BY id;\n\
                     INSERT INTO t VALUES (1, 'not a number', 'y'), (2, '2', 'y')";

fn table(project: &Project) -> String {
    format!("tenant_{}.t", project.name("a"))
}

fn column(project: &Project, name: &str) -> String {
    let database = format!("tenant_{}", project.name("a"));
    project.clickhouse.admin(&format!(
        "SELECT type FROM system.columns WHERE database = '{database}' AND table = 't' AND name = '{name}'"
    ))
}

fn failed(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.schema("a", "V1__t.sql", TABLE);
    let _ = project.apply();
    project.schema(
        "a",
        "V2__number.sql",
        "ALTER TABLE t MODIFY COLUMN s UInt32;\nALTER TABLE t ADD COLUMN n UInt8",
    );
    let _ = project
        .charter(&["plan"])
        .exits(0)
        .says("cost: ALTER … MODIFY COLUMN s on")
        .says("rewrites up to 2 rows");
    let output = project.charter(&["apply", "--auto-approve"]).exits(3);
    for told in ["fails: Code: 6", "Cannot parse string", "KILL MUTATION WHERE database"] {
        assert!(output.all().contains(told), "{told}: {}", output.all());
    }
    assert_eq!(column(project, "s"), "UInt32", "the definition shows the new type already");
    // Told by each plan, and never run again.
    for _ in 0..2 {
        let _ = project.charter(&["apply", "--auto-approve"]).exits(1).says("CH426");
    }
    let _ = project.charter(&["check"]).exits(2).says("CH426");
    // Mended: the server goes on by itself, and the next apply with what comes after.
    project.clickhouse.admin(&format!("ALTER TABLE {} DROP PARTITION 1", table(project)));
    let _ = project.charter(&["plan"]).exits(0).says("1 migration (1 statement)").says("is waited for");
    let _ = project.apply();
    assert_eq!(project.as_tenant("a", "SELECT id, s, n FROM t").body.trim(), "2\t2\t0");

    // Given up: nobody but the one who killed it knows what the table should be.
    project.schema("a", "V3__again.sql", "ALTER TABLE t MODIFY COLUMN r UInt32");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(3);
    let database = format!("tenant_{}", project.name("a"));
    project
        .clickhouse
        .admin(&format!("KILL MUTATION WHERE database = '{database}' AND table = 't' AND NOT is_done"));
    let _ = project.charter(&["plan"]).exits(6).says("CH427");
    // The server gives the id of a killed mutation again, and tells when it was made to the second.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    project.clickhouse.admin(&format!("ALTER TABLE {} MODIFY COLUMN r String", table(project)));
    let _ = project.charter(&["plan"]).exits(6).says("CH427");
    // The data mended by hand, it is asked for again.
    let table = table(project);
    project
        .clickhouse
        .admin(&format!("ALTER TABLE {table} UPDATE r = '5' WHERE 1 SETTINGS mutations_sync = 2"));
    let address = format!("tenant.{}.migration[\"schema/V3__again.sql\"]", project.name("a"));
    let repair = ["migrate", "repair", &address, "--retry", "--reason", "mended by hand", "--auto-approve"];
    let _ = project.charter(&repair).exits(0);
    let _ = project.apply();
    assert_eq!(column(project, "r"), "UInt32");
    let _ = project.charter(&["check"]).exits(0);
}

fn in_the_way(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.schema("a", "V1__t.sql", TABLE);
    let _ = project.apply();
    let by_hand = "DELETE WHERE throwIf(id = 1, 'by hand') SETTINGS mutations_sync = 0";
    project.clickhouse.admin(&format!("ALTER TABLE {} {by_hand}", table(project)));
    let database = format!("tenant_{}", project.name("a"));
    let failing = format!(
        "SELECT count() FROM system.mutations WHERE database = '{database}' AND latest_fail_reason != ''"
    );
    until("the mutation fails", || project.clickhouse.admin(&failing) != "0");
    let _ = project.charter(&["check"]).exits(2).says("CH428").says("by hand");
    project.schema("a", "V2__u.sql", "CREATE TABLE u (id UInt64) ENGINE = MergeTree ORDER BY id");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    project.schema("a", "V3__late.sql", "DROP TABLE t");
    let output = project.charter(&["plan"]).exits(1).says("CH425").says("CH429").says("CH431");
    assert!(output.all().contains("can be undone for 8 minutes"), "{}", output.all());
    project.clickhouse.admin(&format!("KILL MUTATION WHERE database = '{database}' AND table = 't'"));
    project.schema("a", "V3__late.sql", "DROP TABLE t SYNC");
    let _ = project.charter(&["plan"]).exits(0).never_says("CH425").never_says("CH429");
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0);
}

fn outlasts(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.schema(
        "a",
        "V1__t.sql",
        "CREATE TABLE t (id UInt64, s String) ENGINE = MergeTree ORDER BY id;\n\
         INSERT INTO t SELECT number, 'x' FROM numbers(800)",
    );
    let _ = project.apply();
    // The time of the query is up long before its mutation is done.
    let slow = |value: &str| {
        format!(
            "-- charter:settings max_execution_time=1\nALTER TABLE t UPDATE s = '{value}' WHERE sleepEachRow(0.003) = 0"
        )
    };
    project.schema("a", "V2__slow.sql", &slow("y"));
    let output = project.charter(&["apply", "--auto-approve"]).exits(0);
    assert!(output.all().contains("waiting for mutation mutation_"), "{}", output.all());
    assert_eq!(project.as_tenant("a", "SELECT DISTINCT s FROM t").body.trim(), "y");
    project.unchanged();

    let config = std::fs::read_to_string(project.file("charter.hcl")).unwrap();
    let patient = config.clone();
    let hasty = config.replace("clickhouse {\n", "clickhouse {\n  mutation_timeout = 0.1\n");
    project.write("charter.hcl", &hasty);
    project.schema("a", "V3__slow.sql", &format!("{};\nALTER TABLE t ADD COLUMN n UInt8", slow("z")));
    let output = project.charter(&["apply", "--auto-approve"]).exits(3);
    assert!(output.all().contains("is not done after"), "{}", output.all());
    project.write("charter.hcl", &patient);
    let _ = project.charter(&["plan"]).exits(0).says("is waited for").says("1 migration (1 statement)");
    let _ = project.apply();
    assert_eq!(project.as_tenant("a", "SELECT DISTINCT s, n FROM t").body.trim(), "z\t0");
    let made = format!(
        "SELECT count() FROM system.mutations WHERE database = 'tenant_{}' AND command LIKE '%UPDATE%'",
        project.name("a")
    );
    assert_eq!(project.clickhouse.admin(&made), "2", "each statement was run once");
    let _ = project.charter(&["check"]).exits(0);
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is() {
        assert!(begun.elapsed().as_secs() < 20, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
