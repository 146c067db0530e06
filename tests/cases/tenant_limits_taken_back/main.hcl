# The limits block is gone and the tenant stays: the profile goes, though all else of a tenant would be kept.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
