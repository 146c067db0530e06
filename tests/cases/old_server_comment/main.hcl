# The comment of a database changed, and the server is too old to change it.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

database "reporting" {
  comment = "shared aggregates"
}
