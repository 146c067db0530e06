role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "reporting.*"
}

user "bi" {
  roles = [role.analyst]
}
