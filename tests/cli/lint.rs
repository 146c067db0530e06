//! `charter lint` and `charter explain`, which need no server.

use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::harness::Project;

const FILE: &str = "migrations/development/acme/V1__x.sql";

fn project(hcl: &str, sql: &str) -> Project {
    Project::new(&format!("migrations \"acme\" {{}}\n{hcl}")).file(FILE, sql)
}

#[test]
fn a_finding_points_at_its_place() {
    let project = project("", "CREATE TABLE t (a UInt8) ENGINE = Log;\n  TRUNCATE TABLE s;\n");
    assert_snapshot!(project.run(&["lint"]), @r#"
    warning CH104 migrations.acme.migration["V1__x.sql"]: a migration empties a table
       --> migrations/development/acme/V1__x.sql:2:3
        |
      2 |   TRUNCATE TABLE s
        |   ^^^^^^^^^^^^^^^^ all rows are gone for good
      help: TRUNCATE cannot be undone: RENAME the table away, and drop it once nobody misses it

    1 finding: 1 warning in 1 migration.
    --- exit 0
    "#);
}

#[test]
fn a_secret_is_found_and_not_shown() {
    let sql = "CREATE USER u IDENTIFIED BY 'correct-horse-battery';\nSELECT 1";
    for format in ["text", "json", "sarif"] {
        let output = project("", sql).run(&["lint", "--format", format]);
        assert!(output.stdout.contains("CH123"), "{output}");
        assert!(!output.to_string().contains("correct-horse"), "{output}");
    }
}

#[test]
fn what_is_denied_fails_and_a_comment_lets_it_pass() {
    let deny = "lint {\n  deny = [\"data-loss\"]\n}\n";
    let denied = project(deny, "TRUNCATE TABLE s").run(&["lint"]);
    assert_eq!(denied.code, 7, "{denied}");
    assert!(denied.stdout.contains("denied CH104"), "{denied}");
    let allowed = project(deny, "TRUNCATE TABLE s -- charter:allow CH104 a cache").run(&["lint"]);
    assert_snapshot!(allowed, @r#"
    Allowed findings

      CH104 migrations.acme.migration["V1__x.sql"]: a migration empties a table
        allowed by migrations/development/acme/V1__x.sql:1:18: a cache

    No findings in 1 migration.
    --- exit 0
    "#);
}

#[test]
fn a_comment_allows_its_own_statement_alone() {
    let sql = "-- charter:allow CH101, CH429 first only\nDROP TABLE a1 SYNC; DROP TABLE a2 SYNC;\n";
    let output = project("", sql).run(&["lint"]);
    assert_eq!(output.stdout.matches("warning CH101").count(), 1, "{output}");
    assert!(output.stdout.contains(":2:21"), "{output}");
    let behind = "DROP TABLE a1 SYNC; DROP TABLE a2 SYNC; -- charter:allow CH101 second only\n";
    let output = project("", behind).run(&["lint"]);
    assert_eq!(output.stdout.matches("warning CH101").count(), 1, "{output}");
    assert!(output.stdout.contains(":1:1\n"), "{output}");
}

#[test]
fn a_table_that_is_put_aside_by_an_exchange_is_not_the_files_own() {
    let sql = "CREATE TABLE n (a UInt8) ENGINE = Log;\nEXCHANGE TABLES t AND n;\nDROP TABLE n SYNC;\n";
    let output = project("lint {\n  deny = [\"data-loss\"]\n}\n", sql).run(&["lint"]);
    assert_eq!(output.code, 7, "{output}");
    assert!(output.stdout.contains("denied CH101"), "{output}");
}

#[test]
fn only_the_files_that_are_named_are_looked_at() {
    let project =
        project("", "TRUNCATE TABLE s").file("migrations/development/acme/V2__y.sql", "DROP TABLE s SYNC");
    let output = project.run(&["lint", "./migrations/development/acme/V2__y.sql"]);
    assert!(output.stdout.contains("CH101") && !output.stdout.contains("CH104"), "{output}");
    assert_eq!(output.code, 0, "{output}");
}

#[test]
fn a_file_that_is_named_and_is_no_migration_fails() {
    let project = project("", "TRUNCATE TABLE s").file("other.sql", "SELECT 1");
    let gone = project.run(&["lint", "migrations/gone.sql"]);
    assert!(gone.stderr.contains("a file does not exist") && gone.stderr.contains("gone.sql"), "{gone}");
    assert!(gone.code == 1 && !gone.stdout.contains("No findings"), "{gone}");
    let other = project.run(&["lint", FILE, "other.sql"]);
    assert!(other.stderr.contains("no migration of this configuration"), "{other}");
    assert!(other.code == 1 && other.stdout.contains("CH104"), "{other}");
}

#[test]
fn files_are_named_from_the_working_directory_or_from_the_configuration() {
    let project = Project::empty()
        .file("conf/main.hcl", "migrations \"acme\" {}\n")
        .file(&format!("conf/{FILE}"), "TRUNCATE TABLE s");
    for file in [format!("conf/{FILE}"), FILE.to_owned()] {
        let output = project.run(&["-C", "conf", "lint", &file]);
        assert!(output.code == 0 && output.stdout.contains("CH104"), "{output}");
    }
}

#[test]
fn a_comment_of_the_configuration_that_allows_nothing_is_told() {
    let project =
        Project::new("# charter:allow CH104 a cache\nmigrations \"acme\" {}\n").file(FILE, "SELECT 1");
    let output = project.run(&["lint"]);
    assert!(output.stderr.contains("an allow comment allows nothing"), "{output}");
    assert!(output.stderr.contains("main.hcl:1:1"), "{output}");
}

#[test]
fn sarif_is_relative_to_the_repository() {
    let project = Project::empty()
        .file("infra/main.hcl", "migrations \"acme\" {}\n")
        .file(&format!("infra/{FILE}"), "TRUNCATE TABLE s")
        .file(".git/HEAD", "");
    let output = project.run(&["-C", "infra", "lint", "--format", "sarif"]);
    let log: Json = serde_json::from_str(&output.stdout).unwrap();
    let result = &log["runs"][0]["results"][0];
    let at = &result["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(at["uri"], format!("infra/{FILE}"));
    let rule = result["ruleIndex"].as_u64().unwrap();
    let rule = &log["runs"][0]["tool"]["driver"]["rules"][usize::try_from(rule).unwrap()];
    assert_eq!(rule["id"], result["ruleId"]);
}

#[test]
fn a_code_is_explained() {
    let project = Project::empty();
    let output = project.run(&["explain", "ch412"]);
    assert!(
        output.stdout.starts_with("# CH412: A migration comes before one that is applied already"),
        "{output}"
    );
    assert!(output.stdout.contains("It refuses, and cannot be allowed"), "{output}");
    assert_snapshot!(project.run(&["explain", "CH4122"]), @r#"
    --- stderr
    error: there is no code "CH4122"
     |
     = help: did you mean CH412? charter explain CH412
    --- exit 64
    "#);
    let list = project.run(&["explain"]);
    assert!(list.stdout.contains("CH101  warning   A migration drops an object"), "{list}");
}
