# What breaks those who read: types and names that change, views that take what is there.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
