# Only the access of one of two new tenants is asked for.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

tenant "globex" {}
