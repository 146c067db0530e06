//! Names, types, expressions, cycles and syntax: what is told of mistakes in them.

use super::toys::{brief, told};

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
    2:10 text is not closed | "x: no double quote ends it on its line | help: end it with a double quote; a text of several lines is a heredoc: <<EOT … EOT
    2:13 syntax error | ,: expected newline or eof | help: attributes of a block have no comma after them
    2:14 syntax error | 2: expected `]`
    3:1 syntax error | }: expected `)` or expression
    2:18 syntax error | ": expected `}`
    2:8 syntax error | =: a value, a name or a function call is needed here
    3:3 syntax error | n: this attribute is set a second time
    2:10 heredoc is not closed | <<E: it has no end | help: it ends with a line that holds E and nothing else
    1:6 text is not closed | "a: no double quote ends it on its line | help: end it with a double quote; a text of several lines is a heredoc: <<EOT … EOT
    1:7 syntax error | .: expected `{`
    1:12 syntax error | }: expected newline or eof
    1:1 block is not closed | role "a" {: this block has no end | {: it would have to be closed after this | help: add the `}` that is missing
    "#);
}
