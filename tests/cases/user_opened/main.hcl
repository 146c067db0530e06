# A user that may log in from everywhere now, without a password and without end.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "reports" {}

user "bi" {
  roles = [role.reports]
  hosts = ["::/0"]

  authentication {
    method = "no_password"
  }
}
