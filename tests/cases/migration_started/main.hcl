# A run ended while the second statement was on its way, and nobody knows whether it did its work.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
