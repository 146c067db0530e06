# What the statements of a pending file cost on tables that exist; data is lost by some.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
