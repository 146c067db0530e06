//! Migrations that try to get out of their tenant: each is found by the plan, so that nothing runs; and
//! each is refused by the server when the tenant tries it by itself, but for what the base privileges
//! are known to leave open, which is asserted as it is.

use serde_json::Value as Json;

use crate::Scenario;
use crate::project::Project;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "attacks_by_migrations_are_stopped",
            cluster: false,
            engines: super::NEWEST,
            run: attacks,
        },
        Scenario {
            name: "a_mistake_in_the_fifth_tenants_third_file_stops_everything",
            cluster: false,
            engines: super::NEWEST,
            run: fifth,
        },
        Scenario {
            name: "confinement_can_be_opted_out_of",
            cluster: false,
            engines: super::NEWEST,
            run: opted_out,
        },
        Scenario {
            name: "what_is_there_when_it_runs_is_not_missed",
            cluster: false,
            engines: super::NEWEST,
            run: no_false_alarm,
        },
    ]
}

/// A statement of tenant `b`, what the plan finds, and what the server answers with the base
/// privileges; 0 for what it takes. Confined, it refuses all of them.
const ATTACKS: [(&str, &str, u32); 26] = [
    ("INSERT INTO tenant_@_a.t VALUES (666)", "CH452", 497),
    ("INSERT INTO t SELECT id FROM tenant_@_a.t", "CH452", 497),
    ("SELECT * FROM tenant_@_a.t", "CH452", 497),
    ("CREATE TABLE stolen AS tenant_@_a.t", "CH452", 497),
    ("CREATE VIEW stolen AS SELECT * FROM tenant_@_a.t", "CH452", 497),
    ("CREATE MATERIALIZED VIEW pushed TO tenant_@_a.t AS SELECT id FROM t", "CH452", 497),
    ("ALTER TABLE t REPLACE PARTITION tuple() FROM tenant_@_a.t", "CH452", 497),
    ("ALTER TABLE tenant_@_a.t DELETE WHERE 1", "CH452", 497),
    ("DROP TABLE tenant_@_a.t", "CH452", 497),
    ("DROP DATABASE tenant_@_a", "CH452", 497),
    ("RENAME TABLE t TO tenant_@_a.moved", "CH452", 497),
    ("SELECT name FROM system.users", "CH452", 497),
    ("SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')", "CH452", 497),
    ("SELECT * FROM file('x.csv', CSV, 'a String')", "CH452", 497),
    ("SELECT * FROM remote('127.0.0.1:1', 'tenant_@_a', 't')", "CH452", 497),
    ("INSERT INTO FUNCTION file('out.csv', CSV, 'a String') SELECT 'leak'", "CH452", 497),
    ("CREATE TABLE outside (a String) ENGINE = URL('http://127.0.0.1:1/', CSV)", "CH452", 497),
    ("GRANT SELECT ON *.* TO user_tenant_@_b", "CH452", 497),
    ("GRANT role_tenant_@_a TO user_tenant_@_b", "CH452", 497),
    ("CREATE USER intruder_@", "CH452", 497),
    ("ALTER USER user_tenant_@_a IDENTIFIED BY 'mine'", "CH452", 497),
    ("CREATE FUNCTION intruder_@ AS x -> x", "CH452", 497),
    ("CREATE NAMED COLLECTION intruder_@ AS a = '1'", "CH452", 497),
    ("CREATE VIEW definer DEFINER = user_tenant_@_a SQL SECURITY DEFINER AS SELECT id FROM t", "CH452", 497),
    ("CREATE VIEW nobody SQL SECURITY NONE AS SELECT id FROM t", "CH452", 497),
    // The dictionary hole: CREATE DICTIONARY asks no right of its source.
    (
        "CREATE DICTIONARY leak (id UInt64) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 't' DB 'tenant_@_a')) LAYOUT(FLAT()) LIFETIME(0)",
        "CH452",
        0,
    ),
];

const TABLE: &str = "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id";

