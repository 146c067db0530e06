# Someone put another password into the Secret: ClickHouse is made to accept it.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
