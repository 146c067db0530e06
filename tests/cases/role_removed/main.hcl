# A stand-alone role is no longer declared: it goes, with its grants.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
