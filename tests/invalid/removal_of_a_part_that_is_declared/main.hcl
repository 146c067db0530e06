kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

removed {
  from = tenant.acme.user
}

removed {
  from      = database.other
  data_loss = "allow"

  lifecycle {
    destroy = false
  }
}
