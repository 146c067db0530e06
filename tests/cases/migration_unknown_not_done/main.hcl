# A run was killed before the server got the second statement; the definition is what it was.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
