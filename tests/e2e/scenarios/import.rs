//! Ledgers of other migration runners, made exactly as those make them, and imported.

use crate::Scenario;
use crate::project::Project;
use crate::servers;

use super::NEWEST;

pub fn scenarios() -> Vec<Scenario> {
    let today = |name, run| Scenario { name, cluster: false, engines: &["26.9"], run };
    vec![
        Scenario {
            name: "ledgers_of_other_runners_are_imported",
            cluster: false,
            engines: NEWEST,
            run: tools,
        },
        Scenario {
            name: "a_dirty_ledger_and_a_runner_that_is_still_used",
            cluster: false,
            engines: &["26.9"],
            run: troubles,
        },
        today("todays_ledger_with_names_and_md5_is_taken_over", texts),
        today("todays_ledger_with_numbers_and_sha256_is_taken_over", numbers),
        today("todays_ledger_with_files_and_strange_hashes_is_taken_over", strange),
    ]
}

const V1: &str = "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id;\n";
const V2: &str = "ALTER TABLE t ADD COLUMN note String;\n";
const V3: &str = "INSERT INTO t (id) VALUES (3);\n";

/// Makes what another runner applied of two files: the tenant's database and table.
fn applied(project: &Project, tenant: &str) -> String {
    let database = format!("tenant_{}", project.name(tenant));
    project.clickhouse.admin(&format!("CREATE DATABASE {database}"));
    project.clickhouse.admin(&V1.trim_end_matches(";\n").replace("TABLE t", &format!("TABLE {database}.t")));
    project.clickhouse.admin(&V2.trim_end_matches(";\n").replace("TABLE t", &format!("TABLE {database}.t")));
    for (file, sql) in [("V1__create_t.sql", V1), ("V02__add_note.sql", V2)] {
        project.schema(tenant, file, sql);
    }
    database
}

fn hash(project: &Project, function: &str, text: &str) -> String {
    let text = text.replace('\n', "\\n");
    project.clickhouse.admin(&format!("SELECT lower(hex({function}('{text}')))"))
}

/// Applies: what is applied is recorded, and a new file is run.
fn import(project: &Project, tenants: &[&str]) {
    let output = project.charter(&["apply", "--auto-approve"]).exits(0);
    assert!(output.all().contains("recorded and not run"), "{}", output.all());
    project.unchanged();
    for tenant in tenants {
        assert_eq!(project.as_tenant(tenant, "SELECT count() FROM t").body.trim(), "0", "{tenant}");
        project.schema(tenant, "V3__fill.sql", V3);
    }
    let _ = project.apply();
    for tenant in tenants {
        assert_eq!(
            project.as_tenant(tenant, "SELECT id, length(note) FROM t").body.trim(),
            "3\t0",
            "{tenant}"
        );
    }
    let _ = project.charter(&["check"]).exits(0);
}

fn tools(project: &mut Project) {
    let (md5_1, md5_2) = (hash(project, "MD5", V1), hash(project, "MD5", V2));
    let tenants = ["gm", "gm_too", "goose", "mate", "mate_too", "npm", "pypi"];
    let tool = |tenant: &str| match tenant {
        "goose" => "goose",
        "npm" => "clickhouse-migrations-npm",
        "pypi" => "clickhouse-migrations-pypi",
        tenant if tenant.starts_with("gm") => "golang-migrate",
        _ => "dbmate",
    };
    let blocks = tenants.map(|tenant| {
        format!("tenant \"@_{tenant}\" {{\n  import_ledger {{\n    from = \"{}\"\n  }}\n}}\n", tool(tenant))
    });
    project.write("tenants.hcl", &blocks.concat());
    for tenant in tenants {
        let database = applied(project, tenant);
        let statements = match tool(tenant) {
            "golang-migrate" => golang_migrate(&database),
            "goose" => goose(&database),
            "dbmate" => dbmate(&database),
            "clickhouse-migrations-npm" => npm(&database, &md5_1, &md5_2),
            _ => pypi(&database, &md5_1, &md5_2),
        };
        for statement in statements {
            project.clickhouse.admin(&statement);
        }
    }
    import(project, &tenants);
}

/// `database/clickhouse/clickhouse.go`: `ensureVersionTable` and `SetVersion`, dirty before and clean
/// after each file.
fn golang_migrate(database: &str) -> Vec<String> {
    let table = format!("{database}.schema_migrations");
    let set = |version: u8, dirty: u8, sequence: u64| {
        format!("INSERT INTO {table} (version, dirty, sequence) VALUES ({version}, {dirty}, {sequence})")
    };
    vec![
        format!("CREATE TABLE {table} (version Int64, dirty UInt8, sequence UInt64) Engine=TinyLog"),
        set(1, 1, 1_700_000_000_000_000_001),
        set(1, 0, 1_700_000_000_000_000_002),
        set(2, 1, 1_700_000_000_000_000_003),
        set(2, 0, 1_700_000_000_000_000_004),
    ]
}

