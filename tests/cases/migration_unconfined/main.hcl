# A tenant's file that runs as charter's own user, with a variable.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  confinement = "none"
  variables   = { rows = 3 }
}
