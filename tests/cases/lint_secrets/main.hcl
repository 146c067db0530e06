# Secrets, access and orders in a migration: the values are not shown. A comment that allows nothing.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
