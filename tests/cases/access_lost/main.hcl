# A role loses a database and what it had of everything, and keeps what a role within it gives.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {
  roles = [role.base]
  grant {
    privileges = ["SELECT"]
    on         = "reporting.*"
  }
}

role "base" {
  grant {
    privileges = ["SELECT"]
    on         = "shared.*"
  }
}
