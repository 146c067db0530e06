//! Removal: a tenant goes with its data or without, asked for in so many words, and nothing else does.

use std::path::Path;

use super::{NEWEST, examples};
use crate::Scenario;
use crate::command;
use crate::project::{Project, secret_name};
use crate::servers;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "a_removed_tenant_goes_and_nothing_else",
            cluster: true,
            engines: NEWEST,
            run: removed,
        },
        Scenario {
            name: "a_removal_killed_at_any_operation_is_completed",
            cluster: false,
            engines: NEWEST,
            run: killed,
        },
        Scenario { name: "the_example_of_removal_works", cluster: false, engines: NEWEST, run: example },
    ]
}

const TABLE: &str = "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id;\n\
                     INSERT INTO t SELECT number FROM numbers(1000);\n";

/// What an apply refuses and does without its flag, and what is there afterwards.
fn removed(project: &mut Project) {
    let tenants: String = ["gone", "kept", "other"]
        .iter()
        .map(|name| format!("tenant \"@_{name}\" {{\n  superset {{}}\n}}\n"))
        .collect();
    // A database of its own, and what runs in it.
    let own = "database \"@_own\" {}\nmigrations \"own\" {\n  path     = \"own\"\n  database = database.@_own.name\n}\n";
    let tenants = format!("{tenants}{own}");
    project.write("tenants.hcl", &tenants);
    project.write("own/V1__t.sql", TABLE);
    for name in ["gone", "kept", "other"] {
        project.schema(name, "V1__t.sql", TABLE);
    }
    let _ = project.apply();
    let passwords = ["gone", "kept", "other"].map(|name| project.password(&project.name(name)));
    // No migrations folder may stay for a tenant that is gone: it would be warned of.
    let blocks = "tenant \"@_other\" {\n  superset {}\n}\n\
                  removed {\n  from      = tenant.@_gone\n  data_loss = \"allow\"\n}\n\
                  removed {\n  from      = database.@_own\n  data_loss = \"allow\"\n}\n\
                  removed {\n  from = migrations.own\n}\n\
                  removed {\n  from = tenant.@_kept\n}\n";
    project.write("tenants.hcl", blocks);
    let plan = project.charter(&["plan", "--sql"]).exits(0);
    let plan = plan.says("Needs --allow-data-loss").says("1 table, 1000 rows").says("CH151");
    let json: serde_json::Value =
        serde_json::from_str(&project.charter(&["plan", "--format", "json"]).exits(0).stdout).unwrap();
    for object in [0, 1] {
        let stake = &json["gates"][0]["objects"][object]["stake"];
        assert_eq!((&stake["rows"], &stake["tables"]), (&1000.into(), &1.into()), "{json:#}");
    }

    let before = everything(project);
    let refused = project.charter(&["apply", "--auto-approve"]).exits(7);
    assert!(refused.stderr.contains("--allow-data-loss"), "{}", refused.stderr);
    assert!(refused.stderr.contains(&format!("database tenant_{}", project.name("gone"))));
    let _ = project.charter(&["apply", "--auto-approve", "--allow-mass-removal"]).exits(7);
    assert_eq!(everything(project), before, "nothing was written");

    let applied = project.charter(&["apply", "--auto-approve", "--allow-data-loss"]).exits(0);
    assert_eq!(objects(project, "gone"), [0, 0, 0, 0, 0], "database, user, role, Secret, SupersetTenant");
    assert_eq!(objects(project, "kept"), [1, 0, 0, 0, 0]);
    assert_eq!(objects(project, "other"), [1, 1, 1, 1, 1]);
    for name in ["kept", "other"] {
        let count = format!("SELECT count() FROM tenant_{}.t", project.name(name));
        assert_eq!(project.clickhouse.admin(&count), "1000");
    }
    let again = project.charter(&["plan", "--detailed-exitcode"]).exits(0).says("CH151");
    let again = again.says("Nothing to apply").never_says("CH150");

    // What was removed begins anew; what kept its data goes on.
    project.write("tenants.hcl", &tenants);
    let anew = project.charter(&["apply", "--auto-approve"]).exits(0);
    let _ = project.charter(&["plan", "--detailed-exitcode"]).exits(0).says("No changes.");
    let _ = project.charter(&["check"]).exits(0);
    let count = format!("SELECT count() FROM {}.t", project.name("own"));
    assert_eq!(project.clickhouse.admin(&count), "1000", "its file ran again");
    for name in ["gone", "kept"] {
        assert_eq!(project.as_tenant(name, "SELECT count() FROM t").body.trim(), "1000", "{name}");
        assert!(!passwords.contains(&project.password(&project.name(name))), "{name}: a new password");
    }
    let history = |name: &str| {
        let events = "ops.charter_migration_events WHERE statement = 2 AND status = 'applied'";
        project
            .clickhouse
            .admin(&format!("SELECT count() FROM {events} AND tenant = '{}'", project.name(name)))
    };
    assert_eq!((history("gone"), history("kept")), ("2".into(), "1".into()), "both lives can be read");
    let all = [plan, refused, applied, again, anew].map(|output| output.all()).concat();
    assert!(passwords.iter().all(|password| !all.contains(password)));
}

