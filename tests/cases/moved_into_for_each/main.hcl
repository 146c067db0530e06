# A role becomes an instance of a for_each, and keeps its name: only its address changes.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

moved {
  from = role.analyst
  to   = role.listed["analyst"]
}

role "listed" {
  for_each = toset(["analyst"])
  name     = each.key
}
