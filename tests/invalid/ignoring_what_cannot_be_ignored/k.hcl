kubernetes {
  manifests = "out"
}
