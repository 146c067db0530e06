# New tenants on an empty server, all alike: shown once, with every statement.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "listed" {
  for_each   = toset(["alpha", "beta_two", "delta", "gamma"])
  slug       = each.key
  privileges = charter.presets.confined
}
