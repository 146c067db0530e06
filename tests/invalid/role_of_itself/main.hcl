role "analyst" {
  roles = [role.analyst]
}

role "first" {
  roles = [role.second]
}

role "second" {
  roles = [role.first]
}
