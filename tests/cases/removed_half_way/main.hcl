# A removal ended half-way, after the database was dropped: the next apply completes it.
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
