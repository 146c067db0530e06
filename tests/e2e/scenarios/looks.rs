//! What tables look like: what the server makes of a definition is no drift, and each kind of drift
//! is told by its own code, before and after applies.

use super::{ENDS, NEWEST};
use crate::Scenario;
use crate::project::Project;
use crate::servers::ending_sandbox;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "what_the_server_makes_of_a_definition_is_no_drift",
            cluster: false,
            engines: ENDS,
            run: forms,
        },
        Scenario { name: "each_kind_of_drift_is_told_apart", cluster: false, engines: NEWEST, run: kinds },
        Scenario {
            name: "if_not_exists_over_another_table_is_told",
            cluster: false,
            engines: NEWEST,
            run: existing,
        },
        Scenario {
            name: "an_upgrade_of_the_server_is_no_drift",
            cluster: false,
            engines: &["26.9"],
            run: upgrade,
        },
        Scenario {
            name: "a_replay_of_the_files_is_compared_and_leaves_nothing",
            cluster: false,
            engines: NEWEST,
            run: replay,
        },
    ]
}

/// Objects as a migration writes them, and the same in other words, as a person makes them again.
const FORMS: [(&str, &str, &str); 11] = [
    (
        "numbers",
        "(id UInt64, f Float64 DEFAULT 1.0) ENGINE = MergeTree ORDER BY id",
        "(`id` UInt64, f Float64 DEFAULT 1.) ENGINE = MergeTree() ORDER BY id",
    ),
    (
        "types",
        "(a Decimal64(3), b int, c varchar(10), d text null, e Enum('x' = 1, 'y')) ENGINE = MergeTree ORDER BY tuple()",
        "(a Decimal(18, 3), b Int32, c String, d Nullable(String), e Enum8('x' = 1, 'y' = 2)) ENGINE = MergeTree ORDER BY ()",
    ),
    (
        "nested",
        "(id UInt64, n Nested(x UInt8, y String)) ENGINE = MergeTree ORDER BY id",
        "(id UInt64, `n.x` Array(UInt8), `n.y` Array(String)) ENGINE = MergeTree ORDER BY id",
    ),
    (
        "codecs",
        "(id UInt64 CODEC(ZSTD), at DateTime CODEC(Delta, LZ4)) ENGINE = MergeTree ORDER BY id",
        "(id UInt64 CODEC(ZSTD(1)), at DateTime CODEC(Delta(4), LZ4)) ENGINE = MergeTree ORDER BY id",
    ),
    (
        "plain",
        "(id UInt64) ENGINE = MergeTree ORDER BY id",
        "(id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS index_granularity = 8192",
    ),
    (
        "aliases",
        "(id UInt64, twice ALIAS id * 2, more MATERIALIZED id + 1) ENGINE = MergeTree ORDER BY id",
        "(id UInt64, twice UInt64 ALIAS id * 2, more UInt64 MATERIALIZED id + 1) ENGINE = MergeTree ORDER BY id",
    ),
    (
        "parentheses",
        "(id UInt64, at DateTime) ENGINE = MergeTree PARTITION BY (toYYYYMM(at)) ORDER BY (id) TTL at + INTERVAL 7 DAY",
        "(id UInt64, at DateTime) ENGINE = MergeTree PARTITION BY toYYYYMM(at) ORDER BY id TTL at + toIntervalDay(7)",
    ),
    (
        "settings",
        "(id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS min_bytes_for_wide_part = 1, parts_to_throw_insert = 400",
        "(id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS parts_to_throw_insert = 400, index_granularity = 8192, min_bytes_for_wide_part = 1",
    ),
    (
        "elements",
        "(id UInt64, s String, INDEX i (s) TYPE bloom_filter(0.01) GRANULARITY 2, INDEX j id TYPE minmax, CONSTRAINT c CHECK (id > 1)) ENGINE = MergeTree ORDER BY id",
        "(id UInt64, s String, CONSTRAINT c CHECK id > 1, INDEX j id TYPE minmax GRANULARITY 1, INDEX i s TYPE bloom_filter(0.01) GRANULARITY 2) ENGINE = MergeTree ORDER BY id",
    ),
    (
        "nothing",
        "(a UInt8, t Tuple(x UInt8, `y` String)) ENGINE = Null",
        "(a UInt8, t Tuple(`x` UInt8, y String)) ENGINE = Null()",
    ),
    (
        "log",
        "(a UInt8 COMMENT 'it''s') ENGINE = Log COMMENT 'a \\'log\\''",
        "(a UInt8 COMMENT 'it\\'s') ENGINE = Log COMMENT 'a ''log'''",
    ),
];

