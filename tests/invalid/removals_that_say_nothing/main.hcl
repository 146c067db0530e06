removed "label" {
  form = role.analyst
}

removed {
  from = "role.analyst"
}

removed {
  from = rol.analyst
}
