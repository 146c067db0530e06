role "analyst" {}

import {
  to = "role.analyst"
}

import "x" {
  too = role.analyst
}
