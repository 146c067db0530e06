//! `charter migrate`: the ledger on the real engine, seen and mended by a person.

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    let scenario = |name, run| Scenario { name, cluster: false, engines: NEWEST, run };
    vec![
        scenario("migrate_status_says_how_each_file_stands", status),
        scenario("migrate_new_begins_the_next_file", new),
        scenario("migrate_repair_records_what_a_person_decides", repair),
        scenario("migrate_baseline_takes_over_what_is_there", baseline),
        scenario("migrate_out_of_order_files_run_where_they_may_and_are_recorded", out_of_order),
    ]
}

const TABLE: &str = "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id";

/// Asks for the status as a document.
fn document(project: &Project) -> serde_json::Value {
    let output = project.charter(&["migrate", "status", "--format", "json"]).exits(0);
    serde_json::from_str(&output.stdout).expect("a document")
}

/// Returns a file of the status by its name.
fn file<'a>(document: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let tenants = document["tenants"].as_array().expect("tenants");
    let files = tenants.iter().flat_map(|tenant| tenant["files"].as_array().expect("files"));
    files.into_iter().find(|file| file["file"] == name).unwrap_or_else(|| panic!("{name}: {document:#}"))
}

fn status(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\ntenant \"@_b\" {}\nmigrations \"@_g\" {}\n");
    project.write("migrations/development/@_g/V1__g.sql", "CREATE DATABASE IF NOT EXISTS global_@");
    for tenant in ["a", "b"] {
        project.schema(tenant, "V1__t.sql", &format!("-- as it was\n{TABLE};\nINSERT INTO t VALUES (1);\n"));
    }
    let strict = ["migrate", "status", "--detailed-exitcode"];
    // Before the first apply there is no ledger at all.
    let _ = project.charter(&strict).exits(2).says("2 tenants: nothing applied, 1 pending");
    let _ = project.charter(&["apply", "--auto-approve", "--actor", "alice"]).exits(0);
    let _ =
        project.charter(&strict).exits(0).says("2 tenants: at V1, up to date").says("Up to date: 3 applied.");

    // A statement that fails when it runs; spacing and comments that change.
    project.schema("a", "V1__t.sql", &format!("-- as it is\n{TABLE};\n\nINSERT INTO t  VALUES (1);\n"));
    project.schema(
        "a",
        "V2__u.sql",
        "CREATE TABLE u (id UInt64) ENGINE = MergeTree ORDER BY id;\nINSERT INTO u SELECT throwIf(1, 'broken')",
    );
    let _ = project.charter(&["apply", "--auto-approve", "--actor", "bob"]).exits(3);
    let one =
        project.charter(&strict).exits(2).says("1 failed").says("failed at statement 2 of 2").says("by bob");
    let one = one.says("broken").stdout;
    assert!(one.contains("up to date"), "the other tenant is fine: {one}");
    let found = document(project);
    let (applied, failed) = (file(&found, "V1__t.sql"), file(&found, "V2__u.sql"));
    assert_eq!(
        (&applied["state"], &applied["by"], &applied["reformatted"]),
        (&"applied".into(), &"alice".into(), &true.into())
    );
    assert!(
        applied["duration_ms"].is_u64() && applied["at"].as_str().is_some_and(|at| at.starts_with("20")),
        "{applied}"
    );
    assert_eq!(
        (&failed["state"], &failed["done"], &failed["stuck"]["statement"]),
        (&"failed".into(), &1.into(), &2.into())
    );

    let tenant = format!("tenant.{}", project.name("a"));
    let _ = project
        .charter(&["migrate", "status", &tenant])
        .exits(0)
        .says("VERSION")
        .says("comments or spacing changed");
    let _ = project.charter(&["migrate", "status", "tenant.nobody"]).exits(1).warns("has no migrations");

    // Edited, and missing.
    project.schema("a", "V2__u.sql", "CREATE TABLE u (id UInt32) ENGINE = MergeTree ORDER BY id");
    let _ = project.charter(&strict).exits(1).says("1 edited");
    project.schema(
        "a",
        "V2__u.sql",
        "CREATE TABLE u (id UInt64) ENGINE = MergeTree ORDER BY id;\nINSERT INTO u VALUES (2)",
    );
    let _ = project.apply();
    project.remove("migrations/development/tenants/@_a/schema/V1__t.sql");
    let _ = project.charter(&strict).exits(1).says("missing file: applied 20");
    let queries = project.charter(&["migrate", "status", "-v"]).exits(0).stderr;
    assert!(queries.contains("queries="), "{queries}");
}

