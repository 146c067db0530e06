# Nothing declares the policies any more, nor their role: they go before it.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

database "shared" {}
