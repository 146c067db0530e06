role "analyst" {}
role "reader" {}

moved {
  from = role.reader
  to   = role.analyst
}

moved {
  from = user.old
  to   = role.analyst
}

moved {
  from = role.gone
  to   = role.analysts
}

moved {
  from = role.one
  to   = role.two
}

moved {
  from = role.two
  to   = role.one
}
