# One schema for four tenants: a canary, then one at a time; one is not asked for.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

rollout {
  canary       = ["initech"]
  batch        = 1
  max_failures = 1
}

tenant "all" {
  for_each   = toset(["acme", "globex", "hooli", "initech"])
  slug       = each.key
  migrations = ["migrations/shared/events"]
}