/// Views the same way: their queries, and a list of columns for the second form.
const VIEWS: [(&str, &str, &str); 2] = [
    (
        "v",
        "VIEW v AS SELECT id FROM plain WHERE (id BETWEEN 1 AND 5)",
        "VIEW v (`id` UInt64) AS SELECT id FROM plain WHERE id >= 1 AND id <= 5",
    ),
    (
        "m",
        "MATERIALIZED VIEW m TO log AS SELECT toUInt8(count() * 100.0 / 3) AS a FROM plain",
        "MATERIALIZED VIEW m TO log (a UInt8) AS SELECT toUInt8((count() * 100.) / 3) AS a FROM plain",
    ),
];

fn forms(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let tables = FORMS.map(|(name, form, _)| format!("CREATE TABLE {name} {form};\n"));
    let views = VIEWS.map(|(_, form, _)| format!("CREATE {form};\n"));
    project.schema("a", "V1__forms.sql", &format!("{}{}", tables.concat(), views.concat()));
    project.schema(
        "a",
        "V2__altered.sql",
        "CREATE TABLE altered (id UInt64) ENGINE = MergeTree ORDER BY id;\n\
         ALTER TABLE altered ADD COLUMN b String DEFAULT 'q' CODEC(ZSTD);\n\
         ALTER TABLE altered MODIFY SETTING parts_to_throw_insert = 400, min_bytes_for_wide_part = 1;\n\
         CREATE DICTIONARY d (id UInt64, s String) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'plain' USER 'u' PASSWORD 'a')) LIFETIME(10) LAYOUT(FLAT())",
    );
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0).says("CH512").never_says("CH50");
    let by_hand = |statement: &str| {
        let answer = project.as_tenant("a", statement);
        assert_eq!(answer.status, 200, "{statement}: {}", answer.body);
    };
    by_hand("DROP DICTIONARY d");
    for (name, ..) in VIEWS {
        by_hand(&format!("DROP TABLE {name}"));
    }
    for (name, _, form) in FORMS {
        by_hand(&format!("DROP TABLE {name}"));
        by_hand(&format!("CREATE TABLE {name} {form}"));
    }
    for (_, _, form) in VIEWS {
        by_hand(&format!("CREATE {form}"));
    }
    by_hand("DROP TABLE altered");
    by_hand(
        "CREATE TABLE altered (id UInt64, b String DEFAULT 'q' CODEC(ZSTD(1))) ENGINE = MergeTree ORDER BY (id) SETTINGS min_bytes_for_wide_part = 1, parts_to_throw_insert = 400",
    );
    by_hand(
        "CREATE DICTIONARY d (id UInt64, s String) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'plain' USER 'u' PASSWORD 'b')) LIFETIME(MIN 0 MAX 10) LAYOUT(FLAT())",
    );
    let _ = project.charter(&["check"]).exits(0).says("CH512").never_says("CH50");
    project.unchanged();
}

fn kinds(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.schema(
        "a",
        "V1__t.sql",
        "CREATE TABLE t (id UInt64, at DateTime, note String) ENGINE = MergeTree ORDER BY id;\n\
         CREATE TABLE e (id UInt64) ENGINE = MergeTree ORDER BY id;\n\
         CREATE TABLE same (id UInt64) ENGINE = MergeTree ORDER BY id;\n\
         CREATE VIEW v AS SELECT id FROM e WHERE id > 1",
    );
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0);
    let by_hand = |statement: &str| {
        let answer = project.as_tenant("a", statement);
        assert_eq!(answer.status, 200, "{statement}: {}", answer.body);
    };
    by_hand("CREATE TABLE strange (id UInt64) ENGINE = MergeTree ORDER BY id");
    let _ = project.charter(&["check"]).exits(0).says("CH510").says("strange");
    for statement in [
        "ALTER TABLE t ADD COLUMN more UInt8, MODIFY ORDER BY (id, more)",
        "ALTER TABLE t MODIFY COLUMN note String DEFAULT 'x'",
        "ALTER TABLE t MODIFY COLUMN at CODEC(Delta, ZSTD(3))",
        "ALTER TABLE t COMMENT COLUMN id 'the id'",
        "ALTER TABLE t MODIFY SETTING parts_to_throw_insert = 400",
        "ALTER TABLE t ADD INDEX i note TYPE set(10) GRANULARITY 1",
        "ALTER TABLE t MODIFY TTL at + INTERVAL 1 DAY",
        "ALTER TABLE t MODIFY COMMENT 'by hand'",
        "DROP TABLE e",
        "CREATE TABLE e (id UInt64) ENGINE = ReplacingMergeTree ORDER BY id",
        "DROP TABLE v",
        "CREATE VIEW v AS SELECT id FROM e WHERE id > 2",
    ] {
        by_hand(statement);
    }
    let told = [
        "CH502",
        "more UInt8",
        "note: default DEFAULT 'x'",
        "at: codec CODEC(Delta(4), ZSTD(3))",
        "id: comment the id",
        "CH503",
        "engine ReplacingMergeTree",
        "CH504",
        "ORDER BY id, more",
        "CH505",
        "parts_to_throw_insert 400",
        "CH506",
        "INDEX i",
        "CH507",
        "id > 2",
        "CH513",
        "CH514",
        "by hand",
    ];
    let drifts = |project: &Project| {
        let output = project.charter(&["check", "--format", "json"]).exits(2);
        let text = output.all().replace("\\n", " ");
        for told in told {
            assert!(text.contains(told), "{told}: {text}");
        }
        assert!(!text.contains("CH501") && !text.contains(".same"), "{text}");
    };
    drifts(project);
    // A migration that touches what drifted does not bless it, nor does the next.
    for version in [2, 3] {
        project.schema(
            "a",
            &format!("V{version}__more.sql"),
            &format!("ALTER TABLE t ADD COLUMN v{version} UInt8;\nALTER TABLE e ADD COLUMN v{version} UInt8"),
        );
        let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
        drifts(project);
    }
    // Nothing is left to apply, and the drift is still told.
    let _ = project.charter(&["plan"]).exits(0).says("CH503").never_says("CH510");
}

