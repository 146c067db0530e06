# Conditions of one's own: what must hold of a variable, of a resource and of the whole, and tests of what is planned.
# `charter validate` and `charter test` need no server.

charter {
  scope       = "demo"
  environment = var.environment
}

variable "environment" {
  description = "Where the tenants live."
  default     = "development"

  validation {
    condition     = contains(["development", "production"], var.environment)
    error_message = "environment is development or production."
  }
}

variable "tenants" {
  description = "The tenants, and how many rows each may read at once."
  type        = map(number)
  default     = { demo_acme = 1000000 }
}

locals {
  room = var.environment == "production" ? 100 : 2
}

clickhouse {
  url      = env("CLICKHOUSE_URL", "http://127.0.0.1:8123")
  password = env("CLICKHOUSE_PASSWORD", "")
}

kubernetes {
  manifests = "out/manifests"
}

tenant "listed" {
  for_each = var.tenants
  slug     = each.key

  lifecycle {
    precondition {
      condition     = !startswith(each.key, "test_") || var.environment == "development"
      error_message = "${each.key} is a tenant for tests: it has no place in ${var.environment}."
    }
  }
}

role "auditor" {
  name = "demo_auditor"

  grant {
    privileges = ["SELECT"]
    on         = "system.query_log"
  }
}

check "room" {
  assert {
    condition     = length(tenant.listed) <= local.room
    error_message = "The ${var.environment} server has room for ${local.room} tenants."
  }
}

check "auditor" {
  assert {
    condition     = alltrue([for grant in role.auditor.grant : grant.privileges == ["SELECT"]])
    error_message = "Auditors read, and nothing else."
  }
}
