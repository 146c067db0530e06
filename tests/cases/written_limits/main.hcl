# Profiles, quotas and row policies, for roles that are declared, written or neither.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {}
