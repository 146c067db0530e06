# A tenant gets a Superset.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  superset {
    connection_name = "ClickHouse"
    client_version  = "0.8.18"
  }
}
