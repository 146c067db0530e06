# A removal ended half-way and its block is gone: what is left is kept, and told as such.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

database "reporting" {}
