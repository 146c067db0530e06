//! `charter import`: an estate that grew by hand is written as declarations, and a plan of them
//! changes nothing.

use base64::Engine as _;

use super::NEWEST;
use super::adoption::{changing, lines};
use crate::Scenario;
use crate::project::{Project, secret_name};
use crate::servers;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "an_estate_made_by_hand_is_imported",
        cluster: false,
        engines: NEWEST,
        run: estate,
    }]
}

const PASSWORD: &str = "old-password-of-1";

const V1: &str = "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id;\n";
const V2: &str = "ALTER TABLE t ADD COLUMN note String;\n";

/// Writes the manifest of a Secret that keeps a password.
fn secret(project: &Project, name: &str, keys: &[(&str, &str)]) {
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let data: String = keys.iter().map(|(key, text)| format!("  {key}: {}\n", encode(text))).collect();
    let text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: operations\ntype: Opaque\ndata:\n{data}"
    );
    project.write(&format!("out/manifests/operations/secret-{name}.yaml"), &text);
}

/// Returns a file of the example, with the scenario's prefix for the word `demo`.
fn example(file: &str, project: &Project) -> String {
    let path = servers::root().join("examples/import").join(file);
    std::fs::read_to_string(path).unwrap().replace("demo", &project.prefix)
}

fn make(project: &Project) {
    for statement in
        example("estate.sql", project).split(";\n").map(str::trim).filter(|text| !text.is_empty())
    {
        project.clickhouse.admin(statement);
    }
    for (tenant, organization) in [("acme", secret_name(&project.name("acme"))), ("globex", "".to_owned())] {
        let slug = project.name(tenant);
        let organization = if organization.is_empty() {
            format!("superset-tenant-{}-corp-clickhouse-credentials", project.prefix)
        } else {
            organization
        };
        let (database, user) = (format!("tenant_{slug}"), format!("user_tenant_{slug}"));
        secret(
            project,
            &organization,
            &[("database", &database), ("username", &user), ("password", PASSWORD)],
        );
    }
    let job = project.name("job");
    secret(
        project,
        &format!("{}-job", project.prefix),
        &[("username", &job), ("password", PASSWORD), ("port", "8123")],
    );
    for (file, sql) in [("V1__create_t.sql", V1), ("V2__add_note.sql", V2)] {
        project.schema("acme", file, sql);
    }
}

fn estate(project: &mut Project) {
    make(project);
    let kinds = ["tenant", "database", "role", "user", "settings_profile", "quota"];
    let mut args: Vec<String> = kinds.iter().map(|kind| format!("{kind}.{}*", project.prefix)).collect();
    args.push(format!("row_policy.{}*", project.prefix));
    let args: Vec<&str> =
        ["import", "-o", "imported.hcl"].into_iter().chain(args.iter().map(String::as_str)).collect();
    let mark = lines(project);
    let output = project.charter(&args).exits(0).warns("nothing on the servers would change");
    let text = std::fs::read_to_string(project.file("imported.hcl")).unwrap();
    for secret in [PASSWORD, &base64::engine::general_purpose::STANDARD.encode(PASSWORD)] {
        assert!(!text.contains(secret) && !output.all().contains(secret), "{secret} is in\n{text}");
    }
    if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
        let path = servers::root().join("examples/import/written/imported.hcl");
        std::fs::write(path, text.replace(&project.prefix, "demo")).unwrap();
    }
    // How much others have on the same server is not the example's.
    let own = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with("# - what other scopes")).map(str::to_owned).collect()
    };
    assert_eq!(
        own(&text),
        own(&example("written/imported.hcl", project)),
        "examples/import shows what is written"
    );
    // The same again leaves the file alone.
    let _ = project.charter(&args).exits(0);
    assert_eq!(std::fs::read_to_string(project.file("imported.hcl")).unwrap(), text);
    let _ = project
        .charter(&["plan"])
        .exits(0)
        .says("0 to change, 0 to destroy")
        .says("2 migrations (0 statements)");
    let _ = project.apply();
    let prefix = project.prefix.clone();
    assert_eq!(changing(project, &prefix, mark), Vec::<String>::new(), "only the registry is written");
    let _ = project.charter(&["check"]).exits(0);
    // From now on what is done by hand shows.
    project.clickhouse.admin(&format!("GRANT SELECT ON system.* TO {prefix}_analyst"));
    project.clickhouse.admin(&format!("ALTER QUOTA {prefix}_hourly FOR INTERVAL 1 hour MAX queries = 5"));
    let _ = project.charter(&["plan"]).exits(0).says("2 to change").says("SELECT ON system.*");
    let _ = project.apply();
}
