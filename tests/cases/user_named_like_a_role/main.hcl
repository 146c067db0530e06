# A role of the server has the name of a declared user.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

user "bi" {
  grantees = "any"
  authentication {
    method = "no_password"
  }
}
