//! Access for an hour: a user with one role that the server ends, that the next apply removes, and
//! that the audit remembers.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::NEWEST;
use crate::Scenario;
use crate::clickhouse::run;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "issued_access_ends_by_itself", cluster: false, engines: NEWEST, run: ends },
        Scenario {
            name: "issued_access_is_listed_and_revoked",
            cluster: false,
            engines: NEWEST,
            run: revoked,
        },
        Scenario {
            name: "issued_access_is_refused_with_a_reason",
            cluster: false,
            engines: &["26.9", "server"],
            run: refused,
        },
        Scenario {
            name: "issued_access_may_be_kept_in_a_secret",
            cluster: true,
            engines: &["26.9", "server"],
            run: in_a_secret,
        },
    ]
}

const ROLE: &str = r#"
database "@_d" {}
role "analyst" {
  name = "@_analyst"
  grant {
    privileges = ["SELECT"]
    on         = "${database.@_d.name}.*"
  }
}
"#;

/// Issues, and returns the object that is printed.
#[track_caller]
fn issue(project: &Project, args: &[&str]) -> Value {
    let args = [&["credentials", "issue", "--json", "--actor", "Jane Doe"], args].concat();
    let output = project.charter(&args).exits(0);
    assert_eq!(output.stdout.trim().lines().count(), 1, "one object: {}", output.stdout);
    serde_json::from_str(&output.stdout).unwrap()
}

fn applied(project: &Project) {
    project.write("main.hcl", ROLE);
    let _ = project.apply();
    let table = format!("{}.t", project.name("d"));
    project.clickhouse.admin(&format!("CREATE TABLE {table} (id UInt64) ENGINE = MergeTree ORDER BY id"));
    project.clickhouse.admin(&format!("INSERT INTO {table} VALUES (7)"));
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_else(|| panic!("no {key} in {object}"))
}

fn ends(project: &mut Project) {
    applied(project);
    let issued = issue(project, &["role.analyst", "--ttl", "10s", "--reason", "Incident #4711"]);
    let begun = Instant::now();
    let (user, password) = (text(&issued, "user"), text(&issued, "password"));
    assert!(user.starts_with("issued_") && user.contains("_jane_doe_incident_4711_"), "{user}");
    let ask = |statement: &str| run(&project.clickhouse, user, password, statement);
    let select = format!("SELECT id FROM {}.t", project.name("d"));
    let answer = ask(&select);
    assert_eq!((answer.status, answer.body.trim()), (200, "7"));
    assert_eq!(ask("SELECT count() FROM ops.charter_resources").code, 497);
    assert_eq!(ask(&format!("GRANT {} TO default", project.name("analyst"))).code, 497);
    if begun.elapsed() < Duration::from_secs(6) {
        project.unchanged();
    }
    let admin = |statement: &str| project.clickhouse.admin(statement);
    let audit = format!(
        "SELECT r.purpose, r.actor, s.kind, s.outcome FROM ops.charter_steps AS s INNER JOIN ops.charter_runs AS r ON r.run_id = s.run_id \
         WHERE s.address LIKE '%{user}%' AND r.event = 'started' ORDER BY s.at FORMAT TSV"
    );
    assert_eq!(admin(&audit), "issue\tJane Doe\tissued_user\tdone");
    std::thread::sleep(Duration::from_secs(12).saturating_sub(begun.elapsed()));
    let late = ask("SELECT 1");
    assert_eq!(late.status, 403, "{late:?}");
    // An end is no drift: nobody has to do anything. The next apply tidies up.
    let _ = project.charter(&["check"]).exits(0).says("CH341");
    let _ = project.charter(&["plan", "--detailed-exitcode"]).exits(2).says("expired at");
    let _ = project.apply();
    assert_eq!(admin(&format!("SELECT count() FROM system.users WHERE name = '{user}'")), "0");
    assert!(admin(&audit).ends_with("issued_user\tdone"), "the removal is in the audit, too");
}

