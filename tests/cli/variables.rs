//! Variables: `--var`, `--var-file`, `CHARTER_VAR_<name>` and defaults, and which one wins.

use insta::assert_snapshot;

use crate::harness::Project;

/// A configuration that tells its variable's value in a message.
const TELLS: &str = r#"variable "who" {
  default = "default"
  validation {
    condition     = false
    error_message = "who is ${var.who}."
  }
}
"#;

fn value(project: &Project, args: &[&str]) -> String {
    let output = project.run(&[&["validate"], args].concat());
    let (_, told) = output.stderr.split_once("who is ").unwrap_or_else(|| panic!("{output}"));
    told.lines().next().unwrap().trim_end_matches('.').to_owned()
}

#[test]
fn the_nearest_wins() {
    let project = Project::new(TELLS)
        .file("one.vars.hcl", "who = \"first file\"\n")
        .file("two.vars.hcl", "who = \"second file\"\n");
    assert_eq!(value(&project, &[]), "default");
    assert_eq!(value(&project, &["--var-file", "one.vars.hcl"]), "first file");
    let project = project.env("CHARTER_VAR_who", "environment");
    assert_eq!(value(&project, &[]), "environment");
    let files = ["--var-file", "one.vars.hcl", "--var-file", "two.vars.hcl"];
    assert_eq!(value(&project, &files), "second file");
    let all = [&files[..], &["--var", "who=argument"]].concat();
    assert_eq!(value(&project, &all), "argument");
    assert_eq!(value(&project, &["--var", "who=a", "--var", "who=a=b"]), "a=b");
}

#[test]
fn a_value_that_is_missing() {
    let project = Project::new("variable \"who\" {\n  type = string\n}\n");
    assert_snapshot!(project.run(&["validate"]), @r#"
    --- stderr
    error: variable has no value
     --> main.hcl:1:1
      |
    1 | variable "who" {
      | ^^^^^^^^^^^^^^ no default, and no value is given
      |
      = help: give it with --var who=…, in a --var-file, or as CHARTER_VAR_who
    --- exit 1
    "#);
    assert_eq!(project.run(&["validate", "--var", "who="]).code, 0, "an empty value is a value");
}

#[test]
fn a_value_of_the_wrong_type() {
    let project =
        Project::new("variable \"size\" {\n  type = number\n}\n").file("x.vars.hcl", "size = [1]\n");
    assert_snapshot!(project.run(&["validate", "--var", "size=many"]), @r#"
    --- stderr
    error: value has the wrong type
     --> <--var size>:1:1
      |
    1 | many
      | ^^^^ this is a string; a value of type number is needed
      |
     ::: main.hcl:1:1
      |
    1 | variable "size" {
      | --------------- of type number
    --- exit 1
    "#);
    assert_snapshot!(project.run(&["validate", "--var-file", "x.vars.hcl"]), @r#"
    --- stderr
    error: value has the wrong type
     --> x.vars.hcl:1:8
      |
    1 | size = [1]
      |        ^^^ this is a list; a value of type number is needed
      |
     ::: main.hcl:1:1
      |
    1 | variable "size" {
      | --------------- of type number
    --- exit 1
    "#);
}

#[test]
fn a_variable_that_is_not_declared() {
    let project =
        Project::new(TELLS).file("x.vars.hcl", "whom = \"x\"\n").env("CHARTER_VAR_other", "is ignored");
    assert_snapshot!(project.run(&["validate", "--var", "whom=me"]), @r#"
    --- stderr
    error: invalid value for a variable
     --> main.hcl:1:1
      |
    1 | variable "who" {
      | ^^^^^^^^^^^^^^ its value is "default"
    ...
    4 |     condition     = false
      |                     ----- this is false
      |
      = note: who is default.

    error: value for an unknown variable
     |
     = note: --var whom=… names no variable of this configuration.
     = help: did you mean `who`?
    --- exit 1
    "#);
    assert_snapshot!(project.run(&["validate", "--var-file", "x.vars.hcl"]), @r#"
    --- stderr
    error: invalid value for a variable
     --> main.hcl:1:1
      |
    1 | variable "who" {
      | ^^^^^^^^^^^^^^ its value is "default"
    ...
    4 |     condition     = false
      |                     ----- this is false
      |
      = note: who is default.

    warning: value for an unknown variable
     --> x.vars.hcl:1:1
      |
    1 | whom = "x"
      | ^^^^ no variable has this name
      |
      = help: did you mean `who`?
    --- exit 1
    "#);
}

#[test]
fn a_file_that_is_missing() {
    assert_snapshot!(Project::new("database \"x\" {}\n").run(&["validate", "--var-file", "prod.vars.hcl"]), @r"
    --- stderr
    error: cannot read a variable file
     |
     = note: prod.vars.hcl: no such file
     = help: paths of --var-file are relative to the folder of the configuration
    --- exit 1
    ");
}

#[test]
fn a_sensitive_value_is_not_shown() {
    let main = TELLS.replace("default = \"default\"", "sensitive = true");
    let output = Project::new(&main).run(&["validate", "--var", "who=hunter5"]);
    assert_eq!(output.code, 1);
    assert!(!output.to_string().contains("hunter5"), "{output}");
}

#[test]
fn an_argument_that_is_no_pair() {
    let project = Project::new(TELLS);
    assert_snapshot!(project.run(&["validate", "--var", "who"]), @r"
    --- stderr
    error: invalid value 'who' for '--var <NAME=VALUE>': write it as NAME=VALUE

    For more information, try '--help'.
    --- exit 64
    ");
    assert_eq!(project.run(&["validate", "--var", "=x"]).code, 64);
}
