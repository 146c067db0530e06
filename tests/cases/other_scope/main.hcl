# Two databases of the declared names belong to other scopes, one of which has a hostile name.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

database "reporting" {}

database "lake" {}
