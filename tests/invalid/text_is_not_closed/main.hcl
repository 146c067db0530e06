database "reporting" {
  comment = "shared aggregates
}

role "analyst" {}
