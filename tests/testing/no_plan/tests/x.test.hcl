run "no_document" {
  observed = "none.json"
}

run "bad_document" {
  observed = "bad.json"
}

run "bad_variable" {
  variables {
    count = "many"
  }
}

run "no_plan" {
  variables {
    count = 0
  }

  expected        = "x.txt"
  expect_failures = [var.count]
}

run "refused" {
  observed = "foreign.json"
}