/// `internal/dialects/clickhouse.go`: `CreateTable` and `InsertVersion`, which begins with version 0.
fn goose(database: &str) -> Vec<String> {
    let table = format!("{database}.goose_db_version");
    let insert = |version: u8| format!("INSERT INTO {table} (version_id, is_applied) VALUES ({version}, 1)");
    vec![
        format!(
            "CREATE TABLE IF NOT EXISTS {table} (version_id Int64, is_applied UInt8, date Date default now(), \
             tstamp DateTime default now()) ENGINE = MergeTree() ORDER BY (version_id)"
        ),
        insert(0),
        insert(1),
        insert(2),
    ]
}

/// `pkg/driver/clickhouse/clickhouse.go`: `CreateMigrationsTable`, `InsertMigration` and, for what was
/// rolled back, `DeleteMigration`.
fn dbmate(database: &str) -> Vec<String> {
    let table = format!("{database}.schema_migrations");
    vec![
        format!(
            "create table if not exists {table} (version String, ts DateTime default now(), applied UInt8 default 1) \
             engine = ReplacingMergeTree(ts) primary key version order by version"
        ),
        format!("insert into {table} (version) values ('1')"),
        format!("insert into {table} (version) values ('02')"),
        format!("insert into {table} (version) values ('3')"),
        format!("insert into {table} (version, applied) values ('3', 0)"),
    ]
}

/// `src/migrate.ts`: `init_migration_table` and `apply_migrations`.
fn npm(database: &str, md5_1: &str, md5_2: &str) -> Vec<String> {
    let table = format!("{database}._migrations");
    vec![
        format!(
            "CREATE TABLE IF NOT EXISTS {table} (uid UUID DEFAULT generateUUIDv4(), version UInt32, checksum String, \
             migration_name String, applied_at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY tuple(applied_at)"
        ),
        format!(
            "INSERT INTO {table} (version, checksum, migration_name) VALUES (1, '{md5_1}', '1_create_t.sql'), \
             (2, '{md5_2}', '02_add_note.sql')"
        ),
    ]
}

/// `src/clickhouse_migrations/migrator.py`: `init_schema` and `_insert_schema_version`.
fn pypi(database: &str, md5_1: &str, md5_2: &str) -> Vec<String> {
    let table = format!("{database}.schema_versions");
    vec![
        format!(
            "CREATE TABLE IF NOT EXISTS {table} (version UInt32, md5 String, script String, \
             created_at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY tuple(created_at)"
        ),
        format!(
            "INSERT INTO {table} (version, script, md5) VALUES (1, '{}', '{md5_1}'), (2, '{}', '{md5_2}')",
            V1.trim_end(),
            V2.trim_end()
        ),
    ]
}

fn troubles(project: &mut Project) {
    project
        .write("tenants.hcl", "tenant \"@_a\" {\n  import_ledger {\n    from = \"golang-migrate\"\n  }\n}\n");
    let database = applied(project, "a");
    let [create, first, clean, dirty, done] = golang_migrate(&database).try_into().unwrap();
    for statement in [create, first, clean, dirty] {
        project.clickhouse.admin(&statement);
    }
    let _ = project.charter(&["apply", "--auto-approve"]).exits(1).says("CH402");
    project.clickhouse.admin(&done);
    let _ = project.apply();
    // It goes on: one file that is here, and one that is not.
    project.schema("a", "V3__fill.sql", V3);
    let table = format!("{database}.schema_migrations");
    project.clickhouse.admin(&format!(
        "INSERT INTO {table} (version, dirty, sequence) VALUES (4, 0, toUInt64(toUnixTimestamp(now() + 60)) * 1000000000)"
    ));
    let output = project.charter(&["plan"]).exits(0);
    for words in
        ["CH405", "golang-migrate recorded version 4", "CH407", "no file of 4", "1 migration (0 statements)"]
    {
        assert!(output.all().contains(words), "no {words}: {}", output.all());
    }
}

/// Makes `ops` with today's tables in a sandbox of its own, as those have no scope.
fn todays(project: &mut Project, columns: &str) -> String {
    let data = project.file("engine");
    project.use_clickhouse(servers::own_sandbox(&data, &[]));
    project.write("tenants.hcl", "tenant \"@_a\" {}\n");
    project.clickhouse.admin("CREATE DATABASE ops");
    project.clickhouse.admin(&format!("CREATE TABLE ops.schema_migrations_tenant {columns}"));
    applied(project, "a")
}

