role "analyst" {}

user "bi" {
  roles = [role.analist]
}
