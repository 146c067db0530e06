# Drops that the server does later, and statements that are told not to wait.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
