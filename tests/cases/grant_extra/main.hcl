# Someone granted by hand: a table of another tenant, a whole database, another role.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
