//! Gaps of the official Terraform provider that concern users, each closed here: hosts, methods and
//! expiry are read back, compared and changed in place, and no change drops a user.

use super::NEWEST;
use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    let scenario = |name, run| Scenario { name, cluster: false, engines: NEWEST, run };
    vec![
        scenario("provider_gap_hosts_change_in_place_keeps_grants_and_id", hosts_in_place),
        scenario("provider_gap_host_drift_is_found", host_drift),
        scenario("provider_gap_auth_type_drift_is_found", auth_type_drift),
        scenario("provider_gap_hashes_are_never_shown_and_change_without_a_version", hashes),
        scenario("provider_gap_default_roles_grantees_and_expiry", unsupported_there),
        scenario("provider_gap_methods_are_a_list_in_one_statement", methods),
        scenario("provider_gap_adoption_recreates_nothing", adoption),
        scenario("passwords_and_other_methods_go_together", together),
    ]
}

/// The hash of `hunter2-one` with the salt `pepper`, and of `hunter2-two`.
const HASHES: [&str; 2] = [
    "794de2ec960a780705ae690dcfcdb786aded9a182c2c7dabd67f5b84917f968c",
    "31939dda81856174a5e31332eb39d35004b233e25ef2bde6680b30328633a0ed",
];

fn id(project: &Project, user: &str) -> String {
    project.clickhouse.admin(&format!("SELECT toString(id) FROM system.users WHERE name = '{user}'"))
}

fn login(project: &Project, user: &str, password: &str) -> u16 {
    crate::clickhouse::run(&project.clickhouse, user, password, "SELECT 1").status
}

fn several(project: &Project) -> bool {
    project.engine.name != "24.8"
}

/// A user with a role, whose attributes stand in `more`.
fn declare(project: &Project, more: &str) -> String {
    let text = format!(
        r#"
role "r" {{
  name = "@_r"
  grant {{
    privileges = ["SELECT"]
    on         = "system.one"
  }}
}}
role "other" {{
  name = "@_other"
}}
user "u" {{
  name  = "@_u"
  roles = [role.r, role.other]
  {more}
}}
"#
    );
    project.write("main.hcl", &text);
    project.name("u")
}

/// Finds the drift, mends it by one statement in place, and proves that nothing was made anew.
#[track_caller]
fn mended(project: &Project, told: &[&str], statement: &str) {
    let user = project.name("u");
    let before = id(project, &user);
    let check = project.charter(&["check"]).exits(2);
    for text in told {
        assert!(check.all().contains(text), "no {text:?} in\n{}", check.all());
    }
    let _ = project.charter(&["plan", "--sql"]).exits(0).says(statement).never_says("DROP USER");
    let _ = project.apply();
    assert_eq!(id(project, &user), before, "the user is the one that it was");
}

const HASH: &str = r#"authentication {
    method = "sha256_hash"
    hash   = "HASH_ONE"
    salt   = "pepper"
  }"#;

fn one_hash() -> String {
    HASH.replace("HASH_ONE", HASHES[0])
}

fn hosts_in_place(project: &mut Project) {
    let user = declare(project, &one_hash());
    let _ = project.apply();
    let (before, granted) =
        (id(project, &user), project.clickhouse.admin(&format!("SHOW GRANTS FOR {user}")));
    let _ = declare(
        project,
        &format!(
            "hosts = [\"10.0.0.0/8\", \"localhost\"]\n  host_names = [\"jobs.example.com\"]\n  host_names_regexp = [\"web[0-9]+\"]\n  host_names_like = [\"%.example.com\"]\n  {}",
            one_hash()
        ),
    );
    let _ = project
        .charter(&["plan", "--sql"])
        .exits(0)
        .says(
            "HOST IP '10.0.0.0/8', LOCAL, NAME 'jobs.example.com', REGEXP 'web[0-9]+', LIKE '%.example.com'",
        )
        .says("1 to change, 0 to destroy");
    let _ = project.apply();
    assert_eq!(id(project, &user), before);
    assert_eq!(project.clickhouse.admin(&format!("SHOW GRANTS FOR {user}")), granted);
    let _ = declare(project, &one_hash());
    let _ = project.apply();
    assert_eq!(id(project, &user), before);
}

