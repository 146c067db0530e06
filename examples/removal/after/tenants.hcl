# What the configuration in `before` becomes: globex goes with its data, initech loses its access and keeps its
# database, the role is forgotten and stays as it is. The blocks can be deleted once every environment was applied.
#
#     charter plan
#     charter apply --allow-data-loss

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

removed {
  from      = tenant.demo_globex
  data_loss = "allow"
}

removed {
  from = tenant.demo_initech
}

removed {
  from = role.demo_audit

  lifecycle {
    destroy = false
  }
}
