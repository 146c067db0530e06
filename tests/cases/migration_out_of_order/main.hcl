# A file comes before one that is applied already, and the file of an applied one is missing.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
