role "analyst" {}

role "many" {
  for_each = toset(["a", "b"])
  name     = each.key
}

import {
  to = role.analyst
  id = "analyst"
}

import {
  to = role.analyst.grants
}

import {
  to = role.analist
}

import {
  to = "role.analyst"
}

import "x" {
  too = role.many["a"]
}

import {
  for_each = toset(["a"])
  to       = role.many["c"]
}

import {
  to = role.many
}
