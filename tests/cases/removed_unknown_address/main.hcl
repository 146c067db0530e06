# Nothing was ever recorded at the address of a removed block: a slip is told with the nearest one.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

removed {
  from = role.analist
}
