database "reporting" {}

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "${database.reporting}.*"
  }
}
