//! Settings profiles, quotas, row policies, settings of roles and users, and the limits of a tenant:
//! made, found changed by hand in each attribute, mended in place, removed; and what a limit refuses.

use super::NEWEST;
use crate::Scenario;
use crate::clickhouse;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "settings_quotas_and_policies_are_mended_in_place",
            cluster: false,
            engines: NEWEST,
            run: drift,
        },
        Scenario {
            name: "a_tenant_with_limits_migrates_and_is_held_to_them",
            cluster: false,
            engines: NEWEST,
            run: limits,
        },
        Scenario {
            name: "rows_that_a_policy_hides_are_hidden",
            cluster: false,
            engines: NEWEST,
            run: policies,
        },
        Scenario {
            name: "settings_that_cannot_be_are_told_when_planning",
            cluster: false,
            engines: NEWEST,
            run: refused,
        },
        Scenario {
            name: "who_may_not_read_settings_is_told_all_grants_at_once",
            cluster: false,
            engines: NEWEST,
            run: denied,
        },
    ]
}

const DECLARED: &str = r#"
settings_profile "base" {
  name     = "@_base"
  settings = { log_comment = "it's", async_insert = true, max_execution_time = 1.5, join_algorithm = "hash, grace_hash" }
}
settings_profile "p" {
  name    = "@_p"
  inherit = [settings_profile.base]
  setting {
    name  = "max_memory_usage"
    value = "10G"
    min   = 1
    max   = "20G"
  }
  setting {
    name        = "max_result_rows"
    value       = 1000
    writability = "const"
  }
  to = [role.r]
}
role "r" {
  name = "@_r"
}
role "s" {
  name     = "@_s"
  profile  = settings_profile.base
  settings = { max_threads = 4, use_uncompressed_cache = false }
}
user "u" {
  name     = "@_u"
  roles    = [role.r]
  profile  = settings_profile.p
  settings = { max_insert_threads = 2 }
  credentials {}
}
secret "u" {
  name        = "@-u"
  credentials = user.u
}
quota "q" {
  name     = "@_q"
  keyed_by = "client_key_or_user_name"
  interval {
    duration       = "1h"
    queries        = 1000
    read_bytes     = "10G"
    execution_time = 90.5
  }
  interval {
    duration   = "1d"
    randomized = true
  }
  to = [role.r, user.u]
}
database "@_d" {}
row_policy "w" {
  name          = "@_w"
  database      = database.@_d.name
  table         = "t"
  using         = "id=1 and (note like 'a%' or id in (2,3))"
  to_all_except = [role.s]
}
"#;

/// Changes things by hand, each of another object; finds, mends and finds them mended.
#[track_caller]
fn mended(project: &Project, round: &[(&str, &str)]) {
    for (by_hand, _) in round {
        project.clickhouse.admin(&by_hand.replace('@', &project.prefix));
    }
    let check = project.charter(&["check", "--no-probe"]).exits(2);
    for (by_hand, told) in round {
        assert!(check.stdout.contains(&told.replace('@', &project.prefix)), "{by_hand}: {}", check.stdout);
    }
    let applied = project.apply();
    let summary = format!("0 created, {} changed, 0 destroyed", round.len());
    assert!(applied.all().contains(&summary), "{summary}: {}", applied.all());
}

/// Returns the ids of all that is declared.
fn ids(project: &Project) -> String {
    let of = |table: &str| {
        format!("SELECT name, toString(id) FROM system.{table} WHERE name LIKE '{}%'", project.prefix)
    };
    let all: Vec<String> =
        ["settings_profiles", "roles", "users", "quotas", "row_policies"].into_iter().map(of).collect();
    project.clickhouse.admin(&format!("SELECT * FROM ({}) ORDER BY ALL", all.join(" UNION ALL ")))
}

