# The Secret lost one key, and another one holds the wrong name.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
