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

role "analyst" {}
