//! Configurations with problems, and what is told of them.

use super::toys::{problems, run, told};
use crate::config::Input;

#[test]
fn unknown_names_are_told_with_the_nearest() {
    insta::assert_snapshot!(told(r#"
rol "a" {}
role "b" {
  coment = "x"
  grnt {}
}
user "c" {
  name  = uper(var.nme)
  roles = [role.d, role.b.nme, rle.b]
}
variable "name" { default = "" }
"#), @"");
}

#[test]
fn types_are_checked_at_the_element() {
    insta::assert_snapshot!(told(r#"
database "d" {}
role "r" {}
user "u" {
  limit  = "many"
  locked = 1
  hosts  = ["a", ["b"]]
  roles  = [role.r, database.d]
  name   = role.r
}
"#), @"");
}

#[test]
fn problems_inside_of_expressions_are_told_at_their_place() {
    insta::assert_snapshot!(told(r#"
locals {
  a = 10 + "x"
  b = [1, 2][5]
  c = { key = 1 }.kye
  d = upper([1])
  e = "v: ${[1]}"
  f = local.a + 1
}
"#), @"");
}

#[test]
fn cycles_are_shown_whole() {
    insta::assert_snapshot!(told(r#"
locals {
  a = local.b
  b = local.a
}
role "x" { comment = role.y.name }
role "y" {
  comment = local.z
}
locals {
  z = "${role.x.name}"
}
user "u" {
  roles = [role.x]
  limit = "this is not told, for nothing cascades"
}
"#), @"");
}
