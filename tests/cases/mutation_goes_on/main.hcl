# The mutation of a statement that was run goes on: the apply waits for it, and goes on.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
