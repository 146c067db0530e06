role "analyst" {
  grant {
    privileges = ["SELECT", "SELCT"]
    on         = "reporting.*"
  }
  grant {
    privileges = []
    on         = "reporting.*"
  }
  grant {
    privileges = ["SELECT"]
    on         = "reporting"
  }
  grant {
    privileges = ["SELECT; DROP DATABASE x"]
    on         = "a.b.c"
  }
}
