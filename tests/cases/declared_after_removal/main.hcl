# A tenant that was removed is declared again: everything is made anew.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
