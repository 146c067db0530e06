//! `charter import`: an estate that grew by hand is written as declarations, and a plan of them
//! changes nothing.

use base64::Engine as _;

use super::NEWEST;
use super::adoption::{changing, lines};
use crate::Scenario;
use crate::project::{Project, secret_name};

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "an_estate_made_by_hand_is_imported",
        cluster: false,
        engines: NEWEST,
        run: estate,
    }]
}

const PASSWORD: &str = "old-password-of-1";

/// What is made by hand; `@` is the prefix.
const ESTATE: &[&str] = &[
    "CREATE DATABASE @_reporting COMMENT 'shared \"aggregates\" of ${all}'",
    "CREATE TABLE @_reporting.events (id UInt64, at DateTime, secret String) ENGINE = MergeTree ORDER BY id",
    // Today's runner, twice; the second one was changed since.
    "CREATE DATABASE tenant_@_acme",
    "CREATE ROLE role_tenant_@_acme",
    "GRANT SELECT, INSERT, ALTER, CREATE, DROP ON tenant_@_acme.* TO role_tenant_@_acme",
    "CREATE USER user_tenant_@_acme IDENTIFIED WITH sha256_password BY 'old-password-of-1'",
    "GRANT role_tenant_@_acme TO user_tenant_@_acme",
    "CREATE DATABASE tenant_@_globex",
    "CREATE ROLE role_tenant_@_globex",
    "GRANT SELECT, INSERT ON tenant_@_globex.* TO role_tenant_@_globex",
    "GRANT SELECT(id, at) ON @_reporting.events TO role_tenant_@_globex",
    "CREATE USER user_tenant_@_globex IDENTIFIED WITH sha256_password BY 'old-password-of-1' HOST IP '10.0.0.0/8', LOCAL",
    "GRANT role_tenant_@_globex TO user_tenant_@_globex",
    // golang-migrate in the first one.
    "CREATE TABLE tenant_@_acme.t (id UInt64) ENGINE = MergeTree ORDER BY id",
    "ALTER TABLE tenant_@_acme.t ADD COLUMN note String",
    "CREATE TABLE tenant_@_acme.schema_migrations (version Int64, dirty UInt8, sequence UInt64) Engine=TinyLog",
    "INSERT INTO tenant_@_acme.schema_migrations (version, dirty, sequence) VALUES (1, 0, 1700000000000000002), (2, 0, 1700000000000000004)",
    // Roles: columns, what is left out, wildcards, options.
    "CREATE ROLE @_analyst SETTINGS max_threads = 4",
    "GRANT SELECT(id, at) ON @_reporting.events TO @_analyst",
    "CREATE ROLE @_auditor",
    "GRANT SELECT, INSERT ON @_reporting.* TO @_auditor",
    "REVOKE SELECT(secret) ON @_reporting.events FROM @_auditor",
    "GRANT SHOW ON *.* TO @_auditor WITH GRANT OPTION",
    "CREATE ROLE @_wide",
    "GRANT SELECT ON `@_re*`.* TO @_wide",
    "GRANT ALL ON @_reporting.* TO @_wide",
    "REVOKE TRUNCATE ON @_reporting.* FROM @_wide",
    "REVOKE GRANT OPTION FOR SELECT ON @_reporting.events FROM @_auditor",
    "GRANT @_analyst TO @_auditor WITH ADMIN OPTION",
    "CREATE ROLE `@-odd`",
    // What limits and filters.
    "CREATE SETTINGS PROFILE @_base SETTINGS log_comment = 'it''s \"base\"', max_threads = 8",
    "CREATE SETTINGS PROFILE @_report SETTINGS INHERIT @_base, max_memory_usage = 10000000000 MIN 1 MAX 20000000000, \
     readonly = 2 CONST TO @_analyst",
    "CREATE QUOTA @_hourly KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 1000, execution_time = 90.5, \
     FOR RANDOMIZED INTERVAL 90 second TRACKING ONLY TO ALL EXCEPT @_auditor",
    "CREATE ROW POLICY @_own ON @_reporting.events USING id = 1 and secret != '${x}' AS RESTRICTIVE TO @_analyst",
    "CREATE ROW POLICY @_rest ON @_reporting.events USING 1 TO ALL EXCEPT @_analyst",
    // Users: several methods, a Secret, a certificate.
    "CREATE USER @_bi IDENTIFIED WITH sha256_password BY 'old-password-of-1', ssl_certificate CN 'bi' VALID UNTIL '2090-01-01 00:00:00 UTC' \
     HOST IP '10.0.0.0/8', LIKE '%.example.com' DEFAULT DATABASE @_reporting \
     GRANTEES @_analyst SETTINGS PROFILE @_base, max_threads = 2",
    "GRANT @_analyst, @_auditor TO @_bi",
    "ALTER USER @_bi DEFAULT ROLE @_analyst",
    "CREATE USER @_cert IDENTIFIED WITH ssl_certificate CN 'a', 'b' GRANTEES NONE",
    "CREATE USER @_job IDENTIFIED WITH sha256_password BY 'old-password-of-1'",
    "GRANT SELECT ON @_reporting.events TO @_job",
];

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

fn make(project: &Project) {
    for statement in ESTATE {
        project.clickhouse.admin(&statement.replace('@', &project.prefix));
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