fn drift(project: &mut Project) {
    project.write("main.hcl", DECLARED);
    let _ = project.apply();
    let before = ids(project);
    assert_eq!(before.lines().count(), 7, "{before}");

    let profile = "ALTER SETTINGS PROFILE @_p SETTINGS";
    let memory = "max_memory_usage = '10G' MIN 1 MAX";
    let greater = format!("{profile} INHERIT @_base, {memory} '30G', max_result_rows = 1000 CONST");
    let writable = format!("{profile} INHERIT @_base, {memory} '20G', max_result_rows = 1000");
    let alone = format!("{profile} {memory} '20G', max_result_rows = 1000 CONST");
    let hour =
        "ALTER QUOTA @_q FOR INTERVAL 1 hour MAX queries = 1000, read_bytes = '10G', execution_time = 90";
    let rounds: [&[(&str, &str)]; 6] = [
        &[
            ("ALTER SETTINGS PROFILE @_base SETTINGS log_comment = 'no', async_insert = 1", "log_comment"),
            (&greater, "max_memory_usage"),
            ("ALTER ROLE @_r SETTINGS max_threads = 2", "max_threads"),
            ("ALTER ROLE @_s SETTINGS PROFILE @_base, max_threads = 4", "use_uncompressed_cache"),
            ("ALTER USER @_u SETTINGS PROFILE @_base, max_insert_threads = 2", "profile"),
            ("ALTER QUOTA @_q NOT KEYED", "keyed_by"),
            ("ALTER ROW POLICY @_w ON @_d.t USING 1", "using"),
        ],
        &[
            (&writable, "max_result_rows"),
            ("ALTER ROLE @_s SETTINGS NONE", "@_base"),
            ("ALTER USER @_u SETTINGS PROFILE @_p, max_insert_threads = 2, max_threads = 3", "max_threads"),
            (hour, "execution_time"),
            ("ALTER ROW POLICY @_w ON @_d.t AS RESTRICTIVE", "restrictive"),
        ],
        &[
            (&alone, "inherit"),
            ("ALTER USER @_u SETTINGS NONE", "max_insert_threads"),
            ("ALTER QUOTA @_q FOR INTERVAL 1 day TRACKING ONLY", "randomized"),
            ("ALTER ROW POLICY @_w ON @_d.t TO NONE", "to_all_except"),
        ],
        &[
            ("ALTER SETTINGS PROFILE @_p TO @_s", "@_s"),
            ("ALTER QUOTA @_q FOR INTERVAL 5 minute MAX errors = 3", "errors"),
        ],
        &[
            ("ALTER SETTINGS PROFILE @_p TO ALL", "to_all_except"),
            ("ALTER QUOTA @_q FOR INTERVAL 1 day NO LIMITS", "86400s"),
        ],
        &[("ALTER QUOTA @_q TO @_r", "@_u")],
    ];
    for round in rounds {
        mended(project, round);
    }
    assert_eq!(ids(project), before, "nothing was dropped and made again");

    for by_hand in ["DROP QUOTA @_q", "DROP ROW POLICY @_w ON @_d.t"] {
        project.clickhouse.admin(&by_hand.replace('@', &project.prefix));
    }
    let _ = project.charter(&["check", "--no-probe"]).exits(2).says("CH211").says("quota");
    let _ = project.apply();
    let before_removal = ids(project);

    project.write("main.hcl", "database \"@_d\" {}\n");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(7).says("--allow-mass-removal");
    assert_eq!(ids(project), before_removal, "nothing was removed");
    let _ = project.charter(&["apply", "--auto-approve", "--allow-mass-removal"]).exits(0);
    project.unchanged();
    assert_eq!(ids(project), "");
}

fn limits(project: &mut Project) {
    const FREE: &str = "tenant \"@_a\" {}\n";
    const HELD: &str = r#"
tenant "@_a" {
  limits {
    max_memory_usage   = "500M"
    max_execution_time = 1
    max_threads        = 2
    quota {
      duration = "1h"
      queries  = 40
    }
  }
}
"#;
    project.write("main.hcl", HELD);
    project.schema(
        "a",
        "V1__t.sql",
        "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id; INSERT INTO t SELECT number FROM numbers(10); \
         ALTER TABLE t DELETE WHERE id = 1",
    );
    let _ = project.charter(&["plan"]).exits(0).says("migrations count");
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0);
    let ask = |statement: &str| project.as_tenant("a", statement);
    assert_eq!(ask("SELECT count() FROM t").body.trim(), "9");
    assert_eq!(
        ask("SELECT count() FROM t SETTINGS max_threads = 1, max_execution_time = 1").code,
        0,
        "less is fine"
    );
    for more in
        ["max_threads = 64", "max_memory_usage = '600M'", "max_memory_usage = 0", "max_execution_time = 0"]
    {
        let answer = ask(&format!("SELECT count() FROM t SETTINGS {more}"));
        assert_eq!(answer.code, 452, "{more}: {}", answer.body);
    }
    let answer =
        ask("SELECT count() FROM numbers(100) WHERE sleepEachRow(0.1) = 0 SETTINGS max_block_size = 1");
    assert_eq!(answer.code, 159, "{}", answer.body);
    let refused = (0..60).map(|_| ask("SELECT count() FROM t")).find(|answer| answer.status != 200);
    assert_eq!(refused.map(|answer| answer.code), Some(201), "the quota is used up in the end");
    // Who is refused for its quota has logged in.
    let _ = project.charter(&["check"]).exits(0);

    let by_hand = format!("ALTER SETTINGS PROFILE profile_tenant_{} TO NONE", project.name("a"));
    project.clickhouse.admin(&by_hand);
    let _ = project.charter(&["check"]).exits(2).says("profile_tenant_");
    let _ = project.apply();
    // More is allowed, in place; then nothing is limited any more, and the tenant stays.
    project.write("main.hcl", &HELD.replace("queries  = 40", "queries  = 100000"));
    let _ = project.apply();
    assert_eq!(ask("SELECT count() FROM t").code, 0);
    project.write("main.hcl", FREE);
    let _ = project.charter(&["plan"]).exits(0).says("2 to destroy");
    let _ = project.apply();
    assert_eq!(ask("SELECT count() FROM t SETTINGS max_threads = 64, max_execution_time = 0").code, 0);
}

