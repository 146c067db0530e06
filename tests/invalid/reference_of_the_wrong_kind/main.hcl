database "reporting" {}

user "bi" {
  roles = [database.reporting]
}
