# Three tenants, of which two are to go, and a role that is protected.

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

tenant "demo_acme" {}

tenant "demo_globex" {}

tenant "demo_initech" {}

role "demo_audit" {
  lifecycle {
    prevent_destroy = true
  }
}
