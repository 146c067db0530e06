use serde_json::json;

use super::*;
use crate::kinds::Kind as _;
use crate::kinds::common::grants::{self, Declared, Grantee, GranteeType};
use crate::kinds::common::reads::{GRANTS, PRIVILEGES};
use crate::kinds::migrations::Migrations;
use crate::kinds::migrations::there::{self, THERE};
use crate::kinds::testing::{change, settings, span};
use crate::model::registry::Registry;
use crate::model::resource::Desired;
use crate::model::snapshot::{Caps, Row, Snapshot};
use crate::model::{Action, Digest, Resource, Rotation};

/// A file of a tenant: statements with the settings of their directives.
fn resource(tenant: &str, version: u32, statements: &[(&str, &str)]) -> Resource {
    let values = statements.iter().enumerate().map(|(at, (sql, setting))| {
        let settings = (!setting.is_empty()).then(|| ((*setting).to_owned(), Value::from("1")));
        Value::Map(BTreeMap::from([
            ("sql".to_owned(), (*sql).into()),
            ("line".to_owned(), Value::Number(f64::from(u32::try_from(at).unwrap() + 1))),
            ("token_sha256".to_owned(), "hash".into()),
            ("replay".to_owned(), "Loud".into()),
            ("settings".to_owned(), Value::Map(settings.into_iter().collect())),
        ]))
    });
    let addr = Addr::new("tenant", tenant).keyed_part("migration", &format!("schema/V{version}.sql"));
    Resource::new(addr, KIND, format!("{tenant}|schema|{version}"), span())
        .with("tenant", tenant)
        .with("folder", "schema")
        .with("path", format!("{tenant}/V{version}.sql"))
        .with("version", Value::Number(version.into()))
        .with("database", format!("tenant_{tenant}"))
        .with("user", format!("user_tenant_{tenant}"))
        .with("user_addr", format!("tenant.{tenant}.user"))
        .with("statements", Value::List(values.collect()))
}

fn rows(rows: serde_json::Value) -> Vec<Row> {
    serde_json::from_value(rows).unwrap()
}

/// Looks ahead in a world of tables, with the base grants or others for each tenant.
fn look(files: &[Resource], tables: &[(&str, &str)], privileges: &[&str]) -> Vec<String> {
    let tables = tables.iter().map(|(database, name)| json!({"database": database, "table": name})).collect();
    let catalog = include_str!("../../../../tests/data/privileges-26.9.json");
    let mut snapshot = Snapshot {
        caps: Caps { version: "26.9.1.1".into(), ..Caps::default() },
        rows: BTreeMap::from([
            (THERE, rows(tables)),
            (settings::SETTINGS, rows(json!([{"name": "flatten_nested"}, {"name": "max_threads"}]))),
            (PRIVILEGES, rows(serde_json::from_str(catalog).unwrap())),
        ]),
        ..Snapshot::default()
    };
    snapshot.rows.insert(GRANTS, Vec::new());
    let mut desired = Desired::default();
    for tenant in files.iter().map(|file| file.text("tenant")) {
        let (role, user) = (format!("role_tenant_{tenant}"), format!("user_tenant_{tenant}"));
        let declared = Declared {
            privileges: privileges.iter().map(|name| (*name).to_owned()).collect(),
            on: format!("tenant_{tenant}.*"),
            ..Declared::default()
        };
        let grantees = vec![
            Grantee { privileges: vec![declared], ..Grantee::new(role.clone(), GranteeType::Role) },
            Grantee { roles: vec![role.clone()], ..Grantee::new(user, GranteeType::User) },
        ];
        let addr = Addr::new("tenant", tenant).part("grants");
        desired.resources.insert(addr.clone(), grants::whole(addr, &role, grantees, span()));
    }
    let (settings, registry, rotation) = (settings(), Registry::default(), Rotation::default());
    let world = World {
        settings: &settings,
        snapshot: &snapshot,
        registry: &registry,
        desired: &desired,
        rotation: &rotation,
        recorded: false,
    };
    let nothing = crate::model::Attrs::new();
    let steps: Vec<Step> = files
        .iter()
        .map(|file| Step {
            id: 0,
            after: Vec::new(),
            addr: file.addr.clone(),
            kind: KIND.into(),
            identity: file.identity.clone(),
            tenant: None,
            action: Action::Create,
            before: None,
            desired: Some(file.attrs.clone()),
            diff: Vec::new(),
            ops: Migrations.lower(&change(Action::Create, file, Some(&nothing)), &world).ops,
            costs: Vec::new(),
            notes: Vec::new(),
            expects: Digest::of_json(&serde_json::Value::Null),
            cause: crate::model::Cause::default(),
        })
        .collect();
    let found = findings(&steps, &BTreeSet::new(), &world);
    let mut told: Vec<String> = found
        .iter()
        .map(|one| {
            let place = one.found.split(' ').next().unwrap_or_default();
            format!("{} {place} {} {}", one.code, one.expected, one.help.first().map_or("", String::as_str))
        })
        .collect();
    told.sort();
    told
}

