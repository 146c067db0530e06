# One setting was 4, is 64 by hand, and is declared to be 8.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "batch" {
  settings = { max_threads = 8 }
}