fn host_drift(project: &mut Project) {
    let user = declare(project, &format!("hosts = [\"127.0.0.1\"]\n  {}", one_hash()));
    let _ = project.apply();
    for by_hand in [
        "HOST ANY",
        "HOST NAME 'evil.example.com'",
        "ADD HOST REGEXP 'e.*'",
        "ADD HOST LIKE 'e%'",
        "HOST NONE",
    ] {
        let _ = project.clickhouse.admin(&format!("ALTER USER {user} {by_hand}"));
        mended(project, &["host"], "HOST LOCAL");
    }
}

fn auth_type_drift(project: &mut Project) {
    let user = declare(project, &one_hash());
    let _ = project.apply();
    assert_eq!(login(project, &user, "hunter2-one"), 200);
    let by_hand = |statement: &str| _ = project.clickhouse.admin(&format!("ALTER USER {user} {statement}"));
    by_hand("IDENTIFIED WITH plaintext_password BY 'by-hand'");
    mended(
        project,
        &["plaintext_password"],
        "IDENTIFIED WITH sha256_hash BY {auth_0_hash:String} SALT {auth_0_salt:String}",
    );
    assert_eq!(login(project, &user, "by-hand"), 403, "a password of nobody is gone");
    by_hand("IDENTIFIED WITH no_password");
    mended(project, &["no_password"], "IDENTIFIED WITH sha256_hash");
    if several(project) {
        by_hand("ADD IDENTIFIED WITH ldap SERVER 'evil'");
        mended(project, &["ldap", "evil"], "IDENTIFIED WITH sha256_hash");
        by_hand("ADD IDENTIFIED WITH sha256_password BY 'a-second-one'");
        mended(project, &["sha256_password"], "IDENTIFIED WITH sha256_hash");
        assert_eq!(login(project, &user, "a-second-one"), 403);
    }
    assert_eq!(login(project, &user, "hunter2-one"), 200);
}

fn hashes(project: &mut Project) {
    let declared =
        "authentication {\n    method = \"sha256_hash\"\n    hash   = var.hash\n    salt   = var.salt\n  }";
    project.write(
        "variables.hcl",
        "variable \"hash\" {\n  sensitive = true\n}\nvariable \"salt\" {\n  sensitive = true\n}\n",
    );
    let user = declare(project, declared);
    let with = |project: &mut Project, hash: &str| {
        project.env.retain(|(name, _)| !name.starts_with("CHARTER_VAR_"));
        project.env.push(("CHARTER_VAR_hash".into(), hash.into()));
        project.env.push(("CHARTER_VAR_salt".into(), "pepper".into()));
    };
    with(project, HASHES[0]);
    let output = project.apply().all();
    assert_eq!(login(project, &user, "hunter2-one"), 200);
    with(project, HASHES[1]);
    let plan = project.charter(&["plan", "--sql", "--format", "json"]).exits(0).all();
    let text = project.charter(&["plan", "--sql"]).exits(0).says("1 to change").all();
    let changed = project.apply().all();
    assert_eq!((login(project, &user, "hunter2-one"), login(project, &user, "hunter2-two")), (403, 200));
    let recorded = project
        .clickhouse
        .admin(&format!("SELECT spec FROM ops.charter_resources WHERE identity = '{user}'"));
    for hash in HASHES {
        let unsalted = hash.to_lowercase();
        for shown in [&output, &plan, &text, &changed, &recorded] {
            assert!(!shown.to_lowercase().contains(&unsalted), "{shown}");
        }
        assert!(!recorded.contains("pepper"));
    }
    if let Some(log) = &project.clickhouse.log {
        let log = std::fs::read_to_string(log).unwrap();
        // What the other scenarios send by hand has no comment.
        let ours = |line: &&str| line.contains(&user) && !line.contains("\"log_comment\": \"\"");
        // The log has the parameters beside the statement.
        let statement = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["statement"].as_str().unwrap_or_default().to_owned()
        };
        let sent: Vec<String> = log.lines().filter(ours).map(statement).collect();
        assert!(sent.iter().any(|line| line.contains("IDENTIFIED")));
        let told = sent.iter().any(|line| HASHES.iter().any(|hash| line.contains(hash)));
        assert!(!told, "a hash is a parameter, never a text");
    }
}

