//! Blocks and their meta-arguments: what is told of mistakes in them.

use super::toys::brief;

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
    8:1 missing attribute `from` | moved: an address is missing | help: write moved { from = role.old … to = role.new }, a line each
    8:1 missing attribute `to` | moved: an address is missing | help: write moved { from = role.old … to = role.new }, a line each
    9:1 missing attribute `to` | import: an address is missing | help: write import { to = role.analyst }
    9:10 unknown attribute | x: `import` has no such attribute | help: it has `to`
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
    8:5 unknown nested block | inner: lifecycle has no such block | help: it has `ignore_changes`, `prevent_destroy` and `precondition` blocks
    12:16 argument is not a list | database.a: a list in brackets is needed | help: write depends_on = [ … ]
    14:5 unknown lifecycle argument | ignore_change: lifecycle has no such argument | help: did you mean `ignore_changes`?
    16:3 nested block is repeated | lifecycle: a second one | lifecycle: the first one | help: `lifecycle` stands here once at most
    "#);
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
