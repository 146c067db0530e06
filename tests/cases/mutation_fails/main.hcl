# The mutation of a statement that was run fails: it is never run again unasked.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
