# A server on which a user has one password: a rotation cuts clients off.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  credentials {
    length = 32
  }
}
