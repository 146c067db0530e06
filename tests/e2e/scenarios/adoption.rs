//! What exists already: adopted where it equals the declaration, refused with every difference
//! where it does not, and left alone where it is another scope's.

use base64::Engine as _;
use serde_json::json;

use crate::Scenario;
use crate::project::{Project, secret_name};

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "a_tenant_of_todays_runner_is_adopted", cluster: true, engines: &[], run: adopted },
        Scenario { name: "what_differs_is_refused_and_told", cluster: true, engines: &[], run: refused },
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

fn adopted(project: &mut Project) {
    let slug = by_hand(project, "SELECT, INSERT, ALTER, CREATE, DROP", "old-password-of-1");
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let _ = project.charter(&["plan"]).exits(0).says("to adopt").says("0 to change, 0 to destroy");
    let _ = project.apply();
    assert_eq!(project.password(&slug), "old-password-of-1", "a working Secret's password is kept");
    let _ = project.charter(&["check"]).exits(0);
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
