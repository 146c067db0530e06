charter {
  required_version = ">= 99.0"
}

role "analyst" {
  grant {
    privileges = "SELECT"
    on         = "reporting.*"
  }
}

user "bi" {
  roles    = [role.analyst, role.missing]
  password = "secret"
}

database "reporting" {
  comment = lenght("x")
}
