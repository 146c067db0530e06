# Everything of the tenant is there as today's runner makes it, and nobody recorded it.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