fn new(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let slug = project.name("a");
    let begun = project.charter(&["migrate", "new", &slug, "first table"]).exits(0);
    let path = project.path().join(begun.stdout.trim());
    assert!(path.ends_with("schema/V1000__first_table.sql"), "{}", path.display());
    // What nobody filled is not applied.
    let _ = project.charter(&["plan"]).exits(1).says("CH437");
    let head = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{head}{TABLE};\n")).unwrap();
    let _ = project.apply();
    // The only folder needs no name, and a dry run writes nothing.
    for _ in 0..2 {
        let _ =
            project.charter(&["migrate", "new", "second", "--dry-run"]).exits(0).says("V1001__second.sql");
    }
    project.unchanged();
}

fn out_of_order(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.schema("a", "V2__t.sql", TABLE);
    let _ = project.apply();
    project.schema("a", "V1__late.sql", "CREATE TABLE late (id UInt64) ENGINE = MergeTree ORDER BY id");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(1).says("CH412");
    let _ = project.charter(&["migrate", "status", "--detailed-exitcode"]).exits(1).says("out of order");
    project.write("tenants.hcl", "tenant \"@_a\" {\n  allow_out_of_order = true\n}\n");
    let _ = project.charter(&["plan"]).exits(0).says("out of order: version 2 is applied already");
    let _ = project.apply();
    assert_eq!(file(&document(project), "V1__late.sql")["out_of_order"], true);
    assert_eq!(file(&document(project), "V2__t.sql")["out_of_order"], false);
    // Taking the permission back changes nothing of what was recorded.
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.unchanged();
}

/// Makes the ledger say of a statement that failed that it was started, and nothing more: as after
/// a runner that was killed while it ran.
fn forget_the_end(project: &Project, file: &str, statement: usize) {
    let prefix = &project.prefix;
    let columns = "scope, tenant, folder, version, name, statement, statements, token_sha256, raw_sha256, algorithm, query_id, run_id";
    let _ = project.clickhouse.admin(&format!(
        "INSERT INTO ops.charter_migration_events ({columns}, status) SELECT {columns}, 'started' \
         FROM ops.charter_migration_events WHERE scope = '{prefix}' AND name = '{file}' AND statement = {statement} LIMIT 1"
    ));
}

