# A run claimed a database and could not make it; another scope made one of that name.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

database "shared" {}
