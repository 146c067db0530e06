# INSERT and one kind of DROP were revoked by hand, and the role from the user.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
