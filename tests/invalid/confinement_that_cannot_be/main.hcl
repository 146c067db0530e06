clickhouse {
  url = "http://127.0.0.1:8123"
}

kubernetes {
  manifests = "out"
}

tenant "acme" {
  confinement = "usr"
  variables   = { "1st" = "x" }
}

tenant "globex" {
  confinement = "container"
}
