role "analytics" {}

user "bi" {
  name = "analytics"
  authentication {
    method = "kerberos"
  }
}
