# Nobody recorded the tenant, and its user has settings: it keeps them, since no block says anything of settings.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
