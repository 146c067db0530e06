# A tenant beside one that is there; it has no migrations yet.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

tenant "globex" {
  organization = "globex-corp"
  privileges   = ["SELECT", "INSERT"]
}
