# A managed table was dropped by hand: nothing makes it again, empty.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