/// Counts what a tenant has: database, user, role, Secret, SupersetTenant.
fn objects(project: &Project, name: &str) -> [usize; 5] {
    let slug = project.name(name);
    let count = |table: &str, name: String| {
        let statement = format!("SELECT count() FROM system.{table} WHERE name = '{name}'");
        project.clickhouse.admin(&statement).parse().unwrap()
    };
    let there = |kind: &str, name: &str| usize::from(project.cluster().get(kind, name).is_some());
    [
        count("databases", format!("tenant_{slug}")),
        count("users", format!("user_tenant_{slug}")),
        count("roles", format!("role_tenant_{slug}")),
        there("Secret", &secret_name(&slug)),
        there("SupersetTenant", &slug.replace('_', "-")),
    ]
}

/// Returns what an apply would have written: rows of this scope in `ops`, and what the tenants have.
fn everything(project: &Project) -> (Vec<String>, Vec<[usize; 5]>) {
    let tables = ["charter_resources", "charter_runs", "charter_steps", "charter_migration_events"];
    let count = |table: &str| format!("SELECT count() FROM ops.{table} WHERE scope = '{}'", project.prefix);
    let rows = tables.iter().map(|table| project.clickhouse.admin(&count(table))).collect();
    (rows, ["gone", "kept", "other"].iter().map(|name| objects(project, name)).collect())
}

/// The points at which a removal of a tenant is killed: a part of it, and how many operations that has.
const PARTS: [(&str, usize); 5] = [("database", 5), ("user", 3), ("secret", 3), ("grants", 1), ("role", 3)];

