# Tenants with a Superset: the Secret that the operator requires, and the SupersetTenant that it reads.
#
# With a cluster in the place of `manifests`, supersettenant.crd.yaml has to be there (the operator brings its own). The
# operator's condition Ready is what `charter check` tells.

charter {
  scope = "demo"
}

clickhouse {
  url      = env("CLICKHOUSE_URL")
  user     = env("CLICKHOUSE_USER", "default")
  password = env("CLICKHOUSE_PASSWORD", "")
}

kubernetes {
  manifests = "out/manifests"
  namespace = "operations"
}

# The operator's defaults.
tenant "demo_acme" {
  superset {}
}

tenant "demo_globex" {
  organization = "demo-globex-corp"
  superset {
    connection_name = "Orders"
    client_version  = "0.8.18"
  }
}

# The Secret stays, the datasource is switched off.
tenant "demo_initech" {
  superset {
    enabled = false
  }
}
