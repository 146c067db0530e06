# Tables that are defined in a way that cannot be mended later: keys, types, partitions, engines.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
