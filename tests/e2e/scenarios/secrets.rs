//! A password made by an apply is in its Secret and nowhere else: everything is grepped for it.

use std::path::Path;

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "a_password_is_nowhere_but_in_its_secret",
            cluster: true,
            engines: NEWEST,
            run: grep,
        },
        Scenario { name: "an_issued_password_is_printed_once", cluster: true, engines: NEWEST, run: issued },
    ]
}

fn grep(project: &mut Project) {
    // A plan that makes the database ops is another once somebody else has made it.
    project.write("first.hcl", "role \"first\" {\n  name = \"@_first\"\n}\n");
    let _ = project.apply();
    project.write("tenants.hcl", "tenant \"@_a\" {\n  superset {}\n}\nvariable \"token\" {\n  sensitive = true\n}\nsecret \"@-x\" {\n  data = { token = var.token }\n}\n");
    project.schema("a", "V1__t.sql", "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
    project.env.push(("CHARTER_VAR_token".into(), "hunter5-sensitive-variable".into()));
    project.env.push(("CHARTER_LOG".into(), "trace".into()));

    let mut printed = String::new();
    let mut keep = |output: crate::command::Output| printed.push_str(&output.all());
    keep(project.charter(&["plan", "--sql", "-o", "saved.plan", "-vvv"]).exits(0));
    keep(project.charter(&["show", "saved.plan", "--sql", "-vvv"]).exits(0));
    keep(project.charter(&["plan", "--format", "json", "-vvv"]).exits(0));
    keep(project.charter(&["apply", "saved.plan", "--json", "-vvv"]).exits(0));
    let first = project.password(&project.name("a"));
    no_fingerprint(project, &first);
    // Error paths: a lost Secret, a Secret changed by hand, a migration that fails as the tenant.
    project.cluster().delete("Secret", &crate::project::secret_name(&project.name("a")));
    keep(project.charter(&["check", "-vvv"]).exits(2));
    keep(project.charter(&["plan", "--sql", "--format", "json", "-vvv"]).exits(0));
    project.schema("a", "V2__t.sql", "INSERT INTO t SELECT throwIf(1, 'fails')");
    keep(project.charter(&["apply", "--auto-approve", "-vvv", "--json-into", "events.json"]).exits(3));
    printed_events(project);
    let second = project.password(&project.name("a"));
    assert_ne!(first, second);
    keep(project.charter(&["check", "--format", "json", "-vvv"]).exits(2));
    project.remove("migrations/development/tenants/@_a/schema/V2__t.sql");
    project.unchanged();
    let mut secrets = vec![first, second];
    let (outputs, more) = rotations(project);
    outputs.into_iter().for_each(&mut keep);
    secrets.extend(more);

    secrets.push("hunter5-sensitive-variable".to_owned());
    nowhere(project, printed, &secrets.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Asserts that no plan holds the fingerprint of a live password: one of a step that leaves the password
/// alone, saved and as JSON. The record has it, and would get it again.
fn no_fingerprint(project: &Project, password: &str) {
    let before = std::fs::read_to_string(project.file("tenants.hcl")).unwrap();
    project.write(
        "tenants.hcl",
        &before.replace("superset {}", "superset {}\n  lifecycle {\n    prevent_destroy = true\n  }"),
    );
    let user = format!("user_tenant_{}", project.name("a"));
    let salt = "SELECT argMax(salt, at) FROM ops.charter_resources WHERE kind = 'user' AND identity = ";
    let salt = project.clickhouse.admin(&format!("{salt}'{user}'"));
    let fingerprint = charter::model::Secret::new(password).salted_sha256(salt.trim());
    let recorded = "SELECT count() FROM ops.charter_resources WHERE fingerprint = ";
    assert_ne!(project.clickhouse.admin(&format!("{recorded}'{fingerprint}'")).trim(), "0");
    let document = project.charter(&["plan", "--format", "json", "-o", "leaves.plan"]).exits(0).stdout;
    let saved = std::fs::read_to_string(project.file("leaves.plan")).unwrap();
    for plan in [document, saved] {
        assert!(plan.contains(&format!("\"{user}\"")), "the user is in it: {plan}");
        assert!(plan.contains("\"fingerprint\""), "with its record: {plan}");
        for text in [salt.trim(), &fingerprint] {
            assert!(!plan.contains(text), "what a password can be guessed from: {plan}");
        }
    }
    project.write("tenants.hcl", &before);
}

/// Asserts that the events of an apply that failed are all in their file, which [`nowhere`] reads, too.
fn printed_events(project: &Project) {
    let events = std::fs::read_to_string(project.file("events.json")).unwrap();
    assert!(crate::schema::wrong_events(&events).is_empty(), "{events}");
    for event in ["apply_errored", "apply_complete", "report"] {
        assert!(events.contains(&format!("\"type\":\"{event}\"")), "{event}: {events}");
    }
    assert!(events.lines().last().unwrap().contains("\"code\":3"), "{events}");
}

/// Asserts that secrets, and what could stand for them, are neither in what was printed nor in any
/// table, log or file.
fn nowhere(project: &Project, mut printed: String, secrets: &[&str]) {
    printed.push_str(&project.clickhouse.admin("SELECT * FROM system.processes FORMAT JSONEachRow"));
    // Locks come and go; all that they say of a run is in their comments.
    let comments = "SELECT comment FROM system.tables WHERE database = 'ops'";
    printed.push_str(&project.clickhouse.admin(comments));
    let tables = "SELECT name FROM system.tables WHERE database = 'ops' AND name NOT LIKE 'charter_lock_%'";
    for table in project.clickhouse.admin(tables).lines() {
        printed
            .push_str(&project.clickhouse.admin(&format!("SELECT * FROM ops.`{table}` FORMAT JSONEachRow")));
    }
    if let Some(log) = &project.clickhouse.log {
        printed.push_str(&std::fs::read_to_string(log).unwrap());
    }
    collect(project.path(), &mut printed);
    assert!(printed.len() > 10_000, "there is something to grep");
    for secret in secrets {
        for form in [(*secret).to_owned(), encoded(secret), unsalted(secret)] {
            let at = printed.find(&form);
            let around = at.map(|at| printed[at.saturating_sub(200)..at].to_owned());
            assert!(at.is_none(), "a secret was printed after: {around:?}");
        }
    }
}

/// Short-lived access: what is handed out, what is written to a Secret, and what was made for users
/// that then could not be, by each way to fail.
fn issued(project: &mut Project) {
    project.write("main.hcl", "role \"@_r\" {}\n");
    let _ = project.apply();
    project.env.push(("CHARTER_LOG".into(), "trace".into()));
    let mut printed = String::new();
    let issue = |project: &Project, more: &[&str]| {
        let role = format!("role.{}", project.name("r"));
        project.charter(&[&["credentials", "issue", &role, "--ttl", "1h", "-vvv"], more].concat())
    };
    let handed = issue(project, &["--json"]).exits(0);
    let object = handed.stdout.lines().last().unwrap();
    let object: serde_json::Value = serde_json::from_str(object).unwrap();
    let first = object["password"].as_str().unwrap().to_owned();
    printed.push_str(&handed.all().replacen(&first, "", 1));
    let place = format!("{}/job", project.prefix);
    printed.push_str(&issue(project, &["--secret", &place]).exits(0).all());
    let second = project.cluster().secret_key("job", "password");
    // The cluster refuses the Secret; the server refuses a statement; and then also the clean-up.
    printed.push_str(&issue(project, &["--secret", "nowhere-at-all/job"]).exits(1).all());
    let limited = project.name("limited");
    let admin = |statement: &str| project.clickhouse.admin(statement);
    admin(&format!("CREATE USER {limited} IDENTIFIED WITH sha256_password BY 'limited-password-1'"));
    admin(&format!("GRANT SHOW, SHOW ACCESS, SELECT, INSERT, CREATE USER, DROP USER ON *.* TO {limited}"));
    // A role of the same name: what this user holds cannot be told, so the server has to refuse.
    admin(&format!("CREATE ROLE {limited}"));
    let env = project.env.clone();
    project.env.retain(|(name, _)| name != "CLICKHOUSE_USER" && name != "CLICKHOUSE_PASSWORD");
    project.env.push(("CLICKHOUSE_USER".into(), limited.clone()));
    project.env.push(("CLICKHOUSE_PASSWORD".into(), "limited-password-1".into()));
    let admin = |statement: &str| project.clickhouse.admin(statement);
    let made = format!("SELECT count() FROM system.users WHERE name LIKE 'issued_{}%'", project.prefix);
    let before = admin(&made);
    let failed = issue(project, &[]).exits(1).warns("497").warns("Nothing is left");
    assert_eq!(admin(&made), before);
    printed.push_str(&failed.all());
    admin(&format!("REVOKE DROP USER ON *.* FROM {limited}"));
    let failed = issue(project, &["--json"]).exits(3);
    assert!(failed.stdout.contains("refuses its login from"), "{}", failed.all());
    printed.push_str(&failed.all());
    project.env = env;
    printed.push_str(&project.charter(&["credentials", "list", "-vvv"]).exits(0).says("interrupted").all());
    printed.push_str(&project.charter(&["plan", "--sql", "--format", "json", "-vvv"]).exits(0).all());
    let list = project.charter(&["credentials", "list", "--json"]).exits(0).stdout;
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    let names = list.iter().map(|user| user["user"].as_str().unwrap());
    let revoke: Vec<&str> = ["credentials", "revoke", "-vvv"].into_iter().chain(names).collect();
    printed.push_str(&project.charter(&revoke).exits(0).all());
    assert!(project.cluster().get("Secret", "job").is_none());
    project.clickhouse.admin(&format!("DROP USER {limited}"));
    project.clickhouse.admin(&format!("DROP ROLE {limited}"));
    project.unchanged();
    nowhere(project, printed, &[&first, &second]);
}

/// Rotates, retires, proves and fails to. Returns what was printed, and the passwords that there were.
fn rotations(project: &Project) -> (Vec<crate::command::Output>, Vec<String>) {
    let addr = format!("tenant.{}", project.name("a"));
    let user = format!("user_tenant_{}", project.name("a"));
    let (mut outputs, mut passwords) = (Vec::new(), Vec::new());
    let mut run = |args: &[&str], code: i32| {
        outputs.push(project.charter(args).exits(code));
        passwords.push(project.password(&project.name("a")));
    };
    run(&["plan", "--rotate", &addr, "--sql", "-vvv"], 0);
    run(&["plan", "--rotate", &addr, "--format", "json", "-vvv"], 0);
    run(&["rotate", &addr, "--auto-approve", "--sql", "-vvv"], 0);
    run(&["rotate", &addr, "--auto-approve", "--json", "-vvv"], 0);
    run(&["check", "-vvv"], 0);
    run(&["rotate", &addr, "--finish", "--auto-approve", "-vvv"], 0);
    // A login that fails, in each command that tries it.
    let other = charter::model::Secret::new("someone-elses").salted_sha256("salt");
    project
        .clickhouse
        .admin(&format!("ALTER USER `{user}` IDENTIFIED WITH sha256_hash BY '{other}' SALT 'salt'"));
    run(&["check", "--format", "json", "-vvv"], 2);
    run(&["plan", "--probe", "--sql", "-vvv"], 0);
    run(&["rotate", &addr, "--finish", "--auto-approve", "-vvv"], 1);
    run(&["apply", "--probe", "--auto-approve", "-vvv"], 0);
    run(&["rotate", &addr, "--finish", "--auto-approve", "-vvv"], 0);
    // A rotation that fails half-way: the API server refuses the Secret that is sent to it.
    let secret = crate::project::secret_name(&project.name("a"));
    project.cluster().edit("Secret", &secret, &serde_json::json!({"immutable": true}));
    // Where a user has one password the Secret comes first, so that nothing was changed.
    let half_way = if project.engine.name == "24.8" { 1 } else { 3 };
    run(&["rotate", &addr, "--auto-approve", "-vvv"], half_way);
    run(&["plan", "--sql", "-vvv"], 0);
    project.cluster().delete("Secret", &secret);
    outputs.push(project.charter(&["apply", "--auto-approve", "-vvv"]).exits(0));
    passwords.push(project.password(&project.name("a")));
    project.unchanged();
    (outputs, passwords)
}

fn encoded(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn unsalted(text: &str) -> String {
    charter::model::Secret::new(text).salted_sha256("")
}

/// Adds every file below a folder.
fn collect(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else {
            into.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
}
