kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

tenant "globex" {}
