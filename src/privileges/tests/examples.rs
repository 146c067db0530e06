//! What people see for typical declarations and typical drift.

use super::*;

/// Returns missing (`+`), extra (`-`) and the statements for role `r`.
fn run(desired: &[&str], live: &[&str], exempt: &[&str], mode: Mode) -> String {
    text(diff(&real(), &grants(desired), &show(live), &grants(exempt), mode))
}

fn whole(desired: &[&str], live: &[&str]) -> String {
    run(desired, live, &[], Mode::Whole)
}

fn text(diff: Result<GrantDiff, DiffError>) -> String {
    let diff = match diff {
        Ok(diff) => diff,
        Err(error) => return error.to_string(),
    };
    let missing = diff.missing.iter().map(|grant| format!("+ {grant}"));
    let extra = diff.extra.iter().map(|extra| format!("- {extra}"));
    missing.chain(extra).chain(diff.statements("r")).collect::<Vec<_>>().join("\n")
}

const BASE: &str = "SELECT, INSERT, ALTER, CREATE, DROP ON tenant_a.*";

#[test]
fn a_new_role_gets_the_words_of_its_declaration() {
    insta::assert_snapshot!(whole(&[BASE, "select(id, `a b`) ON shared.events"], &[]), @"
    + SELECT, INSERT, ALTER, CREATE, DROP ON tenant_a.*
    + SELECT(id, `a b`) ON shared.events
    GRANT SELECT, INSERT, ALTER, CREATE, DROP ON tenant_a.* TO r
    GRANT SELECT(id, `a b`) ON shared.events TO r
    ");
}

#[test]
fn what_each_release_prints_for_the_base_set_is_equal() {
    let before = "GRANT SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE DICTIONARY, \
                  DROP DATABASE, DROP TABLE, DROP VIEW, DROP DICTIONARY ON tenant_a.* TO r";
    let now = before.replace("ALTER,", "ALTER TABLE, ALTER DATABASE, ALTER VIEW,");
    assert_eq!(whole(&[BASE], &[before]), "");
    assert_eq!(whole(&[BASE], &[&now]), "");
}

#[test]
fn redundant_and_aliased_declarations_are_equal_to_what_is_printed() {
    let desired =
        ["SELECT ON *.*", "SELECT ON d.*", "UPDATE, ADD COLUMN, TRUNCATE TABLE ON d.t", "SELECT(a) ON e.t"];
    let live = ["GRANT SELECT ON *.* TO r", "GRANT ALTER UPDATE, ALTER ADD COLUMN, TRUNCATE ON d.t TO r"];
    assert_eq!(whole(&desired, &live), "");
}

#[test]
fn a_grant_by_hand_is_revoked_where_it_was_made() {
    let live = ["GRANT SELECT ON tenant_b.* TO r", "GRANT SELECT, INSERT ON tenant_a.* TO r", "GRANT x TO r"];
    insta::assert_snapshot!(whole(&["SELECT ON tenant_a.*"], &live), @"
    - SELECT ON tenant_b.*
    - INSERT ON tenant_a.*
    REVOKE SELECT ON tenant_b.* FROM r
    REVOKE INSERT ON tenant_a.* FROM r
    ");
}

#[test]
fn half_of_a_word_is_named_by_its_leaves() {
    let live = ["GRANT CREATE TABLE, CREATE VIEW, ALTER DELETE ON d.* TO r", "GRANT SELECT(a) ON d.t TO r"];
    insta::assert_snapshot!(whole(&["CREATE ON d.*", "SELECT(a, b) ON d.t"], &live), @"
    + CREATE DATABASE, CREATE DICTIONARY ON d.*
    + SELECT(b) ON d.t
    - ALTER DELETE ON d.*
    GRANT CREATE DATABASE, CREATE DICTIONARY ON d.* TO r
    GRANT SELECT(b) ON d.t TO r
    REVOKE ALTER DELETE ON d.* FROM r
    ");
}

#[test]
fn leaves_fold_to_groups_when_they_go() {
    let live = ["GRANT ALTER TABLE, ALTER DATABASE, CREATE TABLE, CREATE VIEW, SELECT ON d.* TO r"];
    insta::assert_snapshot!(whole(&["SELECT, ALTER UPDATE ON d.*"], &live), @"
    - ALTER DELETE, ALTER COLUMN, ALTER MODIFY COMMENT, ALTER INDEX, ALTER STATISTICS, ALTER PROJECTION, ALTER CONSTRAINT, ALTER TTL, ALTER MATERIALIZE TTL, ALTER REWRITE PARTS, ALTER SETTINGS, ALTER MOVE PARTITION, ALTER FETCH PARTITION, ALTER FREEZE PARTITION, ALTER UNLOCK SNAPSHOT, ALTER EXECUTE, ALTER DATABASE, CREATE TABLE, CREATE VIEW ON d.*
    REVOKE ALTER DELETE, ALTER COLUMN, ALTER MODIFY COMMENT, ALTER INDEX, ALTER STATISTICS, ALTER PROJECTION, ALTER CONSTRAINT, ALTER TTL, ALTER MATERIALIZE TTL, ALTER REWRITE PARTS, ALTER SETTINGS, ALTER MOVE PARTITION, ALTER FETCH PARTITION, ALTER FREEZE PARTITION, ALTER UNLOCK SNAPSHOT, ALTER EXECUTE, ALTER DATABASE, CREATE TABLE, CREATE VIEW ON d.* FROM r
    ");
}

#[test]
fn a_revoke_that_would_take_declared_rights_becomes_a_replacement() {
    let live = ["GRANT INSERT, SELECT ON d.* TO r", "GRANT CREATE USER ON ten* TO r"];
    insta::assert_snapshot!(whole(&["INSERT ON d.t", "SELECT ON d.*", "CREATE USER ON ten*"], &live), @"
    - INSERT ON d.*
    GRANT INSERT ON d.t, SELECT ON d.*, CREATE USER ON ten* TO r WITH REPLACE OPTION
    ");
}

#[test]
fn privileges_on_access_objects_are_written_with_one_star() {
    let desired = ["SELECT, CREATE USER ON *.*"];
    insta::assert_snapshot!(whole(&desired, &["GRANT NAMED COLLECTION ADMIN ON * TO r"]), @"
    + SELECT ON *.*
    + CREATE USER ON *
    - NAMED COLLECTION ADMIN ON *
    GRANT SELECT ON *.* TO r
    GRANT CREATE USER ON * TO r
    REVOKE NAMED COLLECTION ADMIN ON * FROM r
    ");
    assert_eq!(whole(&desired, &["GRANT SELECT ON *.* TO r", "GRANT CREATE USER ON * TO r"]), "");
}

#[test]
fn partial_revokes_are_healed_by_granting_again() {
    let live = ["GRANT SELECT ON *.* TO r", "REVOKE SELECT ON secret.* FROM r"];
    insta::assert_snapshot!(whole(&["SELECT ON *.*"], &live), @"
    + SELECT ON *.*
    GRANT SELECT ON *.* TO r
    ");
}

#[test]
fn nothing_declared_revokes_everything() {
    let live = ["GRANT ALL ON *.* TO r WITH GRANT OPTION", "REVOKE SELECT ON secret.* FROM r"];
    insta::assert_snapshot!(whole(&[], &live), @"
    - ALL ON *.*
    REVOKE ALL ON *.* FROM r
    ");
    let live = ["GRANT SELECT ON d.* TO r", "GRANT SELECT(a) ON e.t TO r", "GRANT CREATE USER ON * TO r"];
    insta::assert_snapshot!(whole(&[], &live), @"
    - SELECT ON d.*
    - SELECT(a) ON e.t
    - CREATE USER ON *
    REVOKE SELECT ON d.* FROM r
    REVOKE SELECT(a) ON e.t FROM r
    REVOKE CREATE USER ON * FROM r
    ");
}

#[test]
fn grant_options_are_compared_on_their_own() {
    let live = ["GRANT SELECT, INSERT ON d.* TO r WITH GRANT OPTION", "GRANT SELECT ON e.* TO r"];
    insta::assert_snapshot!(whole(&["SELECT, INSERT ON d.*", "SELECT ON e.* WITH GRANT OPTION"], &live), @"
    + SELECT ON e.* WITH GRANT OPTION
    - GRANT OPTION FOR SELECT, INSERT ON d.*
    GRANT SELECT ON e.* TO r WITH GRANT OPTION
    REVOKE GRANT OPTION FOR SELECT, INSERT ON d.* FROM r
    ");
}

#[test]
fn a_replacement_with_two_kinds_of_option_takes_two_statements() {
    let live = ["GRANT SELECT ON d.* TO r WITH GRANT OPTION"];
    insta::assert_snapshot!(whole(&["SELECT ON d.t WITH GRANT OPTION", "SELECT ON d.u"], &live), @"
    - SELECT ON d.*
    GRANT SELECT ON d.t, SELECT ON d.u TO r WITH REPLACE OPTION
    GRANT SELECT ON d.t TO r WITH GRANT OPTION
    ");
}

#[test]
fn wildcards_cover_names_but_are_not_their_sum() {
    assert_eq!(whole(&["SELECT ON a*.*", "SELECT ON ab.t"], &["GRANT SELECT ON a*.* TO r"]), "");
    insta::assert_snapshot!(whole(&["SELECT ON tenant_a.*"], &["GRANT SELECT ON tenant_a*.* TO r"]), @"
    - SELECT ON tenant_a*.*
    GRANT SELECT ON tenant_a.* TO r WITH REPLACE OPTION
    ");
}

#[test]
fn all_of_a_database_is_written_out() {
    let text = whole(&["ALL ON d.*"], &[]);
    assert!(
        text.starts_with("+ CHECK, SHOW, SELECT, INSERT, ALTER TABLE, ") && !text.contains("ALL"),
        "{text}"
    );
    assert_eq!(whole(&["all ON *.*"], &[]), "+ ALL ON *.*\nGRANT ALL ON *.* TO r");
}

#[test]
fn exempt_grants_stay_and_survive_a_replacement() {
    let live = ["GRANT INSERT ON d.* TO r", "GRANT SELECT, CREATE TABLE ON x.* TO r"];
    let exempt = ["SELECT, ALTER ON x.*", "CREATE ON x.*"];
    insta::assert_snapshot!(run(&["INSERT ON d.t"], &live, &exempt, Mode::Whole), @"
    - INSERT ON d.*
    GRANT INSERT ON d.t, SELECT, CREATE TABLE ON x.* TO r WITH REPLACE OPTION
    ");
    assert_eq!(run(&["INSERT ON d.*"], &live, &exempt, Mode::Whole), "");
}

#[test]
fn additive_grants_leave_the_rest_alone() {
    let live = ["GRANT SELECT ON other.* TO r", "GRANT INSERT ON d.* TO r"];
    assert_eq!(
        run(&["SELECT, INSERT ON d.*"], &live, &[], Mode::Additive),
        "+ SELECT ON d.*\nGRANT SELECT ON d.* TO r"
    );
    assert_eq!(run(&["INSERT ON d.t"], &live, &[], Mode::Additive), "");
}

#[test]
fn a_grant_option_that_others_gave_survives_the_revoke_of_what_was_declared() {
    let live = show(&["GRANT ALL ON *.* TO r WITH GRANT OPTION"]);
    let (desired, recorded) = (grants(&["SELECT ON d.t"]), grants(&["SELECT ON d.*"]));
    let declaration = Declaration { desired: &desired, recorded: &recorded, exempt: &[] };
    insta::assert_snapshot!(text(compare(&real(), &declaration, &live, Mode::Additive)), @r"
    - SELECT ON d.*
    REVOKE SELECT ON d.* FROM r
    GRANT SELECT ON d.t TO r
    GRANT SELECT ON d.t TO r WITH GRANT OPTION
    ");
}

#[test]
fn removal_takes_the_declared_and_nothing_else() {
    let live = ["GRANT SELECT, INSERT ON d.* TO r", "GRANT SELECT ON e.* TO r"];
    insta::assert_snapshot!(run(&["SELECT, ALTER ON d.*", "frobnicate ON d.*"], &live, &["SELECT ON d.t"], Mode::Remove), @"
    - SELECT ON d.*
    REVOKE SELECT ON d.* FROM r
    GRANT SELECT ON d.t TO r
    ");
    assert_eq!(run(&["SELECT ON d.t"], &live, &["SELECT ON d.*"], Mode::Remove), "");
}

#[test]
fn wrong_declarations_say_what_is_wrong() {
    let wrong = [
        "SELCT ON d.*",
        "frobnicate ON d.*",
        "CREATE FUNCTION ON d.*",
        "CREATE DATABASE ON d.t",
        "USAGE ON *.*",
        "SELECT(a) ON d.*",
        "SELECT(a) ON d.t*",
        "CREATE TABLE(a) ON d.t",
        "SELECT ON x",
        "CREATE USER ON d.*",
        "ACCESS MANAGEMENT ON x",
        "ALL ON x",
        "CREATE USER ON S3('x')",
    ];
    let texts: Vec<_> = wrong.iter().map(|text| whole(&[text], &[])).collect();
    insta::assert_snapshot!(texts.join("\n"), @"
    privilege SELCT is unknown to this server, did you mean SELECT?
    privilege frobnicate is unknown to this server
    CREATE FUNCTION cannot be granted on d.*; it belongs on *.*
    CREATE DATABASE cannot be granted on d.t; it belongs on *.* or a database
    NONE cannot be granted on *.*; it belongs on nothing, as it grants nothing
    columns of SELECT need one table, and d.* is not one
    columns of SELECT need one table, and d.t* is not one
    CREATE TABLE cannot be granted on columns
    SELECT cannot be granted on x; it belongs on *.*, a database or a table
    CREATE USER cannot be granted on d.*; it belongs on an access object such as a name, prefix* or *
    ACCESS MANAGEMENT cannot be granted on x; it belongs on *.*, a database or a table
    ALL cannot be granted on x; it belongs on *.*, a database or a table
    CREATE USER cannot be granted on S3('x'); it belongs on an access object such as a name, prefix* or *
    ");
}

#[test]
fn all_wrong_privileges_are_found() {
    let wrong = validate(&real(), &grant("SELCT, SELECT, CREATE FUNCTION ON d.*"));
    assert_eq!(wrong.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn unknown_live_privileges_are_no_guess() {
    assert_eq!(
        whole(&[], &["GRANT TELEPORT ON *.* TO r"]),
        "the server grants TELEPORT, which its system.privileges does not list"
    );
}

#[test]
fn sources_are_read_as_the_server_prints_them() {
    assert_eq!(whole(&["S3 ON *.*"], &["GRANT S3 ON *.* TO r"]), "");
    assert_eq!(whole(&["READ, WRITE ON S3"], &["GRANT S3 ON *.* TO r"]), "");
    assert_eq!(whole(&["S3 ON *.*"], &["GRANT READ, WRITE ON S3 TO r"]), "");
    assert_eq!(whole(&["READ ON *"], &["GRANT SOURCES ON *.* TO r"]), "");
    insta::assert_snapshot!(whole(&["S3 ON *.*"], &["GRANT READ ON S3 TO r"]), @"
    + S3 ON *.*
    GRANT S3 ON *.* TO r
    ");
    insta::assert_snapshot!(whole(&["S3 ON *.*"], &["GRANT SOURCES ON *.* TO r"]), @"
    + S3 ON *.*
    - SOURCES ON *.*
    GRANT S3 ON *.* TO r WITH REPLACE OPTION
    ");
    insta::assert_snapshot!(whole(&["READ ON S3('s3://a/.*')"], &["GRANT READ, WRITE ON URL TO r"]), @"
    + READ ON S3('s3://a/.*')
    - READ, WRITE ON URL
    GRANT READ ON S3('s3://a/.*') TO r
    REVOKE READ, WRITE ON URL FROM r
    ");
}

#[test]
fn all_written_out_by_the_server_is_still_all() {
    let lines: Vec<_> = include_str!("../../../tests/data/all-but-select-26.9.txt").lines().collect();
    insta::assert_snapshot!(whole(&["ALL ON *.*"], &lines), @"
    + ALL ON *.*
    GRANT ALL ON *.* TO r
    ");
}

#[test]
fn hostile_names_are_quoted() {
    let live = ["GRANT SELECT ON `x``; DROP TABLE y`.* TO r"];
    let desired = ["INSERT(`a) ON *.* TO z--`) ON `d\\`.`.`t\\n`"];
    insta::assert_snapshot!(text(diff(&real(), &grants(&desired), &show(&live), &[], Mode::Whole)), @r"
    + INSERT(`a) ON *.* TO z--`) ON `d\`.`.`t\n`
    - SELECT ON `x\`; DROP TABLE y`.*
    GRANT INSERT(`a) ON *.* TO z--`) ON `d\`.`.`t\n` TO r
    REVOKE SELECT ON `x\`; DROP TABLE y`.* FROM r
    ");
}

#[test]
fn exempt_options_survive_below_an_exempt_right() {
    let live = ["GRANT ALTER, CREATE TABLE ON ab.* TO r WITH GRANT OPTION"];
    let exempt = ["CREATE ON a*.*", "CREATE TABLE ON ab.t WITH GRANT OPTION"];
    insta::assert_snapshot!(run(&[], &live, &exempt, Mode::Whole), @"
    - ALTER TABLE, ALTER DATABASE, ALTER VIEW ON ab.*
    - GRANT OPTION FOR CREATE TABLE ON ab.*
    GRANT CREATE TABLE ON ab.* TO r WITH REPLACE OPTION
    GRANT CREATE TABLE ON ab.t TO r WITH GRANT OPTION
    ");
}

/// What is left out stays closed where only a part of another exception is given back.
#[test]
fn a_smaller_exception_is_mended_where_it_was() {
    let except = |parts: &[&str]| {
        let parts = parts.iter().map(|part| Except::parse(part).unwrap()).collect();
        vec![grant("INSERT ON d.*").excepting(parts)]
    };
    let live = show(&[
        "GRANT INSERT ON d.* TO r",
        "REVOKE INSERT ON d.z FROM r",
        "REVOKE INSERT(id) ON d.log FROM r",
    ]);
    let run = |desired: &[Grant]| diff(&toy(), desired, &live, &[], Mode::Whole).unwrap();
    assert_eq!(run(&except(&["d.z"])).statements("r"), ["GRANT INSERT(id) ON d.log TO r"]);
    assert!(run(&except(&["d.z", "d.log(id)"])).is_empty());
    let wider = run(&except(&["d.z", "d.log"]));
    assert_eq!(wider.statements("r"), ["REVOKE INSERT ON d.log FROM r"]);
    assert!(wider.except.is_empty());
}
