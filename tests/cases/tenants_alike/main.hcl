# The same file runs for many tenants; one of them is behind, another has drifted besides.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  migrations = ["migrations/shared/schema"]
}

tenant "blue" {
  migrations = ["migrations/shared/schema"]
}

tenant "cyan" {
  migrations = ["migrations/shared/schema"]
}

tenant "gold" {
  migrations = ["migrations/shared/schema"]
}

tenant "jade" {
  migrations = ["migrations/shared/schema"]
}

tenant "onyx" {
  migrations = ["migrations/shared/schema"]
}
