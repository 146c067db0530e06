# A tenant's objects keep their names: views and dictionaries may name them.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

moved {
  from = tenant.acme
  to   = tenant.customer
}

tenant "customer" {}
