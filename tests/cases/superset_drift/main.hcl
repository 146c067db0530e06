# Someone changed the connection's name with kubectl; the operator says that it is not ready.
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
