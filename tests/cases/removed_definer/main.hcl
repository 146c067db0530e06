# A user that is the definer of a view that stays cannot be dropped: told before anything is done.
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
