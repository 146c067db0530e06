# One policy gets another condition, one is for somebody else, one goes away; who reads more by that stands at the top.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

database "shared" {}

row_policy "own" {
  database = database.shared.name
  table    = "events"
  using    = "1"
  to       = [role.analyst]
}

row_policy "recent" {
  database = database.shared.name
  table    = "events"
  using    = "1"
  to       = [role.analyst]
}

role "analyst" {}
