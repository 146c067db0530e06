user "bi" {
  authentication {
    method = "unmanaged"
  }
  authentication {
    method = "ldap"
    server = "corp"
  }
}

user "job" {
  authentication {
    method = "unmanaged"
    server = "corp"
  }
}
