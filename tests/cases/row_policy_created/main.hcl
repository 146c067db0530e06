# Row policies for some: the warning says what nobody has said of the others.
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
  using    = "tenant_id = 1 and not deleted"
  to       = [role.analyst]
}

row_policy "recent" {
  database    = database.shared.name
  table       = "events"
  using       = "at > now() - INTERVAL 1 DAY"
  restrictive = true
  to          = [role.analyst]
}

role "analyst" {}
