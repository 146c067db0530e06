# A tenant is removed without a word about its data: its access goes, the database stays.
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
