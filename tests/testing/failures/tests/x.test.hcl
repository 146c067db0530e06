run "wrong" {
  variables {
    count = 7
  }

  expected = "x.txt"
  sql      = false

  assert {
    condition     = plan.summary.create == var.count && plan.steps["role.analyst"].action == "update"
    error_message = "Not so many."
  }

  assert {
    condition     = var.token == "" || plan.steps["role.analist"].action == "create"
    error_message = "The token is ${var.token}."
  }
}

run "holds" {
  expect_failures = [check.few, role.analyst, var.cuont, "CH201"]
}

run "not_looked_for" {
  variables {
    count = 0
  }

  expect_failures = [var.count, "CH201", check.few]
}
