# Today's runner applied a file that was edited since.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
