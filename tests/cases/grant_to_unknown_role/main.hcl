# Roles and grantees by names that nobody has.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {
  roles = ["reporter", "anlyst"]
}

grant "more" {
  to         = "analist"
  privileges = ["SELECT"]
  on         = "reporting.*"
}
