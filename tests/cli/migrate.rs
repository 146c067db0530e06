//! `charter migrate new`: it needs no server.

use insta::assert_snapshot;

use crate::harness::Project;

const CONFIGURATION: &str =
    "kubernetes {\n  manifests = \"out\"\n}\nmigrations \"global\" {}\ntenant \"acme\" {}\n";

fn project() -> Project {
    Project::new(CONFIGURATION)
        .file("migrations/development/global/V0010__a.sql", "SELECT 1")
        .file("migrations/development/global/V0020__b.sql", "SELECT 1")
        .file("migrations/development/tenants/acme/bootstrap/V1000__create_tenant_database.sql", "SELECT 1")
}

#[test]
fn new_goes_on_in_the_manner_of_the_folder() {
    let project = project();
    assert_snapshot!(project.run(&["migrate", "new", "migrations.global", "add audit"]), @r"
    migrations/development/global/V0030__add_audit.sql
    --- exit 0
    ");
    // The bootstrap folder has files and is no place for schema: the conventional one is made.
    assert_snapshot!(project.run(&["migrate", "new", "acme", "events"]), @r"
    migrations/development/tenants/acme/schema/V1000__events.sql
    --- exit 0
    ");
    assert_snapshot!(project.run(&["migrate", "new", "tenant.acme", "more"]), @r"
    migrations/development/tenants/acme/schema/V1001__more.sql
    --- exit 0
    ");
    let text =
        std::fs::read_to_string(project.path().join("migrations/development/global/V0030__add_audit.sql"))
            .unwrap();
    assert!(text.starts_with("-- V0030: add audit\n") && text.contains("charter:settings"), "{text}");
    // What it wrote is a migration that the configuration reads.
    assert_eq!(project.run(&["validate"]).code, 0);
}

#[test]
fn new_asks_which_folder_is_meant_and_corrects_names() {
    let project = project().file("migrations/development/tenants/acme/schema/V1__a.sql", "SELECT 1");
    assert_snapshot!(project.run(&["migrate", "new", "add"]), @r"
    --- stderr
    error: which folder is meant?
     |
     = note: migrations/development/global
             migrations/development/tenants/acme/schema
     = help: say it: charter migrate new migrations/development/global NAME
    --- exit 1
    ");
    for (place, name, code, told) in [
        ("acm", "add", 1, "did you mean acme?"),
        ("acme", "../add", 1, "cannot be a part of a file's name"),
        ("nowhere/yet", "add", 0, "nothing reads this folder yet"),
    ] {
        let output = project.run(&["migrate", "new", place, name]);
        assert_eq!(output.code, code, "{output}");
        assert!(output.stderr.contains(told), "{output}");
    }
}
