# The record was written by a version that kept no attributes: which side changed is not known.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "batch" {
  settings = { max_threads = 8 }
}
