# What takes data away: a table that is replaced, partitions, a column; one drop allowed, with the reason.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
