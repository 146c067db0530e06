# Somebody granted more by hand, and took something away; the configuration is as it was applied.
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