const BASE: [&str; 5] = ["SELECT", "INSERT", "ALTER", "CREATE", "DROP"];

/// Returns what is found in one file of tenant `a`, which has the table `events`.
fn one(statements: &[&str], privileges: &[&str]) -> Vec<String> {
    let statements: Vec<(&str, &str)> = statements.iter().map(|sql| (*sql, "")).collect();
    look(&[resource("a", 1, &statements)], &[("tenant_a", "events"), ("tenant_b", "events")], privileges)
}

#[test]
fn what_is_there_or_made_before_is_not_missed() {
    for statements in [
        &["SELECT count() FROM events"] as &[&str],
        &[
            "CREATE TABLE t (a Int8) ENGINE = Log",
            "INSERT INTO t VALUES (1)",
            "DROP TABLE t",
            "CREATE TABLE t AS events",
        ],
        &["RENAME TABLE events TO old", "INSERT INTO old SELECT * FROM old"],
        &["CREATE TABLE t AS events", "EXCHANGE TABLES t AND events", "DROP TABLE t"],
        &["DROP TABLE IF EXISTS nothing", "DROP VIEW IF EXISTS nothing"],
        &["WITH x AS (SELECT 1 AS a) SELECT * FROM x JOIN events ON 1 = 1"],
        &["INSERT INTO events SELECT number FROM numbers(3)", "SELECT 1 FROM system.one"],
        &["CREATE MATERIALIZED VIEW v TO events AS SELECT * FROM events", "DROP VIEW v"],
    ] {
        assert_eq!(one(statements, &BASE), [] as [&str; 0], "{statements:?}");
    }
}

#[test]
fn what_is_missing_is_told_at_its_place() {
    for (statements, expected) in [
        (
            &["SELECT 1", "INSERT INTO event VALUES (1)"] as &[&str],
            "CH451 a/V1.sql:2: `tenant_a`.`event` did you mean `events`?",
        ),
        (
            &["DROP TABLE events", "INSERT INTO events VALUES (1)"],
            "CH451 a/V1.sql:2: `tenant_a`.`events` correct",
        ),
        (
            &["RENAME TABLE events TO x", "ALTER TABLE events DROP COLUMN a"],
            "CH451 a/V1.sql:2: `tenant_a`.`events`",
        ),
        (&["CREATE VIEW v AS SELECT * FROM nothing"], "CH451 a/V1.sql:1: `tenant_a`.`nothing`"),
        (&["ALTER TABLE zzz DELETE WHERE 1"], "CH451 a/V1.sql:1: `tenant_a`.`zzz`"),
    ] {
        let found = one(statements, &BASE);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{statements:?}: {found:?}");
    }
}

/// The order of blocks is not known, so what another one makes is there; that of files is.
#[test]
fn files_come_one_after_another_and_blocks_in_any_order() {
    let make = ("CREATE TABLE t (a Int8) ENGINE = Log", "");
    let take = ("INSERT INTO t VALUES (1)", "");
    assert!(look(&[resource("a", 1, &[make]), resource("a", 2, &[take])], &[], &BASE).is_empty());
    assert_eq!(look(&[resource("a", 1, &[take]), resource("a", 2, &[make])], &[], &BASE).len(), 1);
    let other = ("CREATE TABLE tenant_b.t (a Int8) ENGINE = Log", "");
    let found = look(&[resource("a", 1, &[other]), resource("b", 1, &[take])], &[], &BASE);
    assert!(found.iter().all(|line| line.starts_with("CH452 a/V1")), "{found:?}");
    // Nobody knows what an unknown statement makes.
    let unknown = ("RESTORE DATABASE x FROM Disk('backups', 'x')", "");
    let found = look(&[resource("a", 1, &[unknown, take])], &[], &BASE);
    assert!(found.len() == 1 && found[0].contains("BACKUP ON *.*"), "{found:?}");
}

