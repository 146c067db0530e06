# A role that users hold gets a database that it did not read, a right to write, and a grant option.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {
  grant {
    privileges   = ["SELECT"]
    on           = "reporting.*"
    grant_option = true
  }

  grant {
    privileges = ["INSERT", "TRUNCATE"]
    on         = "reporting.daily"
  }

  grant {
    privileges = ["SELECT", "dictGet"]
    on         = "finance.*"
  }
}