fn texts(project: &mut Project) {
    let columns = "(tenant LowCardinality(String), version String, name String, checksum String, \
         applied_at DateTime DEFAULT now(), host String) ENGINE = MergeTree ORDER BY (tenant, version)";
    let _ = todays(project, columns);
    let (slug, one, two) = (project.name("a"), hash(project, "MD5", V1), hash(project, "MD5", V2));
    project.clickhouse.admin(&format!(
        "INSERT INTO ops.schema_migrations_tenant (tenant, version, name, checksum, host) VALUES \
         ('{slug}', 'V1', 'create_t', '{one}', 'h'), ('{slug}', 'V2', 'add_note', '{two}', 'h')"
    ));
    let plan = project.charter(&["plan", "--sql"]).exits(0);
    for words in ["ADD COLUMN `charter_scope`", "its md5 is that of the file", "CH409", "host String"] {
        assert!(plan.all().contains(words), "no {words}: {}", plan.all());
    }
    import(project, &["a"]);
    let three = hash(project, "MD5", V3);
    let found = project.clickhouse.admin(
        "SELECT tenant, version, name, checksum, applied_at > '2020-01-01', charter_run_id != '' \
         FROM ops.schema_migrations_tenant WHERE charter_status = 'applied'",
    );
    assert_eq!(
        found,
        format!("{slug}\tV3\tfill\t{three}\t1\t1"),
        "as the other program would have written it"
    );
    let all =
        "SELECT version, charter_status FROM ops.schema_migrations_tenant ORDER BY version, charter_status";
    let expected = "V1\t\nV1\timported\nV2\t\nV2\timported\nV3\tapplied";
    assert_eq!(project.clickhouse.admin(all), expected, "its rows stay");
    // An edited file stops everything, though the other program would have said so by its bytes alone.
    project.schema("a", "V1__create_t.sql", &format!("-- a comment\n{V1}"));
    project.unchanged();
    project.schema("a", "V1__create_t.sql", &V1.replace("UInt64", "UInt32"));
    let _ = project.charter(&["plan"]).exits(1).says("CH410");
}

fn numbers(project: &mut Project) {
    let columns = "(version UInt32, tenant_slug String, filename String, sha256 FixedString(64), \
         executed_at DateTime64(3), success Bool) ENGINE = ReplacingMergeTree(executed_at) ORDER BY (tenant_slug, version)";
    let database = todays(project, columns);
    let (one, two) = (hash(project, "SHA256", V1), hash(project, "SHA256", V2));
    let table = "ops.schema_migrations_tenant";
    // It failed at first; and an edited file is told before anything is written.
    project.clickhouse.admin(&format!(
        "INSERT INTO {table} VALUES (1, '{database}', 'V1__create_t.sql', '{one}', now64(3) - 20, true), \
         (2, '{database}', 'V02__add_note.sql', '{one}', now64(3) - 10, true)"
    ));
    let _ = project.charter(&["apply", "--auto-approve"]).exits(1).says("CH403");
    project.clickhouse.admin(&format!(
        "INSERT INTO {table} VALUES (2, '{database}', 'V02__add_note.sql', '{two}', now64(3) - 5, true)"
    ));
    // A stand-alone block has the other table, and its rows no tenant.
    project.clickhouse.admin(
        "CREATE TABLE ops.schema_migrations_global (version UInt32, sha256 String, executed_at DateTime64(3)) \
         ENGINE = MergeTree ORDER BY version",
    );
    project.clickhouse.admin("CREATE DATABASE shared");
    project.clickhouse.admin(&format!(
        "INSERT INTO ops.schema_migrations_global SELECT 1, lower(hex(SHA256('{}'))), now64(3)",
        "CREATE DATABASE shared;"
    ));
    project.write("migrations/development/global/V1__shared.sql", "CREATE DATABASE shared;");
    project.write("global.hcl", "migrations \"global\" {}\n");
    import(project, &["a"]);
    project.clickhouse.admin(&format!("OPTIMIZE TABLE {table} FINAL"));
    project.unchanged();
    let found = project.clickhouse.admin(&format!(
        "SELECT version, tenant_slug, filename, sha256, executed_at > '2020-01-01', success FROM {table} \
         WHERE charter_status = 'applied'"
    ));
    let three = hash(project, "SHA256", V3);
    assert_eq!(found, format!("3\t{database}\tV3__fill.sql\t{three}\t1\ttrue"));
}

fn strange(project: &mut Project) {
    let columns = "(id UUID DEFAULT generateUUIDv4(), slug Nullable(String), migration String, \
         hash Nullable(String), created_at String) ENGINE = MergeTree ORDER BY tuple()";
    let _ = todays(project, columns);
    let slug = project.name("a");
    project.clickhouse.admin(&format!(
        "INSERT INTO ops.schema_migrations_tenant (slug, migration, hash, created_at) VALUES \
         ('{slug}', 'V1__create_t.sql', 'x1', '2024-01-01T00:00:00Z'), ('{slug}', 'V02__add_note.sql', NULL, ''), \
         ('another', 'V7__x.sql', NULL, '')"
    ));
    let _ = project.charter(&["plan"]).exits(0).says("taken at its word");
    let _ = project.charter(&["check"]).exits(2).says("CH404");
    import(project, &["a"]);
    let found = project.clickhouse.admin(
        "SELECT slug, migration, id != toUUID('00000000-0000-0000-0000-000000000000') \
         FROM ops.schema_migrations_tenant WHERE charter_status = 'applied'",
    );
    assert_eq!(found, format!("{slug}\tV3__fill.sql\t1"));
}
