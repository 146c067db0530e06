# More than three blocks, and more than a tenth: an apply needs a flag.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
