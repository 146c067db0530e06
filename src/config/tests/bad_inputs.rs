//! Settings, variables, the environment and files: what is told of mistakes in them.

use super::toys::{Memory, brief, brief_of, kinds, problems, run};
use crate::config::{Input, compile};

#[test]
fn the_environment_is_read_where_it_cannot_leak() {
    let text = r#"
variable "a" {
  default = env("A_IS_NOT_SET")
}
variable "b" {
  default = env("B", "b")
}
clickhouse {
  password = env("C_IS_NOT_SET")
}
charter {
  environment = var.b
  scope       = env("SCOPE", "x")
}
database "d" {
  comment = env("HOME")
  name    = upper(var.b)
}
user "u" {
  hosts = [var.b]
  limit = var.b
}
secret "s" {
  owner = var.b
  extra = { x = var.b }
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    3:13 function call fails | env("A_IS_NOT_SET"): the environment variable A_IS_NOT_SET is not set | help: set A_IS_NOT_SET, or give a default: env("A_IS_NOT_SET", "…")
    9:14 function call fails | env("C_IS_NOT_SET"): the environment variable C_IS_NOT_SET is not set | help: set C_IS_NOT_SET, or give a default: env("C_IS_NOT_SET", "…")
    12:17 sensitive value in a place that shows it | var.b: this is sensitive | help: use a value that is not marked sensitive
    13:17 env() cannot be used here | env: reads the environment of whoever runs charter | help: use it in the `clickhouse` and `kubernetes` blocks, or set a variable by CHARTER_VAR_<name>
    16:13 env() cannot be used here | env: reads the environment of whoever runs charter | help: use it in the `clickhouse` and `kubernetes` blocks, or set a variable by CHARTER_VAR_<name>
    17:13 sensitive value in a place that shows it | upper(var.b): this is sensitive | help: use a value that is not marked sensitive
    20:11 sensitive value in a place that shows it | [var.b]: this is sensitive | help: use a value that is not marked sensitive
    21:11 value has the wrong type | var.b: this is a string; a number is needed
    24:11 sensitive value in a place that shows it | var.b: this is sensitive | help: use a value that is not marked sensitive
    25:11 sensitive value in a place that shows it | { x = var.b }: this is sensitive | help: use a value that is not marked sensitive
    "#);
}

#[test]
fn settings_are_checked() {
    let text = r#"
charter {
  required_version = ">= 99"
  scope            = "Not A Slug"
  environment      = "a/b"
}
clickhouse {
  url       = "http://me:secret@host:8123"
  timeout   = "soon"
  cert_file = "a.pem"
  settings  = { x = [] }
  usr       = "x"
}
kubernetes {
  context   = "a"
  manifests = "out"
  namespace = "A"
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    3:22 wrong version of charter | ">= 99": this is charter 0.1.0 | help: install a version that meets the constraint
    4:22 scope is not a name | "Not A Slug": it begins with 'N', not with a small letter | help: a scope is a small letter, then small letters, digits, _ and -
    5:22 environment is not the name of a folder | "a/b": it holds '/'; allowed are letters, digits, '.', '_' and '-'
    7:1 ClickHouse URL cannot be used | clickhouse: its `url`: it holds credentials, which would end up in logs | help: move them to `user` and `password`, as in password = env("CLICKHOUSE_PASSWORD")
    7:1 client certificate is incomplete | clickhouse: `cert_file` and `key_file` belong together | help: give both, or neither
    9:15 timeout is not a duration | "soon": between a millisecond and a day is needed | help: write "30s", "5m", or a number of seconds
    11:15 value has the wrong type | { x = [] }: "x" is not a string, number or bool
    12:3 unknown attribute | usr: `clickhouse` has no such attribute | help: did you mean `user`?
    14:1 more than one Kubernetes target | kubernetes: one is needed | "a": `context` is one | "out": `manifests` is one | help: keep one of them
    17:15 namespace is not a DNS-1123 label | "A": it begins with 'A', not with a small letter or a digit | help: `kubectl get namespaces` lists those that exist
    "#);
    insta::assert_snapshot!(brief("kubernetes {}\n"), @"1:1 no Kubernetes cluster is named | kubernetes: which cluster is it? | help: set `context`, `kubeconfig`, `in_cluster = true` or `manifests`");
}

#[test]
fn settings_cannot_depend_on_resources() {
    let text = r#"
charter { scope = database.d.name }
clickhouse { cluster = local.x }
locals { x = local.y }
locals { y = database.d.name }
database "d" {}
"#;
    insta::assert_snapshot!(brief(text), @r"
    2:19 settings cannot depend on a resource | database.d: a resource | help: use variables and locals here
    3:24 settings cannot depend on a resource | local.x: comes from `database.d` | help: use variables and locals here
    ");
}

#[test]
fn variables_are_checked() {
    let text = r#"
variable "missing" {}
variable "typed" {
  type    = number
  default = "x"
}
variable "wrong" { type = strng }
variable "quoted" { type = "string" }
variable "valid" {
  default = "x"
  validation {
    condition     = var.valid == "y"
    error_message = "valid is y."
  }
}
variable "refers" {
  default = var.valid
  validation {
    condition     = var.typed == 1
    error_message = ""
  }
}
variable "unknown" {
  default  = 1
  nullible = true
  validation {}
}
variable "null" {
  default  = null
  nullable = false
}
variable "object" {
  type    = object({ a = number, b = list(string) })
  default = { a = 1, b = ["x", ["y"]] }
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    2:1 variable has no value | variable "missing": no default, and no value is given | help: give it with --var missing=…, in a --var-file, or as CHARTER_VAR_missing
    5:13 value has the wrong type | "x": this is a string; a value of type number is needed | variable "typed": of type number
    7:27 unknown type | strng: no type has this name | help: did you mean `string`?
    8:28 unknown type | "string": a type is not a text | help: write it without quotes: type = string
    9:1 invalid value for a variable | variable "valid": its value is "x" | var.valid == "y": this is false
    17:13 reference in the default of a variable | var.valid: defaults can call functions only | help: make it a local: locals can refer to variables
    19:21 reference to something else in a validation | var.typed: a validation knows its own variable only | help: the value to check is `var.refers`
    25:3 unknown attribute | nullible: `variable` has no such attribute | help: did you mean `nullable`?
    26:3 missing attribute | validation: `condition` is required | help: add `condition = …`
    26:3 missing attribute | validation: `error_message` is required | help: add `error_message = …`
    28:1 variable must not be null | variable "null": its value is null | help: give it a value, or remove `nullable = false`
    34:32 value has the wrong type | ["y"]: this is a list; a value of type string is needed | variable "object": of type object
    "#);
}

#[test]
fn given_values_are_checked() {
    let text = "variable \"n\" { type = number }\nvariable \"l\" { type = list(string) }\nvariable \"m\" { type = map(bool) }\n";
    let var = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let input = Input {
        vars: vec![var("l", "[a]"), var("nn", "1"), var("m", "{ a = 5 ")],
        var_files: vec!["a.vars.hcl".into(), "none.vars.hcl".into()],
        env: [("CHARTER_VAR_n".to_owned(), "five".to_owned())].into(),
        ..Input::default()
    };
    let file = ("a.vars.hcl", "x = 1\nm = { a = 5 }\nblock {}\n");
    let compiled = run(&[("main.hcl", text), file], &input);
    insta::assert_snapshot!(brief_of(&compiled), @r#"
    1:1 value for an unknown variable | x: no variable has this name | help: declare it: variable "x" {}
    3:1 block in a variable file | block: only `name = value` stands here
    1:2 value is not constant | a: a given value is known without evaluation | help: a text stands in double quotes: "a"
    1:7 syntax error | 5: unexpected token | variable "m": of type map(bool) | help: texts inside of lists and maps are quoted: '["a", "b"]'
    1:1 value has the wrong type | five: this is a string; a value of type number is needed | variable "n": of type number
    cannot read a variable file | help: paths of --var-file are relative to the folder of the configuration
    value for an unknown variable | help: did you mean `n`?
    "#);
}

#[test]
fn sensitive_values_are_never_drawn() {
    let text = r#"
variable "a" {
  type      = number
  sensitive = true
}
variable "b" {
  type      = list(number)
  sensitive = true
}
variable "c" {
  sensitive = true
  validation {
    condition     = var.c == "x"
    error_message = "got ${var.c}"
  }
}
variable "d" {
  type      = number
  sensitive = true
}
variable "e" {
  sensitive = true
}
variable "s" {
  sensitive = true
}
locals {
  f = regex("x", var.s)
  g = { a = 1 }[var.s]
  h = 1 + var.s
  i = jsondecode(var.s)
  j = format(var.s, 1)
  k = file(var.s)
  l = replace("a", "/(${var.s}/", "")
}
"#;
    let var = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let input = Input {
        vars: vec![var("a", "hunter2"), var("b", "[\"hunter2\"]"), var("c", "hunter2"), var("s", "hunter2")],
        var_files: vec!["x.vars.hcl".into()],
        ..Input::default()
    };
    let file = ("x.vars.hcl", "d = \"hunter2\"\ne = hunter2\n");
    let compiled = run(&[("main.hcl", text), file], &input);
    let shown = problems(&compiled);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(compiled.diags.len() >= 8, "{shown}");
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let bytes = b"role \"a\" {\n  comment = \"\xff\"\n}\n".to_vec();
    let other = b"user \"u\" {\n  roles = [role.a]\n}\n".to_vec();
    let files = Memory([("a.hcl".to_owned(), bytes), ("b.hcl".to_owned(), other)].into());
    let compiled = compile(&files, &Input::default(), &kinds());
    insta::assert_snapshot!(problems(&compiled), @r"
    error: file is not UTF-8
     |
     = note: a.hcl, line 2, byte 24 of the file.
     = help: save it as UTF-8
    ");
    let empty = compile(&Memory::default(), &Input::default(), &kinds());
    insta::assert_snapshot!(problems(&empty), @r"
    error: no configuration
     |
     = note: There is no such folder.
     = help: `-C DIR` chooses a folder
    ");
}