fn unsupported_there(project: &mut Project) {
    let more = "default_roles = [role.r]\n  grantees = [role.other]\n  default_database = \"system\"\n  valid_until = \"2090-01-31T12:00:00+02:00\"";
    let user = declare(project, &format!("{more}\n  {}", one_hash()));
    let _ = project.apply();
    let role = project.name("r");
    let shown = |column: &str| {
        project.clickhouse.admin(&format!("SELECT {column} FROM system.users WHERE name = '{user}'"))
    };
    assert_eq!(shown("default_roles_list"), format!("['{role}']"));
    assert_eq!(shown("grantees_list"), format!("['{}']", project.name("other")));
    assert_eq!(shown("default_database"), "system");
    let by_hand = |statement: &str| _ = project.clickhouse.admin(&format!("ALTER USER {user} {statement}"));
    by_hand("DEFAULT ROLE NONE GRANTEES ANY");
    mended(project, &["default_roles", "grantees"], "GRANTEES");
    by_hand(&format!("DEFAULT ROLE ALL EXCEPT {role} DEFAULT DATABASE NONE"));
    mended(project, &["default_roles", "default_database"], "DEFAULT ROLE");
    let _ = project.clickhouse.admin(&format!("REVOKE {role} FROM {user}"));
    mended(project, &[&role], "GRANT");
    if project.engine.name == "26.9" {
        by_hand("VALID UNTIL '2091-01-01 00:00:00 UTC'");
        mended(project, &["valid_until", "2091-01-01"], "VALID UNTIL '2090-01-31T10:00:00Z'");
    }
    let before = id(project, &user);
    let _ = declare(project, &one_hash());
    let _ = project.charter(&["plan", "--sql"]).exits(0).says("VALID UNTIL 'infinity'");
    let _ = project.apply();
    assert_eq!(id(project, &user), before);
    assert_eq!(login(project, &user, "hunter2-one"), 200);
}

fn methods(project: &mut Project) {
    let blocks = "authentication {\n    method = \"ldap\"\n    server = \"corp\"\n  }\n  authentication {\n    method       = \"ssl_certificate\"\n    common_names = [\"b.example.com\", \"a.example.com\"]\n    valid_until  = \"2090-01-31T12:00:00Z\"\n  }\n  authentication {\n    method = \"ssh_key\"\n    keys   = [{ public_key = \"AAAAC3NzaC1lZDI1NTE5AAAAIDNf0r6vRl24Ix3tv2IgPmNPO2ATa2krvt80DdcTatLj\", type = \"ssh-ed25519\" }]\n  }";
    let user = declare(project, &format!("{}\n  {blocks}", one_hash()));
    if !several(project) {
        let output = project.charter(&["apply", "--auto-approve"]).exits(1);
        assert!(output.all().contains("CH260"), "{}", output.all());
        let _ = declare(
            project,
            "authentication {\n    method = \"kerberos\"\n    realm  = \"EXAMPLE.COM\"\n  }",
        );
        let _ = project.apply();
        return;
    }
    let _ = project.apply();
    let kinds =
        || project.clickhouse.admin(&format!("SELECT auth_type FROM system.users WHERE name = '{user}'"));
    assert_eq!(kinds(), "['sha256_password','ldap','ssl_certificate','ssh_key']");
    let before = id(project, &user);
    // What was dropped comes back, what was added goes, and the order says nothing.
    let _ = project.clickhouse.admin(&format!("ALTER USER {user} IDENTIFIED WITH ldap SERVER 'other'"));
    mended(project, &["ldap server other"], "ldap SERVER 'corp', ssl_certificate CN");
    assert_eq!(login(project, &user, "hunter2-one"), 200);
    let _ =
        declare(project, "authentication {\n    method = \"kerberos\"\n    realm  = \"EXAMPLE.COM\"\n  }");
    let _ = project.apply();
    assert_eq!((kinds().as_str(), id(project, &user)), ("['kerberos']", before));
}

