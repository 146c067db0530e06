settings_profile "reporting" {
  settings = { "max memory" = 1, join_algorithm = ["hash"], max_threads = 4 }
  setting {
    name  = "max_threads"
    value = 8
  }
  setting {
    name = "log_comment"
  }
  to            = [role.analyst]
  to_all_except = []
}

role "analyst" {}
