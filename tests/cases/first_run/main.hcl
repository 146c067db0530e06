# A tenant on a server that has nothing yet, not even database ops.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