fn attacks(project: &mut Project) {
    let declare = |b: &str| format!("tenant \"@_a\" {{}}\ntenant \"@_b\" {{{b}}}\n");
    project.write("tenants.hcl", &declare(""));
    project.schema("a", "V1__t.sql", TABLE);
    project.schema("a", "V2__t.sql", "INSERT INTO t VALUES (1)");
    project.schema("b", "V1__t.sql", TABLE);
    let _ = project.apply();
    for (at, (statement, _, _)) in ATTACKS.iter().enumerate() {
        project.schema("b", &format!("V{}__attack.sql", at + 100), statement);
    }
    let found = findings(project);
    for (at, (statement, code, _)) in ATTACKS.iter().enumerate() {
        let file = format!("V{}__attack.sql", at + 100);
        assert!(found.iter().any(|one| one.0 == *code && one.1.contains(&file)), "{statement}: {found:?}");
    }
    let _ = project.charter(&["apply", "--auto-approve"]).exits(1);
    for at in 0..ATTACKS.len() {
        project.remove(&format!("migrations/development/tenants/@_b/schema/V{}__attack.sql", at + 100));
    }
    // The tenant by itself, which no plan guards.
    let prefix = project.prefix.clone();
    let tries = |project: &Project, confined: bool| {
        for (statement, _, base) in ATTACKS {
            let statement = statement.replace('@', &prefix);
            let answer = project.as_tenant("b", &statement);
            // Before 25 the columns of any table can be copied, though none of its rows.
            let copies =
                project.engine.name.starts_with("24.") && statement.starts_with("CREATE TABLE stolen");
            let expected = if copies {
                0
            } else if confined {
                497
            } else {
                base
            };
            assert_eq!(answer.code, expected, "confined {confined}: {statement}: {}", answer.body);
            if copies {
                assert_eq!(project.as_tenant("b", "SELECT count() FROM stolen").body.trim(), "0");
                assert_eq!(project.as_tenant("b", "DROP TABLE stolen").code, 0);
            }
        }
    };
    tries(project, false);
    let _ = project.as_tenant("b", "DROP DICTIONARY leak");
    project.write("tenants.hcl", &declare("\n  privileges = charter.presets.confined\n"));
    let _ = project.apply();
    tries(project, true);
    for statement in ["DROP DATABASE tenant_@_b", "ALTER DATABASE tenant_@_b MODIFY COMMENT 'x'"] {
        let answer = project.as_tenant("b", &statement.replace('@', &prefix));
        assert!(matches!(answer.code, 497 | 62), "{statement}: {}", answer.body);
    }
    // Nothing came in, and nothing out.
    assert_eq!(project.as_tenant("a", "SELECT id FROM t").body.trim(), "1");
    assert_eq!(project.as_tenant("b", "SELECT count() FROM t").body.trim(), "0");
    let made = format!("SELECT count() FROM system.users WHERE name LIKE 'intruder%{prefix}'");
    assert_eq!(project.clickhouse.admin(&made), "0");
    project.unchanged();
}

/// Returns the findings of a plan: code and address.
fn findings(project: &Project) -> Vec<(String, String)> {
    let output = project.charter(&["plan", "--format", "json"]);
    let plan: Json = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.all()));
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let all = plan["findings"].as_array().unwrap().iter();
    all.map(|one| (text(&one["code"]), text(&one["address"]))).collect()
}

fn fifth(project: &mut Project) {
    let tenants = ["a", "b", "c", "d", "e"];
    let blocks: String = tenants.iter().map(|name| format!("tenant \"@_{name}\" {{}}\n")).collect();
    project.write("tenants.hcl", &blocks);
    for tenant in tenants {
        project.schema(tenant, "V1__t.sql", TABLE);
        project.schema(tenant, "V2__add.sql", "-- a comment\n\nALTER TABLE t ADD COLUMN name String");
        project.schema(
            tenant,
            "V3__fill.sql",
            "SELECT 1;\n\nINSERT INTO t SELECT number, 'x' FROM numbers(3)",
        );
    }
    let made = format!("SELECT count() FROM system.databases WHERE name LIKE 'tenant_{}%'", project.prefix);
    for (mistake, code, told) in [
        ("SELECT 1;\n\nINSERT INTO tt SELECT number, 'x' FROM numbers(3)", "CH451", "V3__fill.sql:3: "),
        ("SELECT 1;\n\nINSERT INTO tenant_@_a.t VALUES (1, 'x')", "CH452", "V3__fill.sql:3: "),
        (
            "SELECT 1;\n-- charter:settings max_treads=1\nINSERT INTO t VALUES (1, 'x')",
            "CH454",
            "max_threads",
        ),
        ("SELECT 1;\n\nINSERT INTO t VLAUES (1, 'x')", "CH415", "VLAUES"),
    ] {
        project.schema("e", "V3__fill.sql", mistake);
        let found = findings(project);
        let expected = format!("tenant.{}.migration[\"schema/V3__fill.sql\"]", project.name("e"));
        let errors: Vec<_> = found.iter().filter(|one| one.0.starts_with("CH4")).collect();
        assert_eq!(errors, [&(code.to_owned(), expected)], "{mistake}");
        let output = project.charter(&["apply", "--auto-approve"]).exits(1);
        // Lines are wrapped to the width.
        let all = output.all().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(all.contains(told.trim()), "{told}: {all}");
        assert_eq!(project.clickhouse.admin(&made), "0", "{mistake}");
    }
    project.schema("e", "V3__fill.sql", "INSERT INTO t SELECT number, 'x' FROM numbers(3)");
    let _ = project.apply();
    assert_eq!(project.as_tenant("e", "SELECT count() FROM t").body.trim(), "3");
}