fn policies(project: &mut Project) {
    project.write(
        "main.hcl",
        r#"
database "@_d" {}
user "u" {
  name  = "@_u"
  grant {
    privileges = ["SELECT"]
    on         = "@_d.t"
  }
  credentials {}
}
secret "u" {
  name        = "@-u"
  credentials = user.u
}
row_policy "@_own" {
  database = database.@_d.name
  table    = "t"
  using    = "id < 3"
  to       = [user.u]
}
row_policy "@_odd" {
  database    = database.@_d.name
  table       = "t"
  using       = "id % 2 = 1"
  restrictive = true
  to          = [user.u]
}
"#,
    );
    project.clickhouse.admin(&format!("CREATE DATABASE {}", project.name("d")));
    project.clickhouse.admin(&format!(
        "CREATE TABLE {}.t ENGINE = MergeTree ORDER BY id AS SELECT number AS id FROM numbers(10)",
        project.name("d")
    ));
    let _ = project.charter(&["plan"]).exits(0).says("CH274");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let password = password(project);
    let ask =
        |statement: &str| clickhouse::run(&project.clickhouse, &project.name("u"), &password, statement);
    let statement = format!("SELECT groupArray(id) FROM {}.t", project.name("d"));
    assert_eq!(ask(&statement).body.trim(), "[1]");
    // A finding is no change.
    let _ = project.charter(&["plan", "--detailed-exitcode"]).exits(0).says("Nothing to apply");
}

fn password(project: &Project) -> String {
    use base64::Engine as _;
    let path = project.file("out/manifests/operations/secret-@-u.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("password:")).expect("a password");
    let bytes = base64::engine::general_purpose::STANDARD.decode(line.trim().trim_matches('"')).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn refused(project: &mut Project) {
    let told = |declared: &str, words: &[&str]| {
        project.write("main.hcl", declared);
        let output = project.charter(&["plan"]).exits(1);
        for word in words {
            assert!(output.all().contains(word), "no {word:?}: {}", output.all());
        }
    };
    told("role \"@_r\" {\n  settings = { max_thread = 1 }\n}\n", &["CH270", "did you mean max_threads?"]);
    told("settings_profile \"default\" {\n  settings = { max_threads = 1 }\n}\n", &["CH201", "CH271"]);
    told(
        "row_policy \"@_w\" {\n  database = \"@_d\"\n  using = \"id = = 1\"\n  to_all_except = []\n}\n",
        &["CH273", "id = = 1"],
    );
    project.write("main.hcl", "role \"@_r\" {}\n");
    let _ = project.apply();
}

fn denied(project: &mut Project) {
    let user = project.name("reader");
    let admin = |statement: String| _ = project.clickhouse.admin(&statement);
    admin(format!("CREATE USER {user} IDENTIFIED WITH sha256_password BY 'reader-password-1'"));
    admin(format!(
        "GRANT SHOW USERS, SHOW ROLES, SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON *.* TO {user}"
    ));
    admin(format!("GRANT SELECT ON ops.* TO {user}"));
    project.write("main.hcl", "settings_profile \"@_p\" {}\nquota \"@_q\" {}\nrow_policy \"@_w\" {\n  database = \"@_d\"\n  using = \"1\"\n  to_all_except = []\n}\n");
    let administrator = project.env.clone();
    project.env.retain(|(name, _)| name == "CLICKHOUSE_URL");
    project.env.push(("CLICKHOUSE_USER".into(), user.clone()));
    project.env.push(("CLICKHOUSE_PASSWORD".into(), "reader-password-1".into()));
    let output = project.charter(&["plan"]).exits(1);
    for grant in ["SHOW SETTINGS PROFILES ON *.*", "SHOW QUOTAS ON *.*", "SHOW ROW POLICIES ON *.*"] {
        assert!(output.stderr.contains(&format!("GRANT {grant} TO {user}")), "{}", output.stderr);
    }
    project.env = administrator;
    project.clickhouse.admin(&format!("DROP USER {user}"));
    let _ = project.apply();
}