/// One tenant for every operation of a removal: all are removed by one run, which is killed at each.
fn killed(project: &mut Project) {
    let points: Vec<String> = PARTS
        .iter()
        .flat_map(|(part, ops)| {
            let before = (1..=*ops).map(move |n| format!("operation:{n}@{part}"));
            before.chain([format!("done:1@{part}")])
        })
        .collect();
    let names: Vec<String> = (0..points.len()).map(|index| project.name(&format!("k{index}"))).collect();
    let listed = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        format!(
            "tenant \"listed\" {{\n  for_each = toset([{}])\n  slug     = each.key\n}}\n",
            names.join(", ")
        )
    };
    let stays = "tenant \"@_stays\" {}\n";
    project.write("tenants.hcl", &format!("{stays}{}", listed(&names)));
    let _ = project.apply();

    project.write(
        "tenants.hcl",
        &format!("{stays}removed {{\n  from      = tenant.listed\n  data_loss = \"allow\"\n}}\n"),
    );
    let failpoints = points.iter().zip(&names).map(|(point, name)| {
        let (point, part) = point.split_once('@').unwrap();
        format!("{point}@tenant.listed[\"{name}\"].{part}")
    });
    let mut env = project.env.clone();
    env.push(("CHARTER_FAILPOINTS".into(), failpoints.collect::<Vec<_>>().join("\n")));
    let args = ["apply", "--auto-approve", "--allow-data-loss", "--allow-mass-removal"];
    let refused = project.charter(&args[..3]).exits(7);
    assert!(refused.stderr.contains("--allow-mass-removal"), "{}", refused.stderr);
    let killed = command::charter(project.path(), &env, &[&args[..], &["--parallelism", "60"]].concat());
    assert_eq!(killed.code, -1, "it ends by a signal\n{}", killed.all());
    let _ = project.charter(&["unlock", "--force"]).exits(0);

    // Without its block the plan tells of what is half gone, and leaves it alone.
    project.write("tenants.hcl", stays);
    let _ = project.charter(&["plan"]).exits(0).says("CH153").says("0 to change, 0 to destroy");
    project.write(
        "tenants.hcl",
        &format!("{stays}removed {{\n  from      = tenant.listed\n  data_loss = \"allow\"\n}}\n"),
    );
    let _ = project.charter(&args).exits(0);
    project.unchanged();
    let left = |table: &str| {
        let like = format!("name LIKE '%{}_k%'", project.prefix);
        project.clickhouse.admin(&format!("SELECT count() FROM system.{table} WHERE {like}"))
    };
    assert_eq!(["databases", "users", "roles"].map(left), ["0", "0", "0"]);
    let manifests = std::fs::read_dir(project.file("out/manifests/operations")).unwrap();
    let manifests: Vec<_> = manifests.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(manifests.len(), 1, "{manifests:?}");
    assert_eq!(project.as_tenant("stays", "SELECT 1").body.trim(), "1");
}

/// The example is what somebody would do: first `before`, then `after`.
fn example(project: &mut Project) {
    let root = servers::root().join("examples/removal");
    project.remove("charter.hcl");
    let copy = |folder: &str| {
        let folder: &Path = &root.join(folder);
        examples::copy(folder, folder, project);
    };
    copy("before");
    let _ = project.apply();
    copy("after");
    let _ = project.charter(&["plan"]).exits(0).says("Needs --allow-data-loss").says("2 to forget");
    let _ = project.charter(&["apply", "--auto-approve"]).exits(7);
    // A table that came since is a reason to look again; more rows of one are none.
    let table = format!("tenant_{}.t", project.name("globex"));
    project.clickhouse.admin(&format!("CREATE TABLE {table} (id UInt64) ENGINE = MergeTree ORDER BY id"));
    let _ = project.charter(&["plan", "-o", "old.plan"]).exits(0);
    project.clickhouse.admin(&format!("CREATE TABLE {table}2 AS {table}"));
    let apply =
        |plan: &str, flags: &[&str]| project.charter(&[&["apply", plan, "--auto-approve"], flags].concat());
    let _ = apply("old.plan", &["--allow-data-loss"]).exits(4).warns("when planned");
    let _ = project.charter(&["plan", "-o", "new.plan"]).exits(0).says("2 tables, 0 rows");
    let _ = project.charter(&["show", "new.plan"]).exits(0).says("Needs --allow-data-loss");
    project.clickhouse.admin(&format!("INSERT INTO {table} VALUES (1)"));
    let _ = apply("new.plan", &[]).exits(7).warns("--allow-data-loss");
    let _ = apply("new.plan", &["--allow-data-loss"]).exits(0);
    let _ = project.charter(&["plan", "--detailed-exitcode"]).exits(0).says("CH151");
    let there = |table: &str, name: &str| {
        let name = project.name(name);
        project
            .clickhouse
            .admin(&format!("SELECT count() FROM system.{table} WHERE endsWith(name, '{name}')"))
    };
    assert_eq!(["acme", "globex", "initech"].map(|name| there("databases", name)), ["1", "0", "1"]);
    assert_eq!(["acme", "globex", "initech"].map(|name| there("users", name)), ["1", "0", "0"]);
    assert_eq!(there("roles", "audit"), "1", "it was forgotten, and is still there");
}