fn revoked(project: &mut Project) {
    applied(project);
    let name = project.name("analyst");
    let kept = issue(project, &[&name, "--ttl", "1h"]);
    let gone = issue(project, &["role.analyst", "--ttl", "2d", "--host", "127.0.0.0/8", "--host", "::1"]);
    let ask = |user: &Value| run(&project.clickhouse, text(user, "user"), text(user, "password"), "SELECT 1");
    assert_eq!((ask(&kept).status, ask(&gone).status), (200, 200));
    project.unchanged();
    let _ = project.charter(&["check"]).exits(0).says("CH340").says("for Jane Doe");
    let listed = project.charter(&["credentials", "list"]).exits(0);
    assert!(listed.stdout.starts_with("NAME "), "{}", listed.stdout);
    let _ = listed.says(text(&kept, "user")).says("active").never_says(text(&kept, "password"));
    let list = || -> Vec<Value> {
        serde_json::from_str(&project.charter(&["credentials", "list", "--json"]).exits(0).stdout).unwrap()
    };
    assert_eq!(list().len(), 2);
    let typo = text(&gone, "user").replacen("issued", "isued", 1);
    let _ = project.charter(&["credentials", "revoke", &typo]).exits(1).warns(text(&gone, "user"));
    let _ = project.charter(&["credentials", "revoke", text(&gone, "user")]).exits(0);
    assert_eq!((ask(&kept).status, ask(&gone).status), (200, 403));
    assert_eq!(list().len(), 1);
    // Without its role it is for nothing: it goes with it.
    project.write("main.hcl", "database \"@_d\" {}\n");
    let _ = project.charter(&["plan"]).exits(0).says("is no longer declared");
    let _ = project.apply();
    assert_eq!(ask(&kept).status, 403);
    assert!(list().is_empty());
}

fn refused(project: &mut Project) {
    project.write("main.hcl", ROLE);
    let issue =
        |args: &[&str]| project.charter(&[&["credentials", "issue", "--actor", "jane"], args].concat());
    let _ = issue(&["role.analyst", "--ttl", "1h"]).exits(1).warns("declared and not applied");
    let _ = project.apply();
    let _ = issue(&["role.analist", "--ttl", "1h"]).exits(1).warns("did you mean role.analyst?");
    project.clickhouse.admin(&format!("CREATE ROLE {}", project.name("other")));
    let _ = issue(&[&project.name("other"), "--ttl", "1h"]).exits(1).warns("in this configuration");
    let _ = issue(&["role.analyst", "--ttl", "60d"]).exits(64).warns("30d");
    project.clickhouse.admin(&format!("DROP ROLE {}", project.name("other")));
    let users = format!("SELECT count() FROM system.users WHERE name LIKE 'issued_{}%'", project.prefix);
    assert_eq!(project.clickhouse.admin(&users), "0");
    project.unchanged();
}

fn in_a_secret(project: &mut Project) {
    applied(project);
    let place = format!("{}/job", project.prefix);
    let issued = issue(project, &["role.analyst", "--ttl", "1h", "--secret", &place]);
    assert_eq!((&issued["password"], text(&issued, "secret")), (&Value::Null, place.as_str()));
    let login = |expected: u16| {
        let (user, password) =
            ["username", "password"].map(|key| project.cluster().secret_key("job", key)).into();
        assert_eq!(run(&project.clickhouse, &user, &password, "SELECT 1").status, expected);
        user
    };
    let first = login(200);
    project.unchanged();
    // A second one for the same Secret takes its place; the first one's end leaves it alone.
    let _ = issue(project, &["role.analyst", "--ttl", "1h", "--secret", &place]);
    assert_ne!(login(200), first);
    let _ = project.charter(&["credentials", "revoke", &first]).exits(0);
    let second = login(200);
    let _ = project.charter(&["credentials", "revoke", &second]).exits(0);
    assert!(project.cluster().get("Secret", "job").is_none());
    // What others keep in a Secret is never taken, and nothing is left where the cluster refuses.
    let foreign = serde_json::json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs"}, "data": {"password": "aHVudGVyNQ=="}});
    project.cluster().create("Secret", &foreign);
    let issue = |place: &str| {
        project.charter(&["credentials", "issue", "role.analyst", "--ttl", "1h", "--secret", place])
    };
    let _ = issue(&format!("{}/theirs", project.prefix)).exits(1).warns("CH342");
    let _ = issue("not-there-at-all/job").exits(1).warns("namespace").warns("Nothing is left");
    assert_eq!(project.cluster().secret_key("theirs", "password"), "hunter5");
    project.unchanged();
}
