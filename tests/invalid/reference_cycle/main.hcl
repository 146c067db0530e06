database "first" {
  comment = "see ${database.second.name}"
}

database "second" {
  comment = "see ${database.first.name}"
}
