# A user that is adopted keeps what only a convention asks for; what is declared is compared.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

user "bi" {
  authentication {
    method = "ldap"
    server = "corp"
  }
}
