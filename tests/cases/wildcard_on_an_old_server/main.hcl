# Wildcards came with ClickHouse 24.10.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "reporting_*.*"
  }
}
