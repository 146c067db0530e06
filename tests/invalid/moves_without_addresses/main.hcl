role "reader" {}

moved {
  from = "role.old"
  too  = role.reader
}
