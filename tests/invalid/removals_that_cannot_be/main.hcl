role "analyst" {}

moved {
  from = role.reader
  to   = role.analyst
}

removed {
  from = role.analyst
}

removed {
  from = role.reader
}

removed {
  from = user.gone
}

removed {
  from = user.gone
}
