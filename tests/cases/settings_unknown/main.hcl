# A misspelt setting is an error, a name of one's own a warning; a profile of users.xml and a condition that does not parse are errors.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

settings_profile "mine" {
  settings = { max_thread = 4, SQL_tenant = "x" }
}

settings_profile "default" {
  settings = { max_threads = 4 }
}

row_policy "p" {
  database      = "shared"
  using         = "tenant_id tenant_id 1"
  to_all_except = []
}
