role "analyst" {}

import {
  to = role.analyst
  id = "analyst"
}

import {
  for_each = toset(["a"])
}
