# A role was dropped by hand, with what it was granted; another one is new.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "reporting.daily"
  }
}

role "fresh" {}