fn repair(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let one = project.name("a");
    let addr = |file: &str| format!("tenant.{one}.migration[\"schema/{file}\"]");
    project.schema("a", "V1__t.sql", &format!("{TABLE};\nINSERT INTO t SELECT throwIf(1, 'broken')"));
    let _ = project.charter(&["apply", "--auto-approve"]).exits(3);
    let first = addr("V1__t.sql");
    let repair = |more: &[&str]| project.charter(&[&["migrate", "repair"], more].concat());
    // A failed statement is run again anyway.
    let _ = repair(&[&first, "--retry", "--auto-approve"]).exits(1).warns("recorded as failed already");
    let _ = repair(&[&first, "--statement", "1", "--skip", "--reason", "x"]).exits(1).warns("is applied");
    let _ = repair(&[&first, "--statement", "7", "--retry"]).exits(1).warns("the file has 2");
    let _ = repair(&[&first]).exits(64);

    forget_the_end(project, "V1__t.sql", 2);
    let _ = project.charter(&["plan"]).exits(6).says("CH414").says("charter migrate repair");
    let _ = project
        .charter(&["migrate", "status", "--detailed-exitcode"])
        .exits(6)
        .says("unknown: statement 2 of 2");
    // Nobody can be asked here: nothing is recorded.
    let _ = repair(&[&first, "--retry"]).exits(8).says("statement 2");
    let _ = project.charter(&["plan"]).exits(6);
    let _ = repair(&[&first, "--retry", "--auto-approve"]).exits(0).says("does that work twice");
    let _ = project.charter(&["plan"]).exits(0).says("1 migration (1 statement)");

    forget_the_end(project, "V1__t.sql", 2);
    let _ = repair(&[&first, "--applied", "--auto-approve"]).exits(1).warns("--reason");
    let reason = "counted by hand";
    let _ = repair(&[&first, "--applied", "--reason", reason, "--auto-approve", "--actor", "carol"]).exits(0);
    let audit = format!(
        "SELECT e.status, e.reason, r.actor, r.purpose FROM ops.charter_migration_events AS e \
         JOIN ops.charter_runs AS r ON r.run_id = e.run_id AND r.event = 'started' \
         WHERE e.scope = '{}' AND e.reason != '' ORDER BY e.at DESC LIMIT 1",
        project.prefix
    );
    assert_eq!(project.clickhouse.admin(&audit), "applied\tcounted by hand\tcarol\tmigrate repair");
    let _ = project.apply();

    // What is plainly not there is not recorded as applied; it may be left out.
    let wrong =
        "CREATE TABLE u (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS storage_policy = 'nowhere'";
    project.schema("a", "V2__u.sql", wrong);
    let _ = project.charter(&["apply", "--auto-approve"]).exits(3);
    let second = addr("V2__u.sql");
    let refused = repair(&[&second, "--applied", "--reason", "x", "--auto-approve"]).exits(1);
    let _ = refused.warns("is not there").warns("--force");
    let _ = repair(&[&second, "--skip", "--auto-approve"]).exits(1).warns("needs a reason");
    let _ = repair(&[&second, "--skip", "--reason", "not here", "--auto-approve"]).exits(0);
    let _ = project.apply();
    assert_eq!(file(&document(project), "V2__u.sql")["skipped"], 1);

    // An edit that a person accepts.
    let _ = repair(&[&second, "--accept-edit", "--reason", "x", "--auto-approve"])
        .exits(1)
        .warns("is not edited");
    project.schema("a", "V2__u.sql", &wrong.replace("nowhere", "default"));
    let edited = project.charter(&["plan"]).exits(1).says("CH410").says("statement 1 differs").stdout;
    // Who applied it is in the record, whatever they are called here.
    assert!(edited.contains(" in run 20"), "{edited}");
    let _ = project.charter(&["check"]).exits(2).says("statement 1 differs");
    let _ = repair(&[&second, "--accept-edit", "--reason", "no such policy", "--auto-approve"]).exits(0);
    project.unchanged();
    assert_eq!(file(&document(project), "V2__u.sql")["reason"], "no such policy");
}

fn baseline(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\nmigrations \"@_g\" {}\n");
    let _ = project.apply();
    let slug = project.name("a");
    let made = project.as_tenant("a", TABLE);
    assert_eq!(made.status, 200, "{}", made.body);
    project.schema(
        "a",
        "V1__t.sql",
        &format!("CREATE TABLE gone (a Int8) ENGINE = Memory;\n{TABLE};\nDROP TABLE gone SYNC"),
    );
    project.schema("a", "V2__u.sql", "CREATE TABLE u (id UInt64) ENGINE = MergeTree ORDER BY id");
    project.write("migrations/development/@_g/V1__g.sql", "CREATE DATABASE baseline_@");
    let baseline = |more: &[&str]| project.charter(&[&["migrate", "baseline"], more].concat());
    let _ = baseline(&["nobody"]).exits(1).warns("no tenant");
    let _ = baseline(&[&slug, "--auto-approve"]).exits(1).warns("is not there").warns("V2__u.sql");
    let global = format!("migrations.{}", project.name("g"));
    let _ = baseline(&[&global, "--auto-approve"])
        .exits(1)
        .warns(&format!("database baseline_{}", project.prefix));
    let _ = baseline(&[&slug, "--version", "1"]).exits(8).says("baselined");
    let _ =
        baseline(&[&slug, "--version", "1", "--auto-approve", "--actor", "dora", "--reason", "made by hand"])
            .exits(0);
    let first = document(project);
    let first = file(&first, "V1__t.sql");
    assert_eq!(
        (&first["state"], &first["by"], &first["reason"]),
        (&"baselined".into(), &"dora".into(), &"made by hand".into())
    );
    // It says where runs begin, and cannot be moved.
    let _ = baseline(&[&slug, "--auto-approve"]).exits(1).warns("has been applied already");
    let _ = project.clickhouse.admin(&format!("CREATE DATABASE baseline_{}", project.prefix));
    let _ = baseline(&[&global, "--auto-approve"]).exits(0);
    let _ = project.charter(&["plan"]).exits(0).says("1 migration (1 statement)");
    let _ = project.apply();
    assert_eq!(project.as_tenant("a", "SELECT count() FROM u").body.trim(), "0");
}
