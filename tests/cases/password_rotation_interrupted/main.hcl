# A rotation that was killed after it began: it is done again.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  credentials {
    length = 32
  }
}
