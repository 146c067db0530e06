# Three blocks may be removed, whatever share of all they are.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

role "d" {}