fn existing(project: &mut Project) {
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.schema("a", "V1__first.sql", "CREATE TABLE first (id UInt64) ENGINE = MergeTree ORDER BY id");
    let _ = project.apply();
    for statement in [
        "CREATE TABLE t (id UInt32, other String) ENGINE = MergeTree ORDER BY id",
        "CREATE TABLE u (id UInt64, n Nullable(String)) ENGINE = MergeTree ORDER BY id",
    ] {
        assert_eq!(project.as_tenant("a", statement).status, 200);
    }
    project.schema(
        "a",
        "V2__again.sql",
        "CREATE TABLE IF NOT EXISTS t (id UInt64, note String) ENGINE = MergeTree ORDER BY id;\n\
         CREATE TABLE IF NOT EXISTS u (id bigint unsigned, n varchar(10) NULL) ENGINE = MergeTree ORDER BY id;\n\
         DROP TABLE IF EXISTS first;\n\
         CREATE TABLE IF NOT EXISTS first (id UInt64, more String) ENGINE = MergeTree ORDER BY id",
    );
    let plan = project.charter(&["plan"]).exits(0).says("CH508").says("id, note").says("id, other");
    assert!(
        !plan.all().contains(".first exists already"),
        "what is dropped before is not in the way: {}",
        plan.all()
    );
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let _ = project.charter(&["check"]).exits(2).says("CH509").says("id, other");
    // Put right by hand, it is well.
    for statement in
        ["DROP TABLE t", "CREATE TABLE t (id UInt64, note String) ENGINE = MergeTree ORDER BY id"]
    {
        assert_eq!(project.as_tenant("a", statement).status, 200);
    }
    let _ = project.charter(&["check"]).exits(0).never_says("CH509");
    project.unchanged();
}

fn upgrade(project: &mut Project) {
    let folder = tempfile::tempdir().unwrap();
    project.use_clickhouse(ending_sandbox(folder.path(), "24.8"));
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    let tables = FORMS.map(|(name, form, _)| format!("CREATE TABLE {name} {form};\n"));
    let views = VIEWS.map(|(_, form, _)| format!("CREATE {form};\n"));
    let more =
        "CREATE TABLE doubles (id UInt64, d Float64 CODEC(Gorilla, LZ4)) ENGINE = MergeTree ORDER BY (id)";
    project.schema("a", "V1__forms.sql", &format!("{}{}{more}", tables.concat(), views.concat()));
    let _ = project.apply();
    let _ = project.charter(&["check"]).exits(0).never_says("CH5");
    let stored = |project: &Project| {
        project.clickhouse.admin(&format!(
            "SELECT create_table_query FROM system.tables WHERE database = 'tenant_{}' ORDER BY name",
            project.name("a")
        ))
    };
    let old = stored(project);
    project.use_clickhouse(crate::servers::ClickHouse { _shared: None, ..project.clickhouse.clone() });
    // The older library keeps `system` in the folder, where the newer one has it in memory.
    let _ = std::fs::remove_dir_all(folder.path().join("engine/metadata/system"));
    let _ = std::fs::remove_file(folder.path().join("engine/metadata/system.sql"));
    project.use_clickhouse(ending_sandbox(folder.path(), "26.9"));
    assert_ne!(stored(project), old, "the new version prints something otherwise");
    let _ = project.charter(&["check"]).exits(0).never_says("CH5");
    project.unchanged();
    // What is more than text is told all the same.
    for statement in ["ALTER TABLE plain ADD COLUMN more UInt8, MODIFY ORDER BY (id, more)", "DROP TABLE log"]
    {
        let _ = project.as_tenant("a", statement);
    }
    let _ = project.charter(&["check"]).exits(2).says("CH502").says("CH504").says("more");
    // The next migration that touches a table records it as the new version tells it.
    project.schema("a", "V2__more.sql", "ALTER TABLE doubles ADD COLUMN more UInt8");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let versions = project.clickhouse.admin(
        "SELECT argMax(server_version, at) LIKE '26.9%' FROM ops.charter_tables WHERE table = 'doubles'",
    );
    assert_eq!(versions, "1");
}

