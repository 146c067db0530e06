# The mutation of a statement that was run was killed: a person decides.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
