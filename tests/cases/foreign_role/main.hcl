# A role of the declared name exists, with other rights, and nobody recorded it.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "reporting.*"
  }
}
