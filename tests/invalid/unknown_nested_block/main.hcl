role "analyst" {
  grants {
    privileges = ["SELECT"]
    on         = "reporting.*"
  }
}