#[test]
fn what_the_tenant_may_not_do_is_told() {
    for (sql, refused, refused_when_confined) in [
        ("CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a", "", ""),
        ("ALTER TABLE events ADD COLUMN a Int8, MODIFY TTL b + INTERVAL 1 DAY, UPDATE a = 1 WHERE 1", "", ""),
        ("CREATE VIEW v AS SELECT * FROM events", "", ""),
        ("DELETE FROM events WHERE 1", "", ""),
        ("TRUNCATE TABLE events", "TRUNCATE ON tenant_a.events", ""),
        ("OPTIMIZE TABLE events", "OPTIMIZE ON tenant_a.events", ""),
        ("DROP DATABASE tenant_a", "", "DROP DATABASE ON tenant_a.*"),
        ("SELECT * FROM tenant_b.events", "SELECT ON tenant_b.events", "SELECT ON tenant_b.events"),
        ("INSERT INTO tenant_b.events VALUES (1)", "INSERT ON tenant_b.events", "INSERT ON tenant_b.events"),
        ("SELECT * FROM system.users", "SHOW USERS ON *.*", "SHOW USERS ON *.*"),
        ("SELECT * FROM url('http://x', CSV, 'a Int8')", "READ ON URL", "READ ON URL"),
        (
            "GRANT SELECT ON *.* TO user_tenant_a",
            "SELECT ON *.* WITH GRANT OPTION",
            "SELECT ON *.* WITH GRANT OPTION",
        ),
        ("GRANT /* x */ role_tenant_b TO user_tenant_a", "ROLE ADMIN ON *.*", "ROLE ADMIN ON *.*"),
        ("CREATE USER x", "CREATE USER ON *.*", "CREATE USER ON *.*"),
        ("ALTER USER user_tenant_b IDENTIFIED BY 'x'", "ALTER USER ON *.*", "ALTER USER ON *.*"),
        ("CREATE FUNCTION f AS x -> x", "CREATE FUNCTION ON *.*", "CREATE FUNCTION ON *.*"),
        (
            "CREATE VIEW v SQL SECURITY NONE AS SELECT 1",
            "ALLOW SQL SECURITY NONE ON *.*",
            "ALLOW SQL SECURITY NONE ON *.*",
        ),
        (
            "CREATE VIEW v DEFINER = default SQL SECURITY DEFINER AS SELECT 1",
            "SET DEFINER ON default",
            "SET DEFINER ON default",
        ),
    ] {
        let told = |privileges: &[&str]| {
            let found = one(&[sql], privileges);
            assert!(found.len() <= 1, "{sql}: {found:?}");
            found.first().map_or(String::new(), |line| {
                let line = line.strip_prefix("CH452 a/V1.sql:1: user_tenant_a with ").unwrap_or(line);
                line.split(" a tenant's").next().unwrap_or_default().to_owned()
            })
        };
        assert_eq!(told(&BASE), refused, "{sql}");
        assert_eq!(told(&crate::kinds::common::convention::CONFINED), refused_when_confined, "{sql}");
    }
}

/// The server asks no right of a dictionary's source: of what it does not check, charter tells.
#[test]
fn a_dictionary_is_told_apart_by_its_source() {
    let make = |source: &str| {
        format!("CREATE DICTIONARY n (id UInt64) PRIMARY KEY id SOURCE({source}) LAYOUT(FLAT()) LIFETIME(0)")
    };
    assert!(one(&[&make("CLICKHOUSE(TABLE 'events' DB 'tenant_a')")], &BASE).is_empty());
    let other = one(&[&make("CLICKHOUSE(TABLE 'events' DB 'tenant_b')")], &BASE);
    assert!(
        other[0].starts_with("CH452 a/V1.sql:1: user_tenant_a with SELECT ON tenant_b.events"),
        "{other:?}"
    );
    let query = one(&[&make("CLICKHOUSE(QUERY 'SELECT * FROM tenant_b.events')")], &BASE);
    assert!(query[0].starts_with("CH452"), "{query:?}");
    for source in ["HTTP(URL 'http://x' FORMAT 'CSV')", "CLICKHOUSE(HOST 'x' TABLE 'events' DB 'tenant_a')"] {
        let found = one(&[&make(source)], &BASE);
        assert!(found.len() == 1 && found[0].starts_with("CH455"), "{source}: {found:?}");
    }
    let confined = one(&[&make("NULL()")], &crate::kinds::common::convention::CONFINED);
    assert!(confined[0].contains("CREATE DICTIONARY ON tenant_a.n"), "{confined:?}");
}

#[test]
fn settings_are_those_of_the_server() {
    let file = |setting: &str| resource("a", 1, &[("CREATE TABLE t (a Int8) ENGINE = Log", setting)]);
    assert!(look(&[file("flatten_nested")], &[], &BASE).is_empty());
    let found = look(&[file("flaten_nested")], &[], &BASE);
    assert_eq!(found, ["CH454 a/V1.sql:1: a setting of this server did you mean flatten_nested?"]);
    let found = look(&[file("SQL_own")], &[], &BASE);
    assert!(found[0].contains("prefixes"), "{found:?}");
}

#[test]
fn few_databases_are_read_whole_and_many_by_name() {
    for (count, by_name) in [(2, false), (20, true)] {
        let files: Vec<Resource> = (0..count)
            .map(|number| {
                let file = resource(&format!("t{number}"), 1, &[("INSERT INTO t VALUES (1)", "")]);
                file.with("database", format!("tenant_t{number}").as_str())
            })
            .collect();
        let files: Vec<&Resource> = files.iter().collect();
        let reads = there::reads(&files, &Snapshot::default());
        let [Read::Sql { statement, .. }] = &reads[..] else { panic!("nothing is read") };
        assert_eq!(statement.contains("AND name IN ('t')"), by_name, "{statement}");
        assert_eq!(statement.matches("'tenant_t").count(), count, "{statement}");
    }
}
