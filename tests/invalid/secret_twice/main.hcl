kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

secret "mine" {
  name = "superset-tenant-acme-clickhouse-credentials"
  data = { host = "clickhouse" }
}
