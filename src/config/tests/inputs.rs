//! What a configuration was made of.

use super::toys::run;
use crate::config::Input;
use crate::model::Secret;

#[test]
fn files_and_values_are_remembered_and_secrets_kept_apart() {
    let text = r#"
        variable "plain" { default = ["a", 1] }
        variable "hidden" {
          default   = { password = "hunter5" }
          sensitive = true
        }
        locals { text = file("note.txt") }
    "#;
    let input = Input { var_files: vec!["x.vars.hcl".into()], ..Input::default() };
    let files = [("main.hcl", text), ("note.txt", "x"), ("x.vars.hcl", ""), ("other.txt", "")];
    let inputs = run(&files, &input).inputs;
    assert_eq!(inputs.files.iter().collect::<Vec<_>>(), ["main.hcl", "note.txt"]);
    assert_eq!(serde_json::json!(inputs.variables).to_string(), r#"{"hidden":null,"plain":["a","1"]}"#);
    assert_eq!(inputs.secrets, [Secret::new("hunter5")]);
    assert!(!format!("{inputs:?}").contains("hunter5"));
}

#[test]
fn files_in_which_a_sensitive_variable_is_written_are_known() {
    let main = r#"
        variable "a" {
          default   = "pa$${ss"
          sensitive = true
        }
    "#;
    let other = r#"
        variable "b" { sensitive = true }
        variable "c" {
          default   = null
          sensitive = true
        }
        variable "plain" { default = "hunter5" }
    "#;
    let paths = ["x.vars.hcl", "y.vars.hcl", "z.vars.hcl"];
    let input = Input { var_files: paths.map(str::to_owned).into(), ..Input::default() };
    // The value of the first does not count, and is one all the same.
    let given = ["b = \"one\"", "b = \"two\"", "plain = \"three\""];
    let files = [("main.hcl", main), ("other.hcl", other), (paths[0], given[0]), (paths[1], given[1])];
    let files = [files.as_slice(), &[(paths[2], given[2])]].concat();
    let inputs = run(&files, &input).inputs;
    assert_eq!(inputs.secret_files.iter().collect::<Vec<_>>(), ["main.hcl", paths[0], paths[1]]);
}
