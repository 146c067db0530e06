role "analyst" {}

role "many" {
  for_each = toset(["a", "b"])
  name     = each.key
}

import {
  to = role.analyst
}

import {
  to = role.analyst.grants
}

import {
  to = role.analist
}

import {
  to = role.many["c"]
}
