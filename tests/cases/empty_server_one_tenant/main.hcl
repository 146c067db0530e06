# A tenant on a server that has charter's own tables and nothing else.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
