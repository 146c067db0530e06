# A run was killed while the server works on the second statement, and it still does.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