fn replay(project: &mut Project) {
    project.write(
        "tenants.hcl",
        "tenant \"@_a\" {\n  migrations = [\"shared\"]\n}\ntenant \"@_b\" {\n  migrations = [\"shared\"]\n}\n",
    );
    let tables = FORMS.map(|(name, form, _)| format!("CREATE TABLE {name} {form};\n"));
    let views = VIEWS.map(|(_, form, _)| format!("CREATE {form};\n"));
    project.write("shared/V1__forms.sql", &format!("{}{}", tables.concat(), views.concat()));
    project.write(
        "shared/V2__more.sql",
        "INSERT INTO plain VALUES (1);\n\
         ALTER TABLE ${charter.database}.plain ADD COLUMN more UInt8;\n\
         CREATE VIEW w AS SELECT id FROM `${charter.database}`.plain WHERE id > 1;\n\
         CREATE TABLE gone (id UInt64) ENGINE = MergeTree ORDER BY id;\n\
         DROP TABLE gone SYNC",
    );
    let _ = project.apply();
    let scratch = |project: &Project| {
        let databases = "SELECT name FROM system.databases WHERE startsWith(name, 'charter_replay_')";
        project
            .clickhouse
            .admin(&format!("{databases} UNION ALL {}", databases.replace("databases", "users")))
    };
    let _ = project.charter(&["check", "--replay"]).exits(0).never_says("CH515").never_says("CH516");
    assert_eq!(scratch(project), "", "nothing is left");
    if let Some(log) = &project.clickhouse.log {
        let log = std::fs::read_to_string(log).unwrap();
        let made = log.lines().filter(|line| line.contains("CREATE DATABASE `charter_replay_")).count();
        assert_eq!(made, 1, "equal files are rebuilt once");
    }
    // Drift that no record tells: the table was made otherwise, and recorded so.
    let record = format!(
        "INSERT INTO ops.charter_tables (scope, tenant, database, table, engine, columns, look, server_version) \
         SELECT '{}', '{}', database, name, engine, '[]', '', version() FROM system.tables WHERE database = 'tenant_{}' AND name = 'numbers'",
        project.prefix,
        project.name("b"),
        project.name("b")
    );
    for statement in ["ALTER TABLE numbers MODIFY COLUMN f Float64 DEFAULT 2.0", "DROP TABLE w"] {
        assert_eq!(project.as_tenant("b", statement).status, 200, "{statement}");
    }
    project.clickhouse.admin(&record);
    let told =
        project.charter(&["check", "--replay"]).exits(2).says("CH515").says("DEFAULT 2.").says("CH518");
    assert!(
        !told.all().contains(&format!("tenant_{}.", project.name("a"))),
        "only the other tenant: {}",
        told.all()
    );

    // A database that is named cannot be rebuilt elsewhere; leftovers of a crash go, and only those.
    project.write("shared/V3__named.sql", "CREATE TABLE more (id UInt64) ENGINE = MergeTree ORDER BY id");
    project.schema(
        "a",
        "V1__named.sql",
        "CREATE TABLE tenant_@_a.named (id UInt64) ENGINE = MergeTree ORDER BY id",
    );
    project.write(
        "tenants.hcl",
        "tenant \"@_a\" {\n  migrations = [\"shared\", \"migrations/development/tenants/@_a/schema\"]\n}\n",
    );
    project.write("b.hcl", "tenant \"@_b\" {\n  migrations = [\"shared\"]\n}\n");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(0);
    let (old, kept) = (
        format!("charter_replay_20200101T000000Z_{}_1", project.prefix),
        format!("charter_replay_{}", project.prefix),
    );
    project.clickhouse.admin(&format!("CREATE DATABASE {old} COMMENT 'scratch of charter check --replay'"));
    project.clickhouse.admin(&format!("CREATE DATABASE {kept}"));
    let told = project
        .charter(&["check", "--replay"])
        .exits(2)
        .says("CH516")
        .says("${charter.database}")
        .says("CH517");
    assert!(told.all().contains(&old) && !told.all().contains(&kept), "{}", told.all());
    assert_eq!(scratch(project), kept, "what is not marked as scratch stays");
    project.clickhouse.admin(&format!("DROP DATABASE {kept}"));
}
