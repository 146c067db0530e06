charter {
  required_version = ">= 99.0"
  scope            = "Platform Team"
}

role "analyst" {
  grant {
    privileges = "SELECT"
    on         = "reporting.*"
  }
}

user "bi" {
  roles    = [role.analyst, role.missing]
  hosts    = [1, null]
  password = "secret"
}

database "reporting" {
  comment    = lenght("x")
  depends_on = [database.nowhere]
}
