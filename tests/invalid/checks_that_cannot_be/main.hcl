check {}

check "empty" {}

check "names" {
  assert {
    condition     = role.analyst.nam == "x"
    error_message = "A name."
  }

  asert {
    condition     = true
    error_message = "Misspelt."
  }
}

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
