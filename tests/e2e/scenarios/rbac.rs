//! `examples/rbac`: what its users may and may not do, by their own logins.

use super::NEWEST;
use crate::Scenario;
use crate::clickhouse;
use crate::project::Project;
use crate::scenarios::examples;
use crate::servers;

pub fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "developers_read_staging_and_operators_write_production",
        cluster: false,
        engines: NEWEST,
        run: logins,
    }]
}

/// Returns the code of the exception that a statement ends with as a user; 0 where it works.
fn code(project: &Project, user: &str, statement: &str) -> u32 {
    let secret = match user.strip_suffix("_pipeline") {
        Some(environment) => format!("{}-{environment}-pipeline", project.prefix),
        None => format!("{}-{user}-clickhouse", project.prefix),
    };
    let password = project.manifest_key(&secret, "password");
    let statement = statement.replace('@', &project.prefix);
    clickhouse::run(&project.clickhouse, &project.name(user), &password, &statement).code
}

fn logins(project: &mut Project) {
    project.remove("charter.hcl");
    let example = servers::root().join("examples/rbac");
    examples::copy(&example, &example, project);
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0);
    for table in ["staging.events", "production.events", "staging.visitors"] {
        let table = project.name(table);
        let sql = format!("CREATE TABLE {table} (id UInt64) ENGINE = MergeTree ORDER BY id");
        project.clickhouse.admin(&sql);
    }
    let may = [
        ("dana", "SELECT id FROM @_staging.events"),
        ("olga", "SELECT id FROM @_staging.events"),
        ("olga", "SELECT id FROM @_production.events"),
        ("olga", "INSERT INTO @_production.events SELECT 7"),
        ("staging_pipeline", "INSERT INTO events SELECT 7"),
        ("production_pipeline", "INSERT INTO events SELECT 8"),
    ];
    let may_not = [
        ("dana", "SELECT id FROM @_staging.visitors"),
        ("dana", "INSERT INTO @_staging.events SELECT 7"),
        ("dana", "SELECT id FROM @_production.visitors"),
        ("dana", "DROP TABLE @_staging.events"),
        ("olga", "INSERT INTO @_staging.events SELECT 7"),
        ("olga", "DROP TABLE @_production.events"),
        ("olga", "GRANT @_production_reader TO @_developers"),
        ("dana", "SELECT id FROM @_production.events"),
        ("staging_pipeline", "INSERT INTO @_production.events SELECT 7"),
        ("production_pipeline", "SELECT id FROM @_staging.events"),
    ];
    for (user, statement) in may_not {
        // What somebody may not see there seems not to exist.
        let code = code(project, user, statement);
        assert!([497, 60].contains(&code), "{user}: {statement} gives {code}");
    }
    for (user, statement) in may {
        assert_eq!(code(project, user, statement), 0, "{user}: {statement}");
    }
    // What somebody hands on beside the declaration works until the next apply.
    let by_hand = format!("GRANT {0}_production_reader TO {0}_developers", project.prefix);
    project.clickhouse.admin(&by_hand);
    assert_eq!(code(project, "dana", "SELECT id FROM @_production.events"), 0);
    let revoke = format!("REVOKE {0}_production_reader FROM {0}_developers", project.prefix);
    let _ = project.charter(&["plan", "--sql"]).exits(0).says(&revoke);
    let _ = project.apply();
    assert_eq!(code(project, "dana", "SELECT id FROM @_production.events"), 497);
}
