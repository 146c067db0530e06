//! Configurations with problems, and what is told of them.

use super::toys::{brief, brief_of, problems, run, told};
use crate::config::Input;

#[test]
fn a_problem_has_place_reason_and_remedy() {
    insta::assert_snapshot!(told("user \"u\" {\n  roles = [role.analist]\n}\nrole \"analyst\" {}\n"), @r"
    error: unknown resource
     --> main.hcl:2:17
      |
    2 |   roles = [role.analist]
      |                 ^^^^^^^ no `role` block has this label
      |
      = help: did you mean `role.analyst`?
    ");
}

#[test]
fn unknown_names_are_told_with_the_nearest() {
    let text = r#"
rol "a" {}
role "b" {
  coment = "x"
  grnt {}
  grant = []
}
user "c" {
  name  = uper(var.nme)
  roles = [role.bb, role.b.nme, rle.b]
  credentials = {}
}
variable "name" { default = "" }
locals {
  production = 1
  x = production
  y = nothing
  z = local.produktion
  w = each.key
  v = charter.presets.confind
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    2:1 unknown block | rol: no block of this type exists | help: did you mean `role`?
    4:3 unknown attribute | coment: `role` has no such attribute | help: did you mean `comment`?
    5:3 unknown nested block | grnt: no block of this type stands here | help: did you mean `grant`?
    6:3 unknown attribute | grant: `role` has no such attribute | help: it is a block: write `grant { … }`, without `=`
    9:11 unknown function | uper: no function has this name | help: did you mean `upper`?
    9:20 unknown variable | nme: no variable has this name | help: did you mean `var.name`?
    10:17 unknown resource | bb: no `role` block has this label | help: did you mean `role.b`?
    10:28 unknown attribute of a resource | nme: a role has no such attribute to refer to | help: did you mean `name`?
    10:33 unknown name | rle: nothing has this name | help: did you mean `role`?
    11:3 unknown attribute | credentials: `user` has no such attribute | help: it is a block: write `credentials { … }`, without `=`
    16:7 unknown name | production: nothing has this name | help: the local is `local.production`
    17:7 unknown name | nothing: nothing has this name | help: a text stands in double quotes: "nothing"
    18:13 unknown local | produktion: no local has this name | help: did you mean `local.production`?
    19:7 each outside of a block with for_each | each.key: nothing is repeated here | help: `each` is known in blocks that have a `for_each` argument
    20:23 unknown preset | confind: no preset has this name | help: did you mean `charter.presets.confined`?
    "#);
}

#[test]
fn types_are_checked_at_the_element() {
    let text = r#"
database "d" {}
role "r" {}
role "many" {
  for_each = toset(["a"])
}
user "u" {
  limit  = "many"
  locked = 1
  hosts  = ["a", ["b"], null]
  roles  = [role.r, database.d]
  name   = role.r
}
user "v" {
  hosts = "a"
  roles = [role.many]
  name  = { a = 1 }
}
locals {
  hosts = ["a", ["b"]]
}
user "w" {
  hosts = local.hosts
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    8:12 value has the wrong type | "many": this is a string; a number is needed
    9:12 value has the wrong type | 1: this is a number; a bool is needed
    10:18 value has the wrong type | ["b"]: this is a list; a string is needed
    10:25 value has the wrong type | null: an element is null
    11:21 value has the wrong type | database.d: this is a database; a role is needed
    12:12 value has the wrong type | role.r: this is the role itself; a string is needed | help: its name is `role.r.name`
    15:11 value has the wrong type | "a": this is a string; a list(string) is needed | help: a list of one is written in brackets: [ … ]
    16:12 value has the wrong type | role.many: this is a map of instances; a role is needed | help: choose an instance with ["key"]
    17:11 value has the wrong type | { a = 1 }: this is a map; a string is needed
    23:11 value has the wrong type | local.hosts: element [1]: this is a list; a string is needed
    "#);
}

#[test]
fn problems_inside_of_expressions_are_told_at_their_place() {
    let text = r#"
role "r" {}
locals {
  a = 10 + "x"
  b = [1, 2][5]
  c = { key = 1 }.kye
  d = upper([1])
  e = "v: ${[1]}, ${role.r}"
  f = local.a + 1
  g = [for x in 5 : x]
  h = { for x in [1, 1] : x => x }
  i = "x" ? 1 : 2
  j = 1 / 0
  k = toset(["a"])[0]
  l = max([1, "b"]...)
  m = max(5...)
  n = 18446744073709551615
  o = role.r[0]
  p = null.a
  q = replace("a", "/(/", "")
  r = format("%d", "x")
  s = substring("a")
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    4:12 operand has the wrong type | "x": "x" is not a number
    5:14 no such element | 5: the list has elements 0 to 1
    6:19 no such key | kye: the map does not have this key | help: did you mean `key`?
    7:13 function call fails | [1]: this is a list; a string is needed | upper: in this call
    8:13 value cannot be part of a text | [1]: this is a list | help: `join(", ", …)` makes a text of it, `jsonencode(…)` its JSON
    8:21 value cannot be part of a text | role.r: this is the role itself | help: its name is `role.r.name`
    10:17 cannot go through a single value | 5: this is a number
    11:27 duplicate key in a for expression | x: two elements have the key 1 | help: `=> value...` collects the values of equal keys in lists
    12:7 condition is not a bool | "x": this is a string, not true or false
    13:7 arithmetic has no result | 1 / 0: division by zero
    14:20 value has no elements | 0: a set has no order, so it has no element of this number | help: `tolist(…)` makes a list of it
    15:11 function call fails | [1, "b"]: this is a string; a number is needed | max: in this call
    16:11 cannot spread a single value | 5: this is a number; `...` spreads a list
    17:7 number is too large | 18446744073709551615: not exact as a number | help: write it as a text, in double quotes
    18:14 unknown attribute of a resource | 0: a role has no such attribute to refer to | help: it has `name`
    19:12 value has no attributes | a: null has no attributes
    20:20 function call fails | "/(/": no regular expression: unclosed group | replace: in this call
    21:20 function call fails | "x": this is a string; a number is needed | format: in this call
    22:7 unknown function | substring: no function has this name | help: did you mean `tostring`?
    "#);
}

#[test]
fn cycles_are_shown_whole() {
    let text = r#"
role "x" { comment = role.y.name }
role "y" {
  comment = local.z
}
locals {
  z = "${role.x.name}"
}
"#;
    insta::assert_snapshot!(told(text), @r#"
    error: dependency cycle
     --> main.hcl:7:10
      |
    2 | role "x" { comment = role.y.name }
      |                      ----------- `role.x` needs `role.y`
    3 | role "y" {
    4 |   comment = local.z
      |             ------- `role.y` needs `local.z`
    ...
    7 |   z = "${role.x.name}"
      |          ^^^^^^^^^^^ `local.z` needs `role.x`
      |
      = note: None of these can come first: local.z → role.x → role.y → local.z.
      = help: remove one of these references
    "#);
}

#[test]
fn cycles_hide_nothing_else() {
    let text = r#"
locals {
  a = local.b
  b = local.a
  c = local.c
}
database "d" {
  depends_on = [database.e]
}
database "e" {
  depends_on = [database.d]
}
user "u" {
  comment = local.a
  limit   = "x"
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    3:7 dependency cycle | local.b: `local.a` needs `local.b` | local.a: `local.b` needs `local.a` | help: remove one of these references
    5:7 dependency cycle | local.c: `local.c` needs itself | help: remove one of these references
    8:17 dependency cycle | database.e: `database.d` needs `database.e` | database.d: `database.e` needs `database.d` | help: remove one of these references
    15:13 value has the wrong type | "x": this is a string; a number is needed
    "#);
}

#[test]
fn labels_and_blocks_are_checked() {
    let text = r#"
role {}
role "a b" {}
role "a" "b" {}
charter "x" {}
charter {}
locals "x" {}
moved {}
import { x = 1 }
resource "role" "x" {}
loose = 1
role "dup" {}
role "dup" {}
variable "v" { default = 1 }
variable "v" { default = 2 }
locals { v = 1 }
locals { v = 2 }
locals {
  inner {}
}
user "u" {
  roles = [role.a]
  credentials {}
  credentials {}
}
role "g" {
  grant "x" {}
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    2:1 block has no label | role: a name is missing | help: write `role "name" { … }`
    3:6 label is not a name | "a b": not a name | help: a name is a letter or _, then letters, digits, _ and -
    4:10 block has too many labels | "b": one label is the most | help: write `role "a" { … }`
    5:9 block has too many labels | "x": this block has no label | help: write `charter { … }`
    6:1 more than one `charter` block | charter: a second one | charter "x": the first one | help: put the attributes of both into one block
    7:8 block has too many labels | "x": this block has no label | help: write `locals { … }`
    8:1 `moved` blocks are not supported by this version | moved: not supported | help: remove the block
    9:1 `import` blocks are not supported by this version | import: not supported | help: remove the block
    10:1 unknown block | resource: no block of this type exists | help: the kind is the block's type: `role "analyst" { … }`
    11:1 attribute outside of a block | loose: this belongs into a block | help: values with a name are declared in a `locals` block
    13:1 duplicate address | role "dup": declared a second time | role "dup": first declared here | help: rename or remove one of them
    15:1 duplicate variable | variable "v": declared a second time | variable "v": first declared here | help: rename or remove one of them
    17:10 duplicate local | v: declared a second time | v: first declared here | help: rename or remove one of them
    19:3 block inside of locals | inner: only attributes stand here | help: a map is written `name = { … }`
    24:3 nested block is repeated | credentials: a second one | credentials: the first one | help: `credentials` stands here once at most
    27:3 missing attribute | grant "x": `privileges` is required | help: add `privileges = …`
    27:3 missing attribute | grant "x": `on` is required | help: add `on = …`
    27:9 block has too many labels | "x": this block has no label
    "#);
}

#[test]
fn for_each_needs_a_map_or_set_of_plain_strings() {
    let text = r#"
variable "hidden" {
  sensitive = true
  default   = "x"
}
role "a" { for_each = ["a"] }
role "b" { for_each = toset([1]) }
role "c" { for_each = null }
role "d" { for_each = toset([var.hidden]) }
role "e" { for_each = { (var.hidden) = 1 } }
role "f" { for_each = toset([""]) }
role "g" { for_each = each.key }
role "h" { for_each = local.nope }
role "ok" { for_each = toset(["x"]) }
user "u" {
  name = role.ok.name
}
user "v" {
  name = role.ok["y"].name
}
user "w" {
  name = role.single["y"].name
}
role "single" {}
role "fails" {
  for_each = toset(["a", "b", "c"])
  name     = each.key + 1
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    6:23 for_each is not a map or set | ["a"]: this is a list | help: toset(…) makes a set of strings of it
    7:23 for_each is not a set of strings | toset([1]): an element is a number | help: other values go into a map, under a key each
    8:23 for_each is not a map or set | null: this is null | help: give it a map, or a set of strings
    9:23 sensitive value in for_each | toset([var.hidden]): this is sensitive | help: use keys that are not sensitive
    10:23 sensitive value in for_each | { (var.hidden) = 1 }: this is sensitive | help: use keys that are not sensitive
    11:23 key of for_each cannot be part of an address | toset([""]): "" is a key of `role.f` | help: a key is a text of 1 to 200 characters without control characters
    12:23 each outside of a block with for_each | each.key: nothing is repeated here | help: `each` is known in blocks that have a `for_each` argument
    13:29 unknown local | nope: no local has this name
    16:18 reference to a block with for_each | name: an instance has to be chosen first | help: write `role.ok["key"]`
    19:18 no such instance | "y": for_each of this role has no such key
    22:22 reference to an instance | "y"]: the block has no for_each, so it has no instances | help: write `role.single`
    27:14 operand has the wrong type | each.key: "a" is not a number
    "#);
}

#[test]
fn meta_arguments_are_checked() {
    let text = r#"
database "a" {}
database "b" {
  depends_on = [database.a.name, "x", database.c]
  lifecycle {
    ignore_changes  = [coment, "name"]
    prevent_destroy = true
    inner {}
  }
}
database "d" {
  depends_on = database.a
  lifecycle {
    ignore_change = []
  }
  lifecycle {}
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    4:17 depends_on takes references to resources | database.a.name: not a resource | help: write it without an attribute: depends_on = [role.analyst]
    4:34 depends_on takes references to resources | "x": not a resource | help: write it without an attribute: depends_on = [role.analyst]
    4:48 unknown resource | c: no `database` block has this label | help: declare it: database "c" {}
    6:24 unknown attribute in ignore_changes | coment: `database` has no such attribute | help: did you mean `comment`?
    7:5 unknown lifecycle argument | prevent_destroy: lifecycle has no such argument | help: it has `ignore_changes`
    8:5 unknown nested block | inner: lifecycle has no blocks
    12:16 argument is not a list | database.a: a list in brackets is needed | help: write depends_on = [ … ]
    14:5 unknown lifecycle argument | ignore_change: lifecycle has no such argument | help: did you mean `ignore_changes`?
    16:3 nested block is repeated | lifecycle: a second one | lifecycle: the first one | help: `lifecycle` stands here once at most
    "#);
}

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
    17:15 namespace is not a DNS-1123 label | "A": it begins with 'A', not with a small letter or a digit
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
        vars: vec![
            var("a", "hunter2"),
            var("b", "[\"hunter2\"]"),
            var("c", "hunter2"),
            var("s", "hunter2"),
        ],
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
fn one_object_is_declared_once() {
    let text = r#"
database "a" { name = "same" }
database "b" { name = "same" }
database "c" {
  for_each = toset(["x", "y"])
  name     = "other"
}
tenant "acme" {}
role "r" { name = "role_acme" }
"#;
    insta::assert_snapshot!(brief(text), @r#"
    2:1 one object is declared twice | database "a": declared by `database.a` | database "b": declared by `database.b` | help: remove one of them, or give it another name
    4:1 one object is declared twice | database "c": declared by `database.c["x"]` and `database.c["y"]` | help: remove one of them, or give it another name
    9:1 one object is declared twice | role "r": declared by `role.r` | tenant "acme": declared by `tenant.acme.role` | help: remove one of them, or give it another name
    "#);
}

#[test]
fn what_does_not_parse_is_still_known_by_name() {
    let text = r#"
role "broken" {
  comment = = 1
}
user "u" {
  roles = [role.broken]
  limit = "x"
}
locals {
  a 1
}
database "d" {
  comment = local.a
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    3:13 syntax error | =: a value, a name or a function call is needed here
    7:11 value has the wrong type | "x": this is a string; a number is needed
    10:5 syntax error | 1: `name = value` or a block `name { … }` is needed here
    "#);
}

#[test]
fn files_that_cannot_be_read_are_told() {
    use super::toys::{Memory, kinds};
    let bytes = b"role \"a\" {\n  comment = \"\xff\"\n}\n".to_vec();
    let other = b"user \"u\" {\n  roles = [role.a]\n}\n".to_vec();
    let files = Memory([("a.hcl".to_owned(), bytes), ("b.hcl".to_owned(), other)].into());
    let compiled = crate::config::compile(&files, &Input::default(), &kinds());
    insta::assert_snapshot!(problems(&compiled), @r"
    error: file is not UTF-8
     |
     = note: a.hcl, line 2, byte 24 of the file.
     = help: save it as UTF-8
    ");
    let empty = crate::config::compile(&Memory::default(), &Input::default(), &kinds());
    insta::assert_snapshot!(problems(&empty), @r"
    error: no configuration
     |
     = note: There is no such folder.
     = help: `-C DIR` chooses a folder
    ");
}

#[test]
fn problems_of_kinds_do_not_cascade() {
    let text = r#"
role "a" { name = "forbidden" }
user "u" {
  comment = role.a.name
  roles   = [role.a]
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    2:19 name is forbidden | "forbidden": not this one
    "#);
}

#[test]
fn common_syntax_mistakes_are_explained() {
    let texts = [
        "role \"a\" { name = \"x\", comment = \"y\" }\n",
        "role \"a\" {\n  name = 'x'\n}\n",
        "role \"a\" {\n  name = \"x\n}\n",
        "role \"a\" {\n  name = \"x\",\n}\n",
        "role \"a\" {\n  grant = [1 2]\n}\n",
        "role \"a\" {\n  name = upper(\"x\"\n}\n",
        "role \"a\" {\n  name = \"${var.x\"\n}\n",
        "role \"a\" {\n  name =\n}\n",
        "role \"a\" {\n  name = 1\n  name = 2\n}\n",
        "role \"a\" {\n  name = <<E\n  text\n}\n",
        "role \"a\n",
        "role a.b {}\n",
        "role \"a\" {}}\n",
        "role \"a\" {",
    ];
    let told: Vec<String> = texts.iter().map(|text| brief(text)).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    1:22 syntax error | ,: invalid block body; expected `}`, newline or identifier | help: a block on one line holds one attribute at most: give each its own line
    2:10 syntax error | ': a value, a name or a function call is needed here | help: texts stand in double quotes
    2:3 syntax error | n: invalid block body; expected `}`, newline or identifier | help: a double quote of this line is not closed
    2:13 syntax error | ,: expected newline or eof | help: attributes of a block have no comma after them
    2:14 syntax error | 2: expected `]`
    3:1 syntax error | }: expected `)` or expression
    2:18 syntax error | ": expected `}`
    2:8 syntax error | =: a value, a name or a function call is needed here
    3:3 syntax error | n: this attribute is set a second time
    3:3 syntax error | t: expected heredoc end delimiter
    1:6 syntax error | ": expected `{` | help: a double quote of this line is not closed
    1:7 syntax error | .: expected `{`
    1:12 syntax error | }: expected newline or eof
    1:1 block is not closed | role "a" {: this block has no end | {: it would have to be closed after this | help: add the `}` that is missing
    "#);
}

#[test]
fn everything_wrong_in_a_block_is_told_at_once() {
    let text = r#"
user "u" {
  for_each = local.nothing
  limit    = "x"
  hosts    = [each.key, [], null]
}
"#;
    insta::assert_snapshot!(brief(text), @r#"
    3:20 unknown local | nothing: no local has this name
    4:14 value has the wrong type | "x": this is a string; a number is needed
    "#);
}
