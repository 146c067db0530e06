user "bi" {
  grantees      = "nobody"
  default_roles = "al"
  authentication {
    method = "kerberos"
  }
}
