//! `charter migrate`: the ledger on the real engine, seen and mended by a person.

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    let scenario = |name, run| Scenario { name, cluster: false, engines: NEWEST, run };
    vec![
        scenario("migrate_status_says_how_each_file_stands", status),
        scenario("migrate_new_begins_the_next_file", new),
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
