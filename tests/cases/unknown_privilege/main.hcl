# A privilege that this server does not know, and one that cannot be had on a database.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {
  grant {
    privileges = ["SELCT"]
    on         = "reporting.*"
  }
}

role "operator" {
  grant {
    privileges = ["SYSTEM SHUTDOWN"]
    on         = "reporting.*"
  }
}
