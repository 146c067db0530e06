# A tenant was removed without its data: the database is still there, and the plan goes on saying so.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

database "reporting" {}

removed {
  from = tenant.acme
}
