//! What exists already: adopted where it equals the declaration, refused with every difference
//! where it does not, and left alone where it is another scope's.

use base64::Engine as _;
use serde_json::json;

use super::{ENDS, NEWEST};
use crate::Scenario;
use crate::project::{Project, secret_name};

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "a_tenant_of_todays_runner_is_adopted", cluster: true, engines: ENDS, run: adopted },
        Scenario { name: "what_differs_is_refused_and_told", cluster: true, engines: NEWEST, run: refused },
        Scenario { name: "another_scope_is_left_alone", cluster: false, engines: &["26.9"], run: scopes },
    ]
}

/// Makes what today's runner makes.
fn by_hand(project: &Project, privileges: &str, password: &str) -> String {
    let slug = project.name("a");
    let (database, role, user) =
        (format!("tenant_{slug}"), format!("role_tenant_{slug}"), format!("user_tenant_{slug}"));
    for statement in [
        format!("CREATE DATABASE {database}"),
        format!("CREATE ROLE {role}"),
        format!("GRANT {privileges} ON {database}.* TO {role}"),
        format!("CREATE USER {user} IDENTIFIED WITH sha256_password BY 'old-password-of-1'"),
        format!("GRANT {role} TO {user}"),
    ] {
        project.clickhouse.admin(&statement);
    }
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    project.cluster().create(
        "Secret",
        &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {
            "name": secret_name(&slug)},
            "data": {"database": encode(&database), "username": encode(&user), "password": encode(password)}}),
    );
    slug
}

/// What a server and a cluster hold of a tenant, less what charter records.
fn all_of_it(project: &Project, slug: &str) -> String {
    let mut all = String::new();
    for statement in [
        format!("SELECT * FROM system.users WHERE name = 'user_tenant_{slug}' FORMAT JSONEachRow"),
        format!("SELECT * FROM system.roles WHERE name = 'role_tenant_{slug}' FORMAT JSONEachRow"),
        format!("SELECT name, uuid, comment, engine FROM system.databases WHERE name = 'tenant_{slug}'"),
        format!("SHOW GRANTS FOR user_tenant_{slug}"),
        format!("SHOW GRANTS FOR role_tenant_{slug}"),
        format!("SHOW CREATE USER user_tenant_{slug}"),
    ] {
        all += &project.clickhouse.admin(&statement);
        all += "\n";
    }
    // Its version and its managers with it: a write that changes nothing would show, too.
    all + &project.cluster().get("Secret", &secret_name(slug)).unwrap().to_string()
}

/// Returns what was sent about a tenant that neither reads nor writes charter's own tables.
pub(super) fn changing(project: &Project, slug: &str, from: usize) -> Vec<String> {
    let Some(log) = &project.clickhouse.log else { return Vec::new() };
    let log = std::fs::read_to_string(log).unwrap();
    let statements = log.lines().skip(from).map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["statement"].as_str().unwrap().trim().to_owned()
    });
    let reads = ["SELECT", "SHOW", "CHECK", "EXISTS", "DESCRIBE", "WITH", "EXPLAIN"];
    let reads = |text: &str| reads.iter().any(|word| text.to_uppercase().starts_with(word));
    let own = |text: &str| text.starts_with("INSERT INTO `ops`.") || text.starts_with("INSERT INTO ops.");
    statements.filter(|text| text.contains(slug) && !reads(text) && !own(text)).collect()
}

pub(super) fn lines(project: &Project) -> usize {
    let log = project.clickhouse.log.as_ref();
    log.map_or(0, |log| std::fs::read_to_string(log).unwrap().lines().count())
}

fn adopted(project: &mut Project) {
    let slug = by_hand(project, "SELECT, INSERT, ALTER, CREATE, DROP", "old-password-of-1");
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let (before, mark) = (all_of_it(project, &slug), lines(project));
    let _ = project.charter(&["plan"]).exits(0).says("to adopt").says("0 to change, 0 to destroy");
    let _ = project.apply();
    assert_eq!(changing(project, &slug, mark), Vec::<String>::new(), "only the registry is written");
    assert_eq!(all_of_it(project, &slug), before, "the tenant is as it was, and so is its Secret");
    assert_eq!(project.as_tenant("a", "SELECT 1").status, 200);
    assert_eq!(project.password(&slug), "old-password-of-1", "a working Secret's password is kept");
    // What charter would have done otherwise is told, with how to have it so.
    let check = project.charter(&["check"]).exits(0).all();
    for told in ["CH261", "grantees = \"none\"", "GRANTEES NONE", "DEFAULT DATABASE"] {
        assert!(check.contains(told), "no {told} in\n{check}");
    }
    tightened(project, &slug);
}

/// Writing a convention out has it so from then on; the other one stays as it is.
fn tightened(project: &mut Project, slug: &str) {
    let user = format!("user_tenant_{slug}");
    let any =
        || project.clickhouse.admin(&format!("SELECT grantees_any FROM system.users WHERE name = '{user}'"));
    project.write("tenants.hcl", "tenant \"@_a\" {\n  user {\n    grantees = \"none\"\n  }\n}\n");
    let _ = project
        .charter(&["plan", "--sql"])
        .exits(0)
        .says("1 to change")
        .says(&format!("ALTER USER `{user}` GRANTEES NONE"))
        .never_says("DEFAULT DATABASE");
    let _ = project.apply();
    assert_eq!(any(), "0");
    let _ = project.clickhouse.admin(&format!("ALTER USER {user} GRANTEES ANY"));
    let _ = project.charter(&["check"]).exits(2).says("grantees");
    let _ = project.apply();
    assert_eq!(any(), "0");
    assert_eq!(project.as_tenant("a", "SELECT 1").status, 200);
}

fn refused(project: &mut Project) {
    let slug = by_hand(project, "SELECT", "old-password-of-1");
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let output = project.charter(&["apply", "--auto-approve"]).exits(1);
    assert!(output.all().contains("CH201") && output.all().contains("INSERT"), "{}", output.all());
    // What to do is what it says: declare what is there, adopt, then change.
    project.write("tenants.hcl", "tenant \"@_a\" {\n  privileges = [\"SELECT\"]\n}\n");
    let _ = project.apply();
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let _ = project.charter(&["plan"]).exits(0).says("1 to change");
    let _ = project.apply();
    assert_eq!(project.password(&slug), "old-password-of-1");
}

fn scopes(project: &mut Project) {
    project.write("tenants.hcl", "role \"@_shared\" {}\n");
    let _ = project.apply();
    let text = std::fs::read_to_string(project.file("charter.hcl")).unwrap();
    let other = text.replace(
        &format!("scope = \"{}\"", project.prefix),
        &format!("scope = \"{}-other\"", project.prefix),
    );
    project.write("charter.hcl", &other);
    let output = project.charter(&["apply", "--auto-approve"]).exits(1);
    assert!(output.all().contains("CH202") && output.all().contains(&project.prefix), "{}", output.all());
    // A grant to it is this scope's own, and the owner leaves it alone.
    project.write("tenants.hcl", "grant \"more\" {\n  to         = \"@_shared\"\n  privileges = [\"SELECT\"]\n  on         = \"system.one\"\n}\n");
    let _ = project.apply();
    project.write("charter.hcl", &text);
    project.write("tenants.hcl", "role \"@_shared\" {}\n");
    project.unchanged();
}
