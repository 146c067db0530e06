kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  organisation = "acme-corp"
}
