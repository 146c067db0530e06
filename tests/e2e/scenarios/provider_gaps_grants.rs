//! What the official Terraform provider cannot do with grants and databases, by its documentation
//! and its code (clickhousedbops v1.11): each gap is a test that passes here.

use super::NEWEST;
use crate::Scenario;
use crate::estate;
use crate::project::Project;
use crate::scenarios::grants::planned;

pub fn scenarios() -> Vec<Scenario> {
    let scenario = |name, run| Scenario { name, cluster: false, engines: NEWEST, run };
    vec![
        Scenario {
            // Before 25.5 no server can change a comment: CH240 says so.
            engines: &["26.9", "25.8", "server"],
            ..scenario("gap_a_comment_is_changed_and_the_database_stays", comment)
        },
        scenario("gap_no_database_is_dropped_with_its_data", no_drop),
        scenario("gap_broad_privileges_are_granted_directly", broad),
        scenario("gap_aliases_and_groups_are_fine", words),
        scenario("gap_one_block_lists_privileges_and_takes_roles_and_users", lists),
        scenario("gap_grants_made_before_are_adopted", adopted),
        scenario("gap_current_grants_are_refused_with_a_reason", current),
        scenario("gap_drift_of_the_grant_option_is_found", option),
        scenario("gap_drift_within_a_group_is_found", group),
        scenario("gap_partial_revokes_are_seen_and_declared", partial),
        scenario("gap_grants_made_by_hand_are_told", by_hand),
        scenario("gap_a_grant_is_changed_in_place", changed),
        scenario("gap_unmanaged_grants_can_be_left_alone", unmanaged),
        scenario("gap_an_estate_of_563_grants_takes_few_queries", estate),
    ]
}

/// Declares one role `@_r` with these lines in it.
fn role(project: &Project, lines: &str) -> String {
    project.write("main.hcl", &format!("role \"r\" {{\n  name = \"@_r\"\n{lines}\n}}\n"));
    project.name("r")
}

fn grant(privileges: &str, on: &str) -> String {
    format!("  grant {{\n    privileges = [{privileges}]\n    on = \"{on}\"\n  }}")
}

