# The configuration changed and the server did not: a plan says nothing of drift.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {
  grant {
    privileges = ["SELECT", "INSERT"]
    on         = "reporting.daily"
  }
}

role "batch" {
  settings = { max_threads = 8 }
}
