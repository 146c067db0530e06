role "analyst" {
  grant {
    privileges = ["SELECT"]
  }
}
