# Checks of the configuration's own: one holds, of another two conditions of three are false; nothing is held up.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

variable "environment" {
  default = "production"
}

variable "token" {
  default   = "hunter5"
  sensitive = true
}

locals {
  most = 1
}

role "analyst" {
  for_each = toset(["a", "b"])
  name     = each.key

  grant {
    privileges = ["SELECT"]
    on         = "reporting.*"
  }

  lifecycle {
    precondition {
      condition     = length(each.key) < 10
      error_message = "The name ${each.key} is too long."
    }
  }
}

check "size" {
  assert {
    condition     = length(role.analyst) <= local.most
    error_message = "There are ${length(role.analyst)} analysts; the ${var.environment} server has room for ${local.most}."
  }

  assert {
    condition     = length(var.token) > 20 || var.environment == "development"
    error_message = "Tokens are long."
  }

  assert {
    condition     = alltrue([for name, role in role.analyst : length(role.grant) == 1])
    error_message = "An analyst has one grant."
  }
}

check "names" {
  assert {
    condition     = role.analyst["a"].name == "a"
    error_message = "A role has its own name."
  }
}
