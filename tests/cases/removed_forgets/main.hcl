# A tenant is forgotten: charter drops its records and leaves everything else alone.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

database "reporting" {}

removed {
  from = tenant.acme

  lifecycle {
    destroy = false
  }
}