fn opted_out(project: &mut Project) {
    let declare = |b: &str| format!("tenant \"@_a\" {{}}\ntenant \"@_b\" {{{b}}}\n");
    project.write("tenants.hcl", &declare(""));
    project.schema("a", "V1__t.sql", TABLE);
    project.schema("a", "V2__t.sql", "INSERT INTO t VALUES (1)");
    let _ = project.apply();
    project.schema(
        "b",
        "V1__copy.sql",
        "CREATE TABLE copied ENGINE = MergeTree ORDER BY id AS SELECT * FROM tenant_@_a.t",
    );
    let _ = project.charter(&["apply", "--auto-approve"]).exits(1);
    project.write("tenants.hcl", &declare("\n  confinement = \"none\"\n"));
    assert!(findings(project).iter().any(|one| one.0 == "CH450" && one.1.contains("V1__copy.sql")));
    let output = project.charter(&["plan"]).exits(0).says("CH450");
    assert!(!output.all().contains("CH452"), "{}", output.all());
    let _ = project.apply();
    assert_eq!(project.as_tenant("b", "SELECT id FROM copied").body.trim(), "1");
    // Once applied, nothing more is said; and the line can go.
    assert!(!findings(project).iter().any(|one| one.0 == "CH450"));
    project.write("tenants.hcl", &declare(""));
    project.unchanged();
    project.write("tenants.hcl", &declare("\n  confinement = \"nobody\"\n"));
    let output = project.charter(&["validate"]).exits(1);
    assert!(output.all().contains("not confined like this"), "{}", output.all());
    project.write("tenants.hcl", &declare(""));
    project.unchanged();
}

/// Everything that a lookahead could mistake for a missing object, and that the server takes.
fn no_false_alarm(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.schema(
        "a",
        "V1__all.sql",
        "CREATE TABLE t (id UInt64, arr Array(UInt8), day Date) ENGINE = ReplacingMergeTree ORDER BY id;
         INSERT INTO t WITH src AS (SELECT 1 AS id, [1, 2] AS arr) SELECT id, arr, today() FROM src;
         WITH x AS (SELECT * FROM t), y AS (SELECT * FROM x) SELECT * FROM y AS z, x LEFT ARRAY JOIN z.arr AS one;
         SELECT extract(year FROM day), trim(BOTH ' ' FROM 'x') FROM t AS q FINAL;
         CREATE VIEW v AS SELECT * FROM t WHERE id = {id:UInt64};
         SELECT * FROM v(id = 1);
         CREATE TABLE t2 AS t;
         EXCHANGE TABLES t AND t2;
         RENAME TABLE t2 TO t3;
         INSERT INTO t SELECT * FROM t3;
         CREATE MATERIALIZED VIEW mv TO t3 AS SELECT * FROM t WHERE id NOT IN (SELECT number FROM numbers(3));
         DROP VIEW mv;
         DROP TABLE IF EXISTS never_there;
         CREATE TABLE never_there (x UInt8) ENGINE = Memory;
         DROP TABLE never_there;
         SELECT name FROM system.tables WHERE database = currentDatabase();
         SELECT dummy FROM system.one;
         SELECT * FROM (SELECT 1 AS a) AS s JOIN (SELECT 1 AS a) AS r USING (a)",
    );
    let errors: Vec<_> = findings(project).into_iter().filter(|one| one.0.starts_with("CH45")).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let _ = project.apply();
}
