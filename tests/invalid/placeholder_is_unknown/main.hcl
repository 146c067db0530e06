kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
