# Three tenants: two have the privileges of the convention, which one finding tells of; one is confined.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

tenant "globex" {}

tenant "initech" {
  privileges = charter.presets.confined
}
