# What changes rows: mutations, copies, defaults and values that are others each time.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
