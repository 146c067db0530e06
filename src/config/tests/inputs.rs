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
