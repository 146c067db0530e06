# What the server does not tell of a database is unknown, and never zero.
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
