role "two" {
  lifecycle {
    postcondition {
      condition     = true
      error_message = "Not known."
    }

    precondition {
      condition     = self.name == "two" && database.x.nme != ""
      error_message = "Known."
    }

    precondition {
      condition     = each.key == "two"
      error_message = "Not repeated."
    }
  }
}

database "x" {}
