# A new user of a role that is there: what it may do is what the role may do.
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

user "bi" {
  roles = [role.analyst]
  credentials {}
}

secret "bi" {
  credentials = user.bi
}
