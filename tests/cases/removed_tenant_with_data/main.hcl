# A tenant is removed with its data: what is at stake is told, and an apply needs a flag.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

database "reporting" {}

removed {
  from      = tenant.acme
  data_loss = "allow"
}