fn adoption(project: &mut Project) {
    let user = declare(project, &one_hash());
    for statement in [
        format!("CREATE ROLE {}", project.name("r")),
        format!("CREATE ROLE {}", project.name("other")),
        format!("GRANT SELECT ON system.one TO {}", project.name("r")),
        format!("CREATE USER {user} IDENTIFIED WITH sha256_hash BY '{}' SALT 'pepper'", HASHES[0]),
        format!("GRANT {}, {} TO {user}", project.name("r"), project.name("other")),
    ] {
        project.clickhouse.admin(&statement);
    }
    let before = id(project, &user);
    // Another scenario may be at charter's own tables meanwhile: only the user counts here.
    let plan = project.charter(&["plan"]).exits(0).says("= user.u").says("0 to destroy");
    let _ = plan.never_says("~ user.u").never_says("+ user.u");
    let _ = project.apply();
    assert_eq!((id(project, &user), login(project, &user, "hunter2-one")), (before, 200));
}

const LDAP: &str = "authentication {\n    method = \"ldap\"\n    server = \"corp\"\n  }";

/// Declares the user with a password, and what else stands in `more`.
fn with_password(project: &Project, more: &str) -> String {
    let user = declare(project, &format!("credentials {{}}\n  {more}"));
    project.write("secret.hcl", "secret \"u\" {\n  name        = \"@-u\"\n  credentials = user.u\n}\n");
    user
}

fn kept_password(project: &Project) -> String {
    project.manifest_key(&format!("{}-u", project.prefix), "password")
}

fn together(project: &mut Project) {
    let more = if several(project) { LDAP } else { "" };
    let kinds = |project: &Project, user: &str| {
        let kinds = format!(
            "SELECT arraySort(arrayDistinct(arrayMap(kind -> toString(kind), auth_type))) FROM system.users WHERE name = '{user}'"
        );
        if several(project) { project.clickhouse.admin(&kinds) } else { "one".to_owned() }
    };
    let user = with_password(project, more);
    let _ = project.apply();
    let both = kinds(project, &user);
    let old = kept_password(project);
    let _ = project.charter(&["rotate", "user.u", "--auto-approve"]).exits(0);
    let _ = project.charter(&["plan", "--detailed-exitcode"]).exits(0);
    assert_eq!(kinds(project, &user), both, "a rotation leaves the other methods alone");
    assert_ne!(kept_password(project), old);
    assert_eq!(login(project, &user, &old) == 200, several(project), "the old password has its grace");
    // What is not explained by the record is drift, and the Secret's password works again.
    let _ = project.clickhouse.admin(&format!("ALTER USER {user} IDENTIFIED WITH no_password"));
    mended(project, &["no_password"], "IDENTIFIED WITH sha256_hash BY {hash:String} SALT {salt:String}");
    assert_eq!((kinds(project, &user), login(project, &user, &kept_password(project))), (both, 200));
    // From a password to another method and back: one apply each, the user stays.
    let before = id(project, &user);
    project.remove("secret.hcl");
    let _ = declare(project, LDAP);
    let _ = project.apply();
    let _ = with_password(project, "");
    let _ = project.apply();
    assert_eq!((id(project, &user), login(project, &user, &kept_password(project))), (before, 200));
}
