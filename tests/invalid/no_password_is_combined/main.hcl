user "open" {
  authentication {
    method = "no_password"
  }
  authentication {
    method = "ldap"
    server = "corp"
  }
}
