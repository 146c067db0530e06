kubernetes {
  manifests = "out/manifests"
}

migrations "global" {
  path = "migrations/global"
}

tenant "acme" {
  migrations = ["migrations/shared/events"]
}
