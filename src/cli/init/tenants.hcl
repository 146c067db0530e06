# What exists in ClickHouse and in Kubernetes. `charter plan` shows what would change.

charter {
  scope       = "platform"    # the owner that is recorded on the servers
  environment = "development" # the first folder below migrations/
}

clickhouse {
  url      = env("CLICKHOUSE_URL", "http://127.0.0.1:8123")
  user     = env("CLICKHOUSE_USER", "default")
  password = env("CLICKHOUSE_PASSWORD", "")
}

# Secrets with the tenants' logins are written into a folder. For a cluster instead:
#   context = "production" # of your kubeconfig
kubernetes {
  manifests = "out/manifests"
  namespace = "operations"
}

# A database, a role with its grants, a user, its Secret, and the migrations of
# migrations/development/tenants/acme/schema, by convention.
tenant "acme" {
  privileges = charter.presets.confined
}
