# The Superset was made by hand, as it is declared.
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
