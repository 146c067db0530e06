# A run was killed after a column was added and before that was recorded; the definition says so.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