fn shown(project: &Project, role: &str) -> Vec<String> {
    let shown = project.clickhouse.admin(&format!("SHOW GRANTS FOR {role}"));
    shown.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Returns the statements that a plan would run for the role.
fn mend(project: &Project, role: &str) -> Vec<String> {
    planned(project).remove(role).unwrap_or_default()
}

/// 2b-1: changing the comment drops the database with its data there.
fn comment(project: &mut Project) {
    let database = project.name("d");
    project.write("main.hcl", "database \"@_d\" {\n  comment = \"first\"\n}\n");
    let _ = project.apply();
    project.clickhouse.admin(&format!("CREATE TABLE {database}.t (id Int8) ENGINE = MergeTree ORDER BY id"));
    project.clickhouse.admin(&format!("INSERT INTO {database}.t VALUES (7)"));
    project.write("main.hcl", "database \"@_d\" {\n  comment = \"second\"\n}\n");
    let _ = project.charter(&["plan", "--sql"]).exits(0).says("MODIFY COMMENT").never_says("DROP");
    let _ = project.apply();
    assert_eq!(project.clickhouse.admin(&format!("SELECT id FROM {database}.t")), "7");
}

/// 2c-i: `DROP DATABASE` without any guard.
fn no_drop(project: &mut Project) {
    let database = project.name("d");
    project.write("main.hcl", "database \"@_d\" {}\nrole \"r\" {\n  name = \"@_r\"\n}\n");
    let _ = project.apply();
    let _ = role(project, "");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let _ = project.charter(&["plan", "--sql"]).exits(0).never_says("DROP DATABASE").says("kept");
    assert_eq!(project.clickhouse.admin(&format!("EXISTS DATABASE {database}")), "1");
}

/// 2b-7, 2b-13: broad privileges only by way of `current_grants`; all databases only as null.
fn broad(project: &mut Project) {
    let name = role(project, &[grant("\"SELECT\"", "*.*"), grant("\"ALL\"", "@_d.*")].join("\n"));
    let _ = project.apply();
    assert!(shown(project, &name).contains(&format!("GRANT SELECT ON *.* TO {name}")));
}

/// 2b-8, 2b-9: alias names are refused, groups cannot be granted directly.
fn words(project: &mut Project) {
    let name = role(project, &grant("\"UPDATE\", \"ADD COLUMN\", \"DROP\", \"SHOW\"", "@_d.*"));
    let _ = project.apply();
    let shown = shown(project, &name).join("\n");
    for word in ["ALTER UPDATE", "ALTER ADD COLUMN", "DROP TABLE", "SHOW"] {
        assert!(shown.contains(word), "{word} in {shown}");
    }
}

/// 2b-10, 2b-11, 2b-15: one stanza is one privilege to one role or user; admin options apart.
fn lists(project: &mut Project) {
    project.write(
        "main.hcl",
        r#"
role "base" {
  name = "@_base"
  grant {
    privileges = ["SELECT", "INSERT", "TRUNCATE"]
    on         = "@_d.*"
  }
}
role "r" {
  name  = "@_r"
  roles = [role.base]
}
user "u" {
  name = "@_u"
  role_grant {
    role         = role.base
    admin_option = true
  }
  grant {
    privileges   = ["SELECT", "INSERT"]
    on           = "@_e.*"
    grant_option = true
  }
  credentials {}
}
secret "u" {
  name        = "@-u"
  credentials = user.u
}
"#,
    );
    let _ = project.apply();
    let (base, user) = (project.name("base"), project.name("u"));
    assert_eq!(shown(project, &project.name("r")), [format!("GRANT {base} TO {}", project.name("r"))]);
    let of_user = shown(project, &user);
    assert!(of_user.contains(&format!("GRANT {base} TO {user} WITH ADMIN OPTION")), "{of_user:?}");
    assert!(of_user.iter().any(|line| line.ends_with("WITH GRANT OPTION")), "{of_user:?}");
}

/// 2b-12, 2b-15: grants and memberships cannot be imported.
fn adopted(project: &mut Project) {
    let (name, base) = (project.name("r"), project.name("base"));
    for statement in [
        format!("CREATE ROLE {name}"),
        format!("CREATE ROLE {base}"),
        format!("GRANT ALTER ADD COLUMN, SELECT ON {base}.* TO {name}"),
        format!("GRANT {base} TO {name}"),
    ] {
        project.clickhouse.admin(&statement);
    }
    let lines = grant("\"SELECT\", \"ADD COLUMN\"", "@_base.*");
    let _ = role(project, &format!("  roles = [\"@_base\"]\n{lines}"));
    // On a new server, charter's own tables are yet to be created, and nothing else.
    let plan = project.charter(&["plan", "--sql"]).exits(0).says("2 to adopt");
    let _ = plan.says("0 to change, 0 to destroy").never_says("GRANT").never_says("CREATE ROLE");
    let _ = project.apply();
}

/// 2b-14: `current_grants` depends on who applies when, and its drift is not reconciled.
fn current(project: &mut Project) {
    let _ = role(project, &grant("\"CURRENT GRANTS\"", "*.*"));
    let output = project.charter(&["plan"]).exits(1);
    assert!(output.all().contains("CURRENT GRANTS cannot be declared"), "{}", output.all());
    assert!(output.all().contains("main.hcl:4"), "{}", output.all());
    let _ = role(project, "");
    let _ = project.apply();
}

/// 2c-b: the grant option's drift is never detected.
fn option(project: &mut Project) {
    let name = role(project, &grant("\"SELECT\"", "@_d.*"));
    let _ = project.apply();
    project.clickhouse.admin(&format!("GRANT SELECT ON {0}_d.* TO {name} WITH GRANT OPTION", project.prefix));
    let _ = project.charter(&["check"]).exits(2).says("GRANT OPTION");
    let revoke = format!("REVOKE GRANT OPTION FOR SELECT ON {}_d.* FROM {name}", project.prefix);
    assert_eq!(mend(project, &name), [revoke]);
    let _ = project.apply();
}

/// 2c-c: a group counts as granted as long as one of its members is.
fn group(project: &mut Project) {
    let name = role(project, &grant("\"ALTER COLUMN\"", "@_d.*"));
    let _ = project.apply();
    project.clickhouse.admin(&format!("REVOKE ALTER DROP COLUMN ON {}_d.* FROM {name}", project.prefix));
    let _ = project.charter(&["check"]).exits(2).says("ALTER DROP COLUMN");
    let missing = format!("GRANT ALTER DROP COLUMN ON {}_d.* TO {name}", project.prefix);
    assert_eq!(mend(project, &name), [missing]);
    let _ = project.apply();
}

/// 2c-d: partial revokes are ignored, and there is no word for them.
fn partial(project: &mut Project) {
    let name = role(project, &grant("\"SELECT\"", "*.*"));
    let _ = project.apply();
    project.clickhouse.admin(&format!("REVOKE SELECT ON {}_d.* FROM {name}", project.prefix));
    assert_eq!(mend(project, &name), [format!("GRANT SELECT ON *.* TO {name}")]);
    let except = "  grant {\n    privileges = [\"SELECT\"]\n    on = \"*.*\"\n    except = [\"@_d.*\"]\n  }";
    let _ = role(project, except);
    assert_eq!(mend(project, &name), Vec::<String>::new());
    let _ = project.apply();
}

/// 2c-e: what was granted by hand is never reported.
fn by_hand(project: &mut Project) {
    let name = role(project, &grant("\"SELECT\"", "@_d.*"));
    let _ = project.apply();
    project.clickhouse.admin(&format!("GRANT INSERT ON {}_other.* TO {name}", project.prefix));
    let _ = project.charter(&["check"]).exits(2).says("INSERT ON").says("_other.*");
    assert_eq!(mend(project, &name), [format!("REVOKE INSERT ON {}_other.* FROM {name}", project.prefix)]);
    let _ = project.apply();
}

/// 2c-k: an update of a grant panics by design; every field replaces.
fn changed(project: &mut Project) {
    let name = role(project, &grant("\"SELECT\", \"INSERT\"", "@_d.*"));
    let _ = project.apply();
    let _ = role(project, &grant("\"SELECT\", \"TRUNCATE\"", "@_d.*"));
    let scope = format!("{}_d.*", project.prefix);
    let expected =
        [format!("GRANT TRUNCATE ON {scope} TO {name}"), format!("REVOKE INSERT ON {scope} FROM {name}")];
    assert_eq!(mend(project, &name), expected, "SELECT is never taken away");
    let _ = project.apply();
}

/// Its state knows only what it made, and nothing may be managed whole: here it is to be chosen.
fn unmanaged(project: &mut Project) {
    let ignoring = |grants: &str| format!("  ignore_unmanaged_grants = true\n{grants}");
    let name = role(project, &ignoring(&grant("\"SELECT\", \"INSERT\"", "@_d.*")));
    let _ = project.apply();
    for on in ["other", "d"] {
        project.clickhouse.admin(&format!("GRANT TRUNCATE ON {}_{on}.* TO {name}", project.prefix));
    }
    project.unchanged();
    // What charter granted and no longer declares goes; what came by hand stays.
    let _ = role(project, &ignoring(&grant("\"SELECT\"", "@_d.*")));
    assert_eq!(mend(project, &name), [format!("REVOKE INSERT ON {}_d.* FROM {name}", project.prefix)]);
    let _ = project.apply();
    assert_eq!(shown(project, &name).join("\n").matches("TRUNCATE").count(), 2);
    // Managed whole again, all of it is drift.
    let _ = role(project, &grant("\"SELECT\"", "@_d.*"));
    assert_eq!(mend(project, &name).len(), 2);
    let _ = project.apply();
}

/// 2c-h: a query for each grant, 7378 of them in a plan of 4 roles, 60 databases and 563 grants.
fn estate(project: &mut Project) {
    project.write("main.hcl", &estate::declaration("@_"));
    let _ = project.apply();
    let queries = estate::queries_of_a_plan(project);
    // Two more than in an estate without users: fifteen is the limit.
    assert!((1..=15).contains(&queries), "{queries} queries");
}
