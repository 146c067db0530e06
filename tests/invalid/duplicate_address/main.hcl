role "analyst" {}

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "reporting.*"
  }
}
