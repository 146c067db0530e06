//! Databases, roles, users, grants and secrets on their own: declared, changed, removed, targeted.

use super::ENDS;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "roles_and_users_come_change_and_go", cluster: true, engines: ENDS, run: life },
        Scenario {
            name: "a_move_renames_roles_and_users_in_place",
            cluster: true,
            engines: ENDS,
            run: renamed,
        },
        Scenario {
            name: "targets_take_what_they_depend_on",
            cluster: false,
            engines: &["26.9"],
            run: targets,
        },
        Scenario {
            name: "what_is_no_longer_declared_keeps_its_data",
            cluster: false,
            engines: &["26.9"],
            run: retained,
        },
    ]
}

const USER: &str = r#"
database "@_d" {
  comment = "it's"
}
role "r" {
  name = "@_r"
  grant {
    privileges = ["SELECT", "INSERT(id, at)"]
    on         = "${database.@_d.name}.events"
  }
}
user "u" {
  name  = "@_u"
  roles = [role.r]
  hosts = ["127.0.0.1", "10.1.2.3/8"]
  credentials {}
}
secret "u" {
  name        = "@-u"
  credentials = user.u
  data        = { host = "clickhouse.operations" }
}
"#;

fn life(project: &mut Project) {
    project.write("main.hcl", USER);
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0);
    let secret = format!("{}-u", project.prefix);
    let password = project.cluster().secret_key(&secret, "password");
    let login = |password: &str| {
        crate::clickhouse::run(&project.clickhouse, &project.name("u"), password, "SELECT 1").status
    };
    assert_eq!(login(&password), 200);
    assert_eq!(project.cluster().secret_key(&secret, "host"), "clickhouse.operations");

    project.write(
        "main.hcl",
        &USER
            .replace("10.1.2.3/8", "::/0")
            .replace("SELECT\", \"", "")
            .replace("clickhouse.operations", "elsewhere"),
    );
    let _ = project.charter(&["plan"]).exits(0).says("3 to change");
    let _ = project.apply();
    assert_eq!(project.cluster().secret_key(&secret, "host"), "elsewhere");
    assert_eq!(
        project.cluster().secret_key(&secret, "password"),
        password,
        "the rest never drops the credential"
    );

    project.write("main.hcl", "database \"@_d\" {\n  comment = \"it's\"\n}\n");
    let _ = project.charter(&["plan"]).exits(0).says("to destroy");
    let _ = project.apply();
    assert!(project.cluster().get("Secret", &secret).is_none());
    let left = format!(
        "SELECT (SELECT count() FROM system.users WHERE name LIKE '{0}%') + (SELECT count() FROM system.roles WHERE name LIKE '{0}%')",
        project.prefix
    );
    assert_eq!(project.clickhouse.admin(&left), "0");
}

/// A role and a user get other names and lose nothing: ids, grants, memberships, the password.
fn renamed(project: &mut Project) {
    project.write("main.hcl", USER);
    let _ = project.apply();
    let password = project.cluster().secret_key(&format!("{}-u", project.prefix), "password");
    let ids = |role: &str, user: &str| {
        project.clickhouse.admin(&format!(
            "SELECT (SELECT id FROM system.roles WHERE name = '{}'), (SELECT id FROM system.users WHERE name = '{}')",
            project.name(role),
            project.name(user)
        ))
    };
    let before = ids("r", "u");
    let moves = "moved {\n  from = role.r\n  to   = role.reader\n}\nmoved {\n  from = user.u\n  to   = user.person\n}\n";
    let hcl = USER.replace("role \"r\"", "role \"reader\"").replace("@_r", "@_reader");
    let hcl = hcl.replace("user \"u\"", "user \"person\"").replace("@_u", "@_person");
    let hcl = hcl.replace("role.r]", "role.reader]").replace("user.u", "user.person");
    project.write("main.hcl", &format!("{hcl}{moves}"));
    let plan = project.charter(&["plan", "--sql"]).exits(0).says("0 to create").says("0 to destroy");
    let _ = plan.says("RENAME TO").never_says("GRANT").never_says("DROP");
    let _ = project.apply();
    assert_eq!(ids("reader", "person"), before, "the same role and user");
    assert_eq!(ids("r", "u"), ids("nobody", "nobody"), "the old names are gone");
    let answer = crate::clickhouse::run(&project.clickhouse, &project.name("person"), &password, "SELECT 1");
    assert_eq!(answer.status, 200, "the password lives on");
    project.write("main.hcl", &hcl);
    project.unchanged();
}

fn targets(project: &mut Project) {
    project.write(
        "main.hcl",
        &format!("{USER}\nrole \"other\" {{\n  name = \"@_other\"\n}}\ntenant \"@_a\" {{}}\n"),
    );
    project.schema("a", "V1__t.sql", "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
    let plan = project.charter(&["plan", "--target", "user.u"]).exits(0);
    let _ = plan.says("user.u").says("role.r").never_says("role.other").never_says("tenant.");
    let access = format!("tenant.{}.access", project.name("a"));
    let _ = project.charter(&["plan", "--target", &access]).exits(0).says(".secret").never_says("migration[");
    let nearest = project.charter(&["plan", "--target", "role.othr"]).exits(1);
    assert!(nearest.all().contains("role.other"), "{}", nearest.all());
    let _ = project.charter(&["apply", "--auto-approve", "--target", &access]).exits(0);
    let _ = project.apply();
}

fn retained(project: &mut Project) {
    project.write("main.hcl", "tenant \"@_a\" {}\ndatabase \"@_d\" {}\n");
    project.schema("a", "V1__t.sql", "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
    let _ = project.apply();
    project.write("main.hcl", "role \"@_only\" {}\n");
    let plan = project.charter(&["plan"]).exits(0).says("0 to destroy").says("No longer declared");
    let _ = plan.says(&format!("tenant_{}", project.name("a"))).says(&project.name("d"));
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let answer = project.as_tenant("a", "SELECT count() FROM t");
    assert_eq!(answer.body.trim(), "0", "it is kept whole");
    project.write("main.hcl", "role \"@_only\" {}\ntenant \"@_a\" {}\ndatabase \"@_d\" {}\n");
    project.unchanged();
}
