# A role that was protected is kept when its block goes away; one that was not is removed.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
