# A change by hand and declared changes in one plan, also in one resource: INSERT was granted by hand,
# SELECT(id, day) is newly declared. One role changed in the file alone, one on the server alone.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {
  grant {
    privileges = ["SELECT(day, id)"]
    on         = "reporting.daily"
  }
}

role "batch" {
  settings = { max_threads = 8 }
}

role "nightly" {
  settings = { max_threads = 4 }
}
