# Grants in the words of the server, or in fewer; what no declaration says is left alone.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}
