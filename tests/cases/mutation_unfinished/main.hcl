# Somebody else's mutations are not done on tables that a migration changes, and one fails on another table.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
