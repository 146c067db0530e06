role "granted" {}

role "other" {}

user "bi" {
  roles         = [role.granted]
  default_roles = [role.granted, role.other]
  valid_until   = "next year"
  authentication {
    method = "kerberos"
  }
}
