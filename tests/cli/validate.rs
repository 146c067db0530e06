//! `charter validate`, which needs no server.

use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::harness::Project;

const ONE_PROBLEM: &str = "role \"analyst\" {}\n\nrole \"reader\" {\n  roles = [role.analist]\n}\n";

#[test]
fn a_good_configuration() {
    let project = Project::new("role \"analyst\" {}\ndatabase \"reporting\" {}\n");
    assert_snapshot!(project.run(&["validate"]), @r"
    The configuration is valid: 3 resources.
    --- exit 0
    ");
}

#[test]
fn all_files_of_the_folder_are_read() {
    let project = Project::new("role \"analyst\" {}\n")
        .file("more.hcl", "database \"reporting\" {}\n")
        .file("prod.vars.hcl", "not a configuration\n")
        .file("x.test.hcl", "not a configuration\n")
        .file(".hidden.hcl", "not a configuration\n")
        .file("below/other.hcl", "not a configuration\n");
    assert_snapshot!(project.run(&["validate"]), @r"
    The configuration is valid: 3 resources.
    --- exit 0
    ");
}

#[test]
fn the_configuration_of_another_folder() {
    let project = Project::empty().file("live/main.hcl", "database \"reporting\" {\n  coment = 1\n}\n");
    assert_snapshot!(project.run(&["-C", "live", "validate"]), @r"
    --- stderr
    error: unknown attribute
     --> main.hcl:2:3
      |
    2 |   coment = 1
      |   ^^^^^^ `database` has no such attribute
      |
      = help: did you mean `comment`?
    --- exit 1
    ");
    assert_eq!(project.run(&["validate", "--chdir", "live/../live"]).code, 1);
    assert_snapshot!(project.run(&["-C", "nowhere", "validate"]), @r"
    --- stderr
    error: no configuration
     |
     = note: nowhere does not exist.
     = help: `-C DIR` chooses the folder of the configuration
    --- exit 1
    ");
    assert_snapshot!(project.run(&["-C", "live/main.hcl", "validate"]), @r"
    --- stderr
    error: no configuration
     |
     = note: live/main.hcl is not a folder.
     = help: `-C DIR` chooses the folder of the configuration
    --- exit 1
    ");
}

#[test]
fn no_configuration() {
    assert_snapshot!(Project::empty().run(&["validate"]), @r"
    --- stderr
    error: no configuration
     |
     = note: There is no .hcl file in the folder.
     = help: write one: `charter --help` shows the smallest configuration
     = help: `-C DIR` chooses another folder
    --- exit 1
    ");
}

#[test]
fn a_warning_is_no_error() {
    let project = Project::new("database \"reporting\" {}\n")
        .file("migrations/development/tenants/initech/schema/V1__t.sql", "SELECT 1;\n");
    assert_snapshot!(project.run(&["validate"]), @r#"
    The configuration is valid: 1 resource.
    --- stderr
    warning: a tenant's folder without a tenant
     |
     = note: migrations/development/tenants/initech does nothing: no tenant block declares "initech".
     = help: declare it: tenant "initech" {}
    --- exit 0
    "#);
}

#[test]
fn paths_below_the_folder_are_relative_to_it() {
    let main = "migrations \"global\" {\n  path = \"sql\"\n}\n";
    let project = Project::empty().file("live/main.hcl", main).file("live/sql/V1__broken.sql", "SELECT 'x\n");
    assert_snapshot!(project.run(&["-C", "live", "validate"]), @r"
    --- stderr
    error: a migration cannot be run as it is
     --> sql/V1__broken.sql:1:8
      |
    1 | SELECT 'x
      |        ^ string opened by ' on line 1 is not closed
    --- exit 1
    ");
}

#[test]
fn problems_as_json_lines() {
    let output = Project::new(ONE_PROBLEM).run(&["validate", "--json"]);
    assert_eq!((output.code, output.stderr.as_str()), (1, ""));
    let mut lines: Vec<Json> =
        output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<&Json> = lines.iter().map(|line| &line["type"]).collect();
    assert_eq!(types, ["version", "diagnostic", "exit"], "{output}");
    assert_eq!(lines[2]["exit"]["code"], 1);
    let time = lines[1]["@timestamp"].as_str().unwrap();
    assert!(time.ends_with('Z') && time.contains('T'), "{time}");
    lines[1]["@timestamp"] = "<time>".into();
    insta::assert_json_snapshot!(lines[1], @r#"
    {
      "@level": "error",
      "@message": "unknown resource",
      "@module": "charter.ui",
      "@timestamp": "<time>",
      "diagnostic": {
        "detail": "",
        "help": [
          "did you mean `role.analyst`?"
        ],
        "labels": [
          {
            "code": "analist",
            "end": {
              "byte": 58,
              "column": 24,
              "line": 4
            },
            "filename": "main.hcl",
            "start": {
              "byte": 51,
              "column": 17,
              "line": 4
            },
            "text": "no `role` block has this label"
          }
        ],
        "range": {
          "code": "analist",
          "end": {
            "byte": 58,
            "column": 24,
            "line": 4
          },
          "filename": "main.hcl",
          "start": {
            "byte": 51,
            "column": 17,
            "line": 4
          },
          "text": "no `role` block has this label"
        },
        "severity": "error",
        "summary": "unknown resource"
      },
      "type": "diagnostic"
    }
    "#);
}

#[test]
fn a_good_configuration_as_json_lines() {
    let output = Project::new("database \"reporting\" {}\n").run(&["validate", "--json"]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    for line in output.stdout.lines() {
        let line: Json = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["@message"].is_string(), "{line}");
    }
    assert!(output.stdout.contains("The configuration is valid: 1 resource."), "{output}");
}
