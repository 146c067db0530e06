# The views of a definer go with their database, before the user: nothing is in the way.
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
