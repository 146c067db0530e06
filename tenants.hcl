# A working configuration: `make try` runs it against a throw-away ClickHouse.

charter {
  required_version = ">= 0.1"
  scope            = "platform"
  environment      = var.environment
}

variable "environment" {
  type        = string
  default     = "development"
  description = "Which migrations tree and which servers."
  validation {
    condition     = contains(["development", "production"], var.environment)
    error_message = "environment is development or production."
  }
}

variable "kubeconfig" {
  type        = string
  default     = null
  description = "Which cluster; without one, manifests are written into a folder."
}

clickhouse {
  url      = env("CLICKHOUSE_URL", "http://127.0.0.1:8123")
  user     = env("CLICKHOUSE_USER", "default")
  password = env("CLICKHOUSE_PASSWORD", "")
}

kubernetes {
  kubeconfig = var.kubeconfig
  manifests  = var.kubeconfig == null ? "out/manifests" : null
  namespace  = "operations"
}

# Path by default: migrations/<environment>/global.
migrations "global" {}

# A database, a role with the base grants, a user, its migrations and its Secret, by convention.
tenant "acme" {}

tenant "globex" {
  organization = "globex-corp"

  credentials {
    length = 40
  }

  superset {
    connection_name = "ClickHouse"
    client_version  = "0.8.18"
  }
}

# Everyone else on the list.
tenant "listed" {
  for_each = toset([
    for slug in lines(file("migrations/${var.environment}/tenants.txt")) : slug
    if !contains(["acme", "globex"], slug)
  ])
  slug = each.key
}

database "reporting" {
  comment = "shared aggregates"
}

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "${database.reporting.name}.*"
  }

  grant {
    privileges = ["SELECT(id, at)"]
    on         = "${tenant.acme.database}.events"
  }
}

user "bi" {
  roles = [role.analyst]
  hosts = ["127.0.0.0/8", "10.0.0.0/8"]
  credentials {}
}

secret "bi" {
  name        = "bi-clickhouse"
  credentials = user.bi
  data        = { host = "clickhouse.operations", port = "8123" }
}
