# The block has another label, and its objects their old names: only the records change.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "customer" {
  slug = "acme"
}
