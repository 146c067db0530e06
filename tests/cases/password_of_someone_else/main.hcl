# A controller writes the Secret: what is due is left to it.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  credentials {
    rotate_after = "90d"
  }
}
