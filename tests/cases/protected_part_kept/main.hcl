# A tenant's limit goes by its line, but not where it was protected.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
