# One schema for several tenants: the folders that a tenant takes are listed, and placeholders stand for its names.
#
# The files of each folder are recorded for each tenant, so a tenant that comes later gets all of them.

charter {
  scope       = "demo"
  environment = "development"
}

clickhouse {
  url      = env("CLICKHOUSE_URL")
  user     = env("CLICKHOUSE_USER", "default")
  password = env("CLICKHOUSE_PASSWORD", "")
}

kubernetes {
  manifests = "out/manifests"
}

locals {
  events = "migrations/shared/events"
}

# The shared schema, then its own.
tenant "demo_acme" {
  migrations = [local.events, "migrations/development/tenants/demo_acme/schema"]
}

# The shared schema only.
tenant "demo_globex" {
  migrations = [local.events]
}
