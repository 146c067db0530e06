# Users: who logs in how, with what only the server knows, and what it does not tell.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}
