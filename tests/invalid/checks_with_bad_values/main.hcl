check "values" {
  assert {
    condition     = length(role.analyst.name)
    error_message = "A condition is true or false."
  }

  assert {
    condition = upper(role.analyst) == "X"
    message   = "No such attribute."
  }
}

role "analyst" {}
